"""What a policy is shown: the tables of a question, and results as bounded text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from tracewright.environments.analytics.actions import JSON, MOST_DESCRIBED, has_range
from tracewright.records.job import Outcome
from tracewright.tables.schema import Column, Table, TableSet

MOST_TEXT = 3000
MOST_CELL = 60
MOST_VALUES = 12
"""So many values of a column are listed; a column with more has too many to list."""
MOST_LISTED = 40
"""So many columns of a table are listed before the rest is counted."""


def tables_text(tables: TableSet) -> str:
    """Return the schema of a set: a line a column, and how the tables hang together."""
    head = f"Tables of {tables.id}" + (f" as of {tables.as_of}" if tables.as_of else "") + "."
    lines = [head, *(line for table in tables.tables for line in _table(table))]
    lines += [f"{link.child} is one of {link.parent}" for link in tables.relationships]
    return "\n".join(lines)


def _table(table: Table) -> Iterator[str]:
    about = f": {table.description}" if table.description else ""
    yield f"{table.name} ({table.row_count} rows){about}"
    yield from (f"- {_column(column)}" for column in table.columns[:MOST_LISTED])
    if len(table.columns) > MOST_LISTED:
        yield f"- and {len(table.columns) - MOST_LISTED} more; describe_table lists them"


def _column(column: Column) -> str:
    values = f", one of {', '.join(map(str, column.values))}" if 0 < len(column.values) <= MOST_VALUES else ""
    null = ", may be null" if column.nullable else ""
    about = f": {column.description}" if column.description else ""
    return f"{column.name} {column.type}{null}{values}{about}"


def result_text(outcome: Outcome) -> str:
    """Return a result as text: how many rows of what, then the first of them."""
    if JSON in outcome.files:
        printed = f"\nPrinted:\n{outcome.stdout[:MOST_TEXT]}" if outcome.stdout else ""
        return f"The program left a result to answer with.{printed}"
    names = [f"{column['name']} {column['type']}" for column in columns_of(outcome)]
    rows = outcome.result.get("rows", 0)
    notice = f" {outcome.message}" if outcome.message else ""
    head = f"{rows} row{'' if rows == 1 else 's'} of ({', '.join(names)}).{notice}"
    return _bounded([head, *map(_row, preview_of(outcome))], int(rows) if isinstance(rows, int) else 0)


def _bounded(lines: Sequence[str], rows: int) -> str:
    kept, room = [], MOST_TEXT
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = rows - (len(kept) - 1)
    return "\n".join([*kept, f"… and {left} more rows"] if left > 0 else kept)


def _row(row: Sequence[Any]) -> str:
    return " | ".join(map(_cell, row))


def _cell(value: Any) -> str:
    text = "null" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= MOST_CELL else f"{text[: MOST_CELL - 1]}…"


def columns_of(outcome: Outcome) -> list[Mapping[str, JsonValue]]:
    """Return name and type of each column of a result."""
    found = outcome.result.get("columns")
    return [column for column in found if isinstance(column, dict)] if isinstance(found, list) else []


def preview_of(outcome: Outcome) -> list[list[Any]]:
    """Return the first rows of a result."""
    found = outcome.result.get("preview")
    return [row for row in found if isinstance(row, list)] if isinstance(found, list) else []


def description_text(table: Table, outcome: Outcome) -> str:
    """Return what the plan of `actions.described` found, a line a column."""
    rows = preview_of(outcome)
    cells = iter(rows[0] if rows else ())
    lines = [f"{table.name}: {next(cells, 0)} rows"]
    for column in table.columns[:MOST_DESCRIBED]:
        there, differ = next(cells, 0), next(cells, 0)
        span = f", {_cell(next(cells, None))} to {_cell(next(cells, None))}" if has_range(column) else ""
        lines.append(f"- {_column(column)}; {there} values, {differ} different{span}")
    return _bounded(lines, 0)
