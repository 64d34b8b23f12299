"""What is known of each line of the file: where it lies and what a query asks of it. Bodies stay on disk."""

from __future__ import annotations

import logging
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from tracewright.errors import StoreError
from tracewright.records.base import Record
from tracewright.records.trace import Trace
from tracewright.stores import Query
from tracewright.stores._index.entry import Entry, entry_of, matches
from tracewright.stores._index.keys import read_cursor
from tracewright.stores._jsonl.lines import line_number

log = logging.getLogger(__name__)


class Tombstone(Record):
    """The line that a deletion adds."""

    tombstone: str
    deleted_at: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One trace of the file; lines begin in the order in which they were added."""

    offset: int
    length: int
    id: str
    entry: Entry


class Index:
    """The lines of one file, up to `end`; a line that cannot be read is a StoreError, never passed over."""

    def __init__(self, path: Path) -> None:
        self.end = 0
        self._path = path
        self._inode = 0
        self._torn_at = -1
        self._lines: list[Line] = []
        self._by_id: dict[str, Line] = {}
        self._buried: set[str] = set()

    def fits(self, file: BinaryIO) -> bool:
        """Say whether the file is the one that was read so far, perhaps grown."""
        seen = os.fstat(file.fileno())
        return self.end == 0 or (seen.st_ino == self._inode and seen.st_size >= self.end)

    def read_on(self, file: BinaryIO) -> None:
        """Take in the lines that were added since; raises StoreError that names the first one that is no trace."""
        self._inode = os.fstat(file.fileno()).st_ino
        file.seek(self.end)
        for raw in file:
            try:
                self._take(_parse(raw), raw)
            except ValidationError as error:
                if raw.endswith(b"\n"):
                    raise self._unreadable(file, error) from error
                self._warn(len(raw))
                break
            self.end += len(raw)

    def knows(self, trace_id: str) -> bool:
        """Say whether a trace is there or was deleted."""
        return trace_id in self._by_id or trace_id in self._buried

    def beginning(self, text: str) -> list[Line]:
        """Return at most two lines whose id begins with some hex digits."""
        if text in self._by_id:
            return [self._by_id[text]]
        return list(islice((line for name, line in self._by_id.items() if name.startswith(text)), 2))

    def page(self, query: Query) -> list[Line]:
        """Return the lines of a page and one more, which tells whether there is another page."""
        return list(islice((line for line in self._after(query) if matches(line.entry, query)), query.limit + 1))

    def count(self, query: Query) -> int:
        """Return how many lines match, whatever the query's limit and cursor."""
        return sum(matches(line.entry, query) for line in self._lines)

    def _after(self, query: Query) -> Iterator[Line]:
        after = read_cursor(query)
        if query.order == "newest":
            stop = len(self._lines) if after is None else bisect_left(self._lines, after, key=_offset)
            return (self._lines[place] for place in range(stop - 1, -1, -1))
        start = 0 if after is None else bisect_right(self._lines, after, key=_offset)
        return (self._lines[place] for place in range(start, len(self._lines)))

    def _take(self, record: Trace | Tombstone | None, raw: bytes) -> None:
        match record:
            case Tombstone(tombstone=buried):
                self._buried.add(buried)
                if line := self._by_id.pop(buried, None):
                    del self._lines[bisect_left(self._lines, line.offset, key=_offset)]
            case Trace(id=name) if not self.knows(name):
                line = Line(self.end, len(raw), name, entry_of(record))
                self._lines.append(line)
                self._by_id[name] = line

    def _warn(self, torn_bytes: int) -> None:
        if self._torn_at != self.end:
            log.warning("%s ends in a torn line of %d bytes, which the next append cuts off", self._path, torn_bytes)
        self._torn_at = self.end

    def _unreadable(self, file: BinaryIO, error: ValidationError) -> StoreError:
        number, fault = line_number(file, self.end), error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "its beginning"
        return StoreError(
            f"line {number} of {self._path} is no trace that we can read ({fault['type']} at {where!r}); "
            "mend or remove that line, or upgrade tracewright"
        )


def read_traces(file: BinaryIO, lines: Iterable[Line]) -> Iterator[Trace]:
    """Yield the traces of lines that were indexed; raises StoreError where the file was edited since."""
    for line in lines:
        file.seek(line.offset)
        try:
            trace = Trace.from_json(file.read(line.length))
        except ValidationError as error:
            raise _edited(line) from error
        if trace.id != line.id:
            raise _edited(line)
        yield trace


def _edited(line: Line) -> StoreError:
    return StoreError(f"the file of trace {line.id[:12]} was edited while we read it; open the store again")


def _parse(raw: bytes) -> Trace | Tombstone | None:
    if raw.startswith((b'{"tombstone":', b'{"deleted_at":')):
        return Tombstone.from_json(raw)
    return Trace.from_json(raw) if raw.strip() else None


def _offset(line: Line) -> int:
    return line.offset
