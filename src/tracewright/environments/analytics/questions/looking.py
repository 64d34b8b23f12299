"""Plans that look into the data for what a question may mean by its words: is one a value, how far do times reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracewright.environments.analytics.questions.links import Links
from tracewright.environments.analytics.questions.reading.lexicon import coverage_of
from tracewright.environments.analytics.questions.reading.normal import normal
from tracewright.environments.analytics.questions.reading.own import TIMES, columns
from tracewright.environments.analytics.questions.searching import search
from tracewright.records.base import JsonObject
from tracewright.tables.schema import Column, Table, TableSet

LONGEST_VALUE = 4
MOST_PHRASES = 200
MOST_LOOKS = 24
MOST_VALUES = 20


@dataclass(frozen=True)
class Look:
    """A plan to run, and the column that its rows tell of: rows of one value, or one row with first and last time."""

    column: str
    times: bool
    plan: JsonObject


def looks(question: str, tables: TableSet) -> tuple[Look, ...]:
    """Return what to look for before a question is read; nothing where its words are known and the times as well."""
    known = coverage_of(tables)
    found = [_reach(table, column) for table, column in columns(tables) if _unreached(table, column, known)]
    if search(question, tables).unknown:
        phrases = _phrases(question)
        found += [_value(table, column, phrases) for table, column in columns(tables) if _many(column)]
    return tuple(found[:MOST_LOOKS])


def seen(looked: Sequence[tuple[Look, Sequence[Sequence[Any]]]]) -> Links:
    """Return what the rows of looks say."""
    values = [(look.column, str(row[0])) for look, rows in looked if not look.times for row in rows]
    reach = {look.column: (str(row[0]), str(row[1])) for look, rows in looked if look.times for row in rows if row[0]}
    return Links(tuple(sorted(values)), reach)


def _unreached(table: Table, column: Column, known: Mapping[str, object]) -> bool:
    return bool(TIMES.match(column.type)) and f"{table.name}.{column.name}" not in known


def _many(column: Column) -> bool:
    """Say whether a column holds more texts than anybody listed."""
    return column.type == "VARCHAR" and not column.values


def _reach(table: Table, column: Column) -> Look:
    place: JsonObject = {"col": [table.name, column.name]}
    ends: list[JsonObject] = [
        {"as": end, "expr": {"cast": {kind: place}, "to": "varchar"}}
        for end, kind in (("first", "min"), ("last", "max"))
    ]
    return Look(
        f"{table.name}.{column.name}",
        True,
        {"plan": 1, "from": table.name, "steps": [{"aggregate": {"measures": [*ends]}}]},
    )


def _value(table: Table, column: Column, phrases: Sequence[str]) -> Look:
    place: JsonObject = {"col": [table.name, column.name]}
    steps: list[JsonObject] = [
        {"filter": {"in": [{"call": "lower", "args": [place]}, {"lit": list(phrases)}]}},
        {"select": [{"as": "value", "expr": place}]},
        {"distinct": True},
        {"sort": ["value"]},
        {"limit": MOST_VALUES},
    ]
    return Look(f"{table.name}.{column.name}", False, {"plan": 1, "from": table.name, "steps": [*steps]})


def _phrases(question: str) -> list[str]:
    """Return what of a question may be a value, as it is written and in the reader's spelling."""
    found: dict[str, None] = {}
    for text in (question.lower(), normal(question)):
        words = [word.strip("?!.,;:\"'()“”") for word in text.split()]
        for size in range(LONGEST_VALUE, 0, -1):
            for start in range(len(words) - size + 1):
                found[" ".join(words[start : start + size])] = None
    return [phrase for phrase in found if phrase][:MOST_PHRASES]
