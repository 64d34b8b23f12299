"""Keeps traces in a database: SQLite in the home by default, PostgreSQL by address."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from tracewright.errors import StoreError
from tracewright.records.base import Record
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.stores import Page, Query
from tracewright.stores._index.keys import ambiguous, is_beginning, write_cursor
from tracewright.stores._sql.database import Synchronous, place, postgres_engine, reading, sqlite_engine
from tracewright.stores._sql.failures import told
from tracewright.stores._sql.opening import bring_up
from tracewright.stores._sql.rows import Row, add, beginning, bury, conditions, row_of, selection, trace_of
from tracewright.stores._sql.tables import traces as table
from tracewright.stores._sql.writer import Work, Writer


class Options(Record):
    """`address`: `postgresql://user@host/database`, or nothing for `traces.db` in the home.

    `synchronous`: `full` keeps every committed trace through a loss of power, `normal` may lose the last ones.
    """

    address: str = Field(default="", repr=False)  # may hold a password
    synchronous: Synchronous = "full"


def build(options: Options, parts: Parts) -> SqlStore:
    """Open the store, made or migrated where it has to be; raises StoreError where it cannot be used."""
    engine = postgres_engine(options.address) if options.address else _home_engine(options, parts)
    with told(place(engine)):
        bring_up(engine)
    return SqlStore(engine, parts.clock)


class SqlStore:
    """A store over one database. Appends commit in groups; every call may come from any event loop.

    Nothing need be closed: connections end when the store is let go, or with the program.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._place = place(engine)
        self._writer = Writer(engine)
        weakref.finalize(self, engine.dispose)

    async def append(self, traces: Sequence[Trace]) -> int:
        """Keep traces durably and return how many were new; all of them or, on StoreError, none."""
        if not traces:
            return 0
        rows = await asyncio.to_thread(lambda: [row_of(trace) for trace in traces])
        return await self._write(partial(add, rows=rows))

    async def get(self, trace_id: str) -> Trace | None:
        """Return one trace by its id or the unique beginning of it; raises UsageError where several begin so."""
        rows = await self._read(beginning(trace_id)) if is_beginning(trace_id) else []
        if len(rows) > 1:
            raise ambiguous(trace_id)
        return trace_of(rows[0], self._place) if rows else None

    async def find(self, query: Query) -> Page:
        """Return one page, in the order of commits or its reverse; raises UsageError for a cursor that is none."""
        rows = await self._read(selection(query))
        found = await asyncio.to_thread(lambda: tuple(trace_of(row, self._place) for row in rows[: query.limit]))
        more = len(rows) > query.limit
        return Page(traces=found, cursor=write_cursor(query, rows[query.limit - 1]["seq"]) if more else "")

    async def count(self, query: Query) -> int:
        """Return how many traces match, whatever the query's limit and cursor."""
        rows = await self._read(
            sa.select(sa.func.count().label("matching")).select_from(table).where(*conditions(query))
        )
        return int(rows[0]["matching"])

    async def delete(self, trace_id: str) -> bool:
        """Delete the trace with this whole id and leave a tombstone; False if it was not there."""
        at = self._clock().astimezone(UTC).isoformat()
        return bool(await self._write(partial(bury, trace_id=trace_id, at=at)))

    async def _write(self, work: Work) -> int:
        with told(self._place):
            return await asyncio.wrap_future(self._writer.submit(work))

    async def _read(self, statement: sa.Select[Any]) -> Sequence[Row]:
        with told(self._place):
            return await asyncio.to_thread(_rows, self._engine, statement)


def _home_engine(options: Options, parts: Parts) -> sa.Engine:
    try:
        parts.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the home {parts.home}: {error.strerror}; choose another home") from error
    return sqlite_engine(parts.home / "traces.db", options.synchronous)


def _rows(engine: sa.Engine, statement: sa.Select[Any]) -> list[Row]:
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]
