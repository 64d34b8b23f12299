"""Supplies table sets to make questions over: the shipped ones, or any that the home holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from tracewright.records.base import Record
from tracewright.records.task import Dropped
from tracewright.registry import Parts
from tracewright.sources import SourceCard
from tracewright.tables import shipped
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import Shelf


class Options(Record):
    """`data` are ids of sets, as `tracewright data list` names them."""

    data: tuple[str, ...] = Field(default=tuple(shipped.GENERATORS), min_length=1)


class TablesSource:
    """What is known of table sets; their rows stay where they are."""

    def __init__(self, options: Options, home: Path) -> None:
        self.tables = options.data
        self._home = home

    def describe(self) -> SourceCard:
        versions = {name: found.version_hash for name, found in shipped.registry().items() if name in self.tables}
        return SourceCard(name="tables", description="table sets to ask questions of", digests=versions)

    def records(self) -> Iterator[TableSet | Dropped]:
        """Yield the sets in the order of the options; they were made ready before."""
        for name in self.tables:
            kept = Shelf(self._home).find(name)
            yield kept.tables if kept else Dropped("no_tables", f"there is no set {name!r}")


def build(options: Options, parts: Parts) -> TablesSource:
    """Return the source."""
    return TablesSource(options, parts.home)
