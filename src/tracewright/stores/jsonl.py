"""Keeps traces in one file that only grows, a line of canonical JSON each: to read, copy and diff by any tool.

A deleted trace is no longer found, but its line stays in the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from tracewright.errors import UsageError
from tracewright.records.base import Record, WorkspacePath
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.stores import Page, Query
from tracewright.stores._index.entry import check_id
from tracewright.stores._index.keys import ambiguous, is_beginning, read_cursor, write_cursor
from tracewright.stores._jsonl.index import Index, Tombstone, read_traces
from tracewright.stores._jsonl.lines import append, reading, writing


class Options(Record):
    """`path` is relative to the home."""

    path: WorkspacePath = "traces.jsonl"


def build(options: Options, parts: Parts) -> JsonlStore:
    """Return the store; the file is made by the first append."""
    home = parts.home.resolve()
    path = (home / options.path).resolve()
    if not path.is_relative_to(home):
        raise UsageError(f"wanted a path inside the home, found {options.path!r}, which a link leads out of it")
    return JsonlStore(path, parts.clock)


class JsonlStore:
    """A store over one file; processes that share it take turns. Reading changes nothing on disk."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._index = Index(path)
        self._turn = Lock()

    async def append(self, traces: Sequence[Trace]) -> int:
        """Keep traces durably and return how many were new; all of them or, on StoreError, none.

        A crash may leave the first ones of them; appending the same traces again adds the rest.
        """
        return await asyncio.to_thread(self._append, traces) if traces else 0

    async def get(self, trace_id: str) -> Trace | None:
        """Return one trace by its id or the unique beginning of it; raises UsageError where several begin so."""
        return await asyncio.to_thread(self._get, trace_id) if is_beginning(trace_id) else None

    async def find(self, query: Query) -> Page:
        """Return one page, in insertion order or its reverse; raises UsageError for a cursor that is none."""
        read_cursor(query)
        return await asyncio.to_thread(self._find, query)

    async def count(self, query: Query) -> int:
        """Return how many traces match, whatever the query's limit and cursor."""
        return await asyncio.to_thread(self._count, query)

    async def delete(self, trace_id: str) -> bool:
        """Delete the trace with this whole id by a line that says so; False if it was not there."""
        return await asyncio.to_thread(self._delete, trace_id)

    def _append(self, traces: Sequence[Trace]) -> int:
        for trace in traces:
            check_id(trace)
        lines = {trace.id: trace.to_json() for trace in reversed(traces)}  # of two with one id the first stays
        with self._turn, writing(self._path) as file:
            index = self._read_on(file)
            fresh = [lines[name] for name in dict.fromkeys(trace.id for trace in traces) if not index.knows(name)]
            self._add(file, fresh)
        return len(fresh)

    def _delete(self, trace_id: str) -> bool:
        if not self._path.exists():
            return False
        with self._turn, writing(self._path) as file:
            found = [line for line in self._read_on(file).beginning(trace_id) if line.id == trace_id]
            at = self._clock().astimezone(UTC).isoformat()
            self._add(file, [Tombstone(tombstone=line.id, deleted_at=at).to_json() for line in found])
        return bool(found)

    def _get(self, trace_id: str) -> Trace | None:
        with self._turn, reading(self._path) as file:
            lines = self._read_on(file).beginning(trace_id)
            if len(lines) > 1:
                raise ambiguous(trace_id)
            return next(read_traces(file, lines), None) if file else None

    def _find(self, query: Query) -> Page:
        with self._turn, reading(self._path) as file:
            lines = self._read_on(file).page(query)
            wanted = lines[: query.limit]
            traces = tuple(read_traces(file, wanted)) if file else ()
        more = len(lines) > query.limit
        return Page(traces=traces, cursor=write_cursor(query, wanted[-1].offset) if more else "")

    def _count(self, query: Query) -> int:
        with self._turn, reading(self._path) as file:
            return self._read_on(file).count(query)

    def _read_on(self, file: BinaryIO | None) -> Index:
        """Take in what other processes added; a file that was replaced is read anew."""
        if file is None or not self._index.fits(file):
            self._index = Index(self._path)
        if file is not None:
            self._index.read_on(file)
        return self._index

    def _add(self, file: BinaryIO, lines: Sequence[str]) -> None:
        if not lines:
            return
        append(file, self._path, self._index.end, "".join(f"{line}\n" for line in lines).encode())
        self._index.read_on(file)
