"""What a plan is checked against: the tables of one dataset, their columns and their keys. It holds no data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from pydantic import Field

from tracewright.plans.families import OTHER, Type, parse_type
from tracewright.plans.relation import Output
from tracewright.records.base import Record
from tracewright.tables.schema import TableSet


class ColumnInfo(Record):
    """A column as the engine describes it; `nullable` false only where it is known."""

    name: str
    type: str
    nullable: bool = True

    @cached_property
    def family(self) -> Type:
        """Return what inference knows of the type; a type that it does not know can be shown but not reckoned with."""
        return parse_type(self.type) or OTHER


class TableInfo(Record):
    """A table: its columns in order, and the sets of columns that tell its rows apart."""

    name: str
    columns: tuple[ColumnInfo, ...]
    keys: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """Return the columns as a source puts them out."""
        return tuple(Output(column.name, column.family, column.nullable) for column in self.columns)


class Catalogue(Record):
    """The tables that a plan may name, exactly as they are spelled."""

    tables: tuple[TableInfo, ...] = Field(default=())

    @cached_property
    def by_name(self) -> Mapping[str, TableInfo]:
        """Return the tables by name."""
        return {table.name: table for table in self.tables}


def catalogue_of(
    tables: Mapping[str, Mapping[str, str] | Iterable[tuple[str, str]]],
    keys: Mapping[str, Iterable[Iterable[str]]] | None = None,
) -> Catalogue:
    """Return the catalogue of plain tables: name to columns with their types, and the keys where they are known.

    The columns of a key are taken as never null.
    """
    found = []
    for name, columns in tables.items():
        pairs = list(columns.items() if isinstance(columns, Mapping) else columns)
        known = tuple(tuple(key) for key in (keys or {}).get(name, ()))
        solid = {column for key in known for column in key}
        infos = tuple(ColumnInfo(name=column, type=kind, nullable=column not in solid) for column, kind in pairs)
        found.append(TableInfo(name=name, columns=infos, keys=known))
    return Catalogue(tables=tuple(found))


def catalogue_of_set(tables: TableSet) -> Catalogue:
    """Return the catalogue of a set: its types, where nulls may be, and its keys."""
    return Catalogue(
        tables=tuple(
            TableInfo(
                name=table.name,
                columns=tuple(ColumnInfo(name=c.name, type=c.type, nullable=c.nullable) for c in table.columns),
                keys=(table.key,) if table.key else (),
            )
            for table in tables.tables
        )
    )
