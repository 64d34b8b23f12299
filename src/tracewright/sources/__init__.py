"""Where records come from: files, histories, code. A source reads; it never runs what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from tracewright.records.base import Record
from tracewright.records.task import Dropped


class SourceCard(Record):
    """What a source says of itself."""

    name: str
    description: str
    licences: tuple[str, ...] = ()
    digests: Mapping[str, str] = {}


class Source(Protocol):
    """A supplier of records in a fixed order; what cannot be read comes as `Dropped`, with its place.

    One whose records are about tables also has `tables`, the ids of the sets that must be ready before it is read.
    """

    def describe(self) -> SourceCard:
        """Return what is known of the source without reading all of it."""
        ...

    def records(self) -> Iterator[Record | Dropped]:
        """Yield the records, the same ones in the same order every time."""
        ...
