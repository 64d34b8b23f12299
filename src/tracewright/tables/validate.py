"""Checks the rows of a shipped set: types, values, counts, keys and relationships by its schema, then its own rules.

It reads rows that are already in memory; a set that a user registered is checked by its hashes alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice

from tracewright.records.base import Record
from tracewright.tables.content import Row
from tracewright.tables.rules.rule import Named, Rule
from tracewright.tables.schema import Relationship, Table, TableSet

PYTHON_TYPES = {"BIGINT": int, "DOUBLE": float, "VARCHAR": str, "BOOLEAN": bool, "DATE": date, "TIMESTAMP": datetime}
SHOWN = 160


class Fault(Record):
    """A rule that does not hold: how many rows break it, and the first of them."""

    table: str
    rule: str
    rows: int
    example: str = ""


def faults(known: TableSet, rows: Mapping[str, Sequence[Row]], rules: Sequence[Rule] = ()) -> list[Fault]:
    """Return every broken rule of a set, tables and rules in order; none where all holds.

    Keys, relationships and rules are looked at only where every value is one that the schema allows.
    """
    unfit = [fault for table in known.tables for fault in _unfit(table, rows[table.name])]
    if unfit:
        return unfit
    named = {
        table.name: [dict(zip(table.header, row, strict=True)) for row in rows[table.name]] for table in known.tables
    }
    found = [fault for table in known.tables for fault in _schema_faults(table, named[table.name])]
    found += [fault for link in known.relationships for fault in _orphans(link, named)]
    for rule in rules:
        found += _told(rule.table, rule.name, rule.check(named), rows[rule.table])
    return found


def _unfit(table: Table, rows: Sequence[Row]) -> Iterator[Fault]:
    """Find rows that are no rows of this table at all."""
    width = len(table.columns)
    misshapen = [at for at, row in enumerate(rows) if len(row) != width]
    if misshapen:
        yield from _told(table.name, "columns", misshapen, rows)
        return
    for number, column in enumerate(table.columns):
        kind, allowed = PYTHON_TYPES[column.type], {*column.values, None}
        # By the very type: to isinstance a bool is an int, and a datetime a date.
        wrong = (at for at, row in enumerate(rows) if type(row[number]) is not kind and row[number] is not None)
        yield from _told(table.name, f"type_of_{column.name}", wrong, rows)
        if not column.nullable:
            missing = (at for at, row in enumerate(rows) if row[number] is None)
            yield from _told(table.name, f"missing_{column.name}", missing, rows)
        if column.values:
            other = (at for at, row in enumerate(rows) if row[number] not in allowed)
            yield from _told(table.name, f"values_of_{column.name}", other, rows)


def _schema_faults(table: Table, rows: Sequence[Named]) -> Iterator[Fault]:
    if table.row_count != len(rows):
        yield Fault(table=table.name, rule="row_count", rows=len(rows), example=f"wanted {table.row_count} rows")
    seen = Counter(tuple(row[name] for name in table.key) for row in rows)
    twice = (at for at, row in enumerate(rows) if seen[tuple(row[name] for name in table.key)] > 1)
    yield from _told(table.name, "key", twice, rows)


def _orphans(link: Relationship, tables: Mapping[str, Sequence[Named]]) -> Iterator[Fault]:
    child, column = link.child.split(".")
    parent, key = link.parent.split(".")
    parents = {row[key] for row in tables[parent]}
    orphans = (at for at, row in enumerate(tables[child]) if row[column] not in parents)
    yield from _told(child, f"{column}_in_{parent}", orphans, tables[child])


def _told(table: str, rule: str, broken: Iterable[int], rows: Sequence[object]) -> Iterator[Fault]:
    found = iter(broken)
    for first in islice(found, 1):
        example = f"row {first + 1}: {rows[first]}"[:SHOWN]
        yield Fault(table=table, rule=rule, rows=1 + sum(1 for _ in found), example=example)
