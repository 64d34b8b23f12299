"""What is known of a set of tables: names, types, keys, counts and hashes, and what it may be asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from tracewright.records.base import Record, digest
from tracewright.records.job import Sha256
from tracewright.tables.content import SAFE_NAME

SafeName = Annotated[str, StringConstraints(pattern=rf"\A{SAFE_NAME.pattern}\z")]


OWN_NAMES = frozenset({"main", "memory", "system", "temp"})
"""What an engine calls databases and schemas of its own."""


class Column(Record):
    """A column; `type` is DuckDB's name of it, `values` lists all that it may hold where they are few."""

    name: str
    type: str
    description: str = ""
    values: tuple[str | int, ...] = ()
    nullable: bool = False


class Table(Record):
    """A table of a set; `sha256` and `size_bytes` are those of its canonical bytes, `key` names its rows."""

    name: SafeName
    description: str = ""
    row_count: int = 0
    size_bytes: int = 0
    sha256: Sha256 = ""
    key: tuple[str, ...] = ()
    columns: tuple[Column, ...]

    @property
    def header(self) -> list[str]:
        """Return the names of the columns in order."""
        return [column.name for column in self.columns]


class Relationship(Record):
    """Every value of the column `from`, written `table.column`, is one of the column `to`."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    child: str = Field(alias="from")
    parent: str = Field(alias="to")
    type: Literal["many_to_one"] = "many_to_one"


class TableSet(Record):
    """A set of tables that questions are asked of.

    `as_of` is the moment at which the data were taken: what "the last 24 hours" counts back from. `version_hash` is a
    hash of what the tables hold, not of any file that they lie in.
    """

    schema_version: int = 1
    id: str
    name: str = ""
    description: str = ""
    domain: str = ""
    as_of: str = ""
    version_hash: Sha256 = ""
    row_count: int = 0
    size_bytes: int = 0
    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()
    prompts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def table(self, name: str) -> Table:
        """Return a table by its name; raises KeyError."""
        return {table.name: table for table in self.tables}[name]


def database_file(name: str) -> str:
    """Return what a set's database is called where it is mounted: the file's name is the database's to the engine."""
    return f"{'set_' if name in OWN_NAMES else ''}{name}.duckdb"


def sealed(tables: TableSet) -> TableSet:
    """Return the set with its hash and sums, which follow from its tables."""
    return tables.model_copy(
        update={
            "version_hash": version_hash(tables.tables),
            "row_count": sum(table.row_count for table in tables.tables),
            "size_bytes": sum(table.size_bytes for table in tables.tables),
        }
    )


def version_hash(tables: Iterable[Table]) -> Sha256:
    """Return the hash of names, types and canonical bytes, in whatever order the tables come."""
    return digest(
        {table.name: {"columns": [[c.name, c.type] for c in table.columns], "sha256": table.sha256} for table in tables}
    )
