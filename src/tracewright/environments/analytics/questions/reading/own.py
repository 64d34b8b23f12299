"""The words of tables that somebody brought: names, columns and values alone, and what such names usually mean."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from tracewright.environments.analytics.questions.meaning import Kind
from tracewright.environments.analytics.questions.reading.normal import stem
from tracewright.environments.analytics.questions.reading.senses import (
    Act,
    Condition,
    Dimension,
    Quantity,
    Sense,
    Thing,
    Way,
)
from tracewright.tables.schema import Column, Relationship, Table, TableSet

NUMERIC = re.compile(r"U?(BIG|SMALL|TINY|HUGE)?INT|INTEGER|DOUBLE|FLOAT|REAL|DECIMAL")
TIMES = re.compile(r"DATE|TIMESTAMP")
ROWS = ("row", "entry", "record", "line")
"""What anybody calls what a table holds."""
KEYS = re.compile(r"(.+?)[ _]?(?:id|no|nr|number|key|code)$", re.IGNORECASE)


def columns(tables: TableSet) -> Iterator[tuple[Table, Column]]:
    """Yield every column with its table."""
    return ((table, column) for table in tables.tables for column in table.columns)


def spoken(name: str) -> str:
    """Return a name as it is said: `csat_score` and `csatScore` are csat score."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[^a-z0-9]+", " ", apart.lower()).strip()


def tells_apart(tables: TableSet, table: Table, column: Column) -> bool:
    """Say whether the values of a column tell groups apart: no times, and no numbers but keys and a few listed ones."""
    if TIMES.match(column.type):
        return False
    return not NUMERIC.match(column.type) or _is_key(tables, table, column) or bool(column.values)


def _is_key(tables: TableSet, table: Table, column: Column) -> bool:
    name = f"{table.name}.{column.name}"
    ends = {end for link in tables.relationships for end in (link.child, link.parent)}
    said = spoken(column.name)
    if name in ends or said == "id" or said.endswith(" id"):
        return True
    # In a few rows any number may be unique: only a name, or the first place, makes it one that names rows.
    named = bool(KEYS.match(said)) or (table.columns[0] == column and _usual(column.name) != "sum")
    return table.key == (column.name,) and (named or not NUMERIC.match(column.type))


def linked(tables: TableSet) -> TableSet:
    """Return the set with the relationships that its names tell: a column called like another table's key means it."""
    if tables.relationships:
        return tables
    keys = {table.name: table.key[0] for table in tables.tables if len(table.key) == 1 and KEYS.match(table.key[0])}
    found = [
        Relationship(child=f"{table.name}.{column.name}", parent=f"{parent}.{key}")
        for table, column in columns(tables)
        for parent, key in keys.items()
        if parent != table.name and column.name == key and table.key != (key,)
    ]
    return tables.model_copy(update={"relationships": tuple(found)})


def things(tables: TableSet) -> Iterator[Thing]:
    """Yield what can be counted: rows of tables, and whatever a column named like a key tells apart."""
    for table in tables.tables:
        shown = table.key or tuple(column.name for column in table.columns[:1])
        yield Thing(table.name, (Way(table.name),), tuple(f"{table.name}.{name}" for name in shown))
    told = {stem(word) for table in tables.tables for word in spoken(table.name).split()[-1:]}
    for table, column in columns(tables):
        named = KEYS.match(spoken(column.name))
        if named and column.name not in table.key and stem(named[1].split()[-1]) not in told:
            place = f"{table.name}.{column.name}"
            yield Thing(named[1].replace(" ", "_") + "s", (Way(table.name, place),), (place,))


def words(tables: TableSet, found: Sequence[Thing]) -> Iterator[tuple[str, Sense]]:
    """Yield the words of things, of columns that hold numbers, and of those that say yes or no."""
    for thing in found:
        for name in _called(spoken(thing.name)):
            yield name, thing
        if len(tables.tables) == 1 and thing.ways[0].of is None:
            yield from ((name, thing) for name in ROWS)
        yield from ((act, Act(thing)) for act in _acts(tables.table(thing.ways[0].base)))
    shared = _parts_of_names(tables)
    for table, column in columns(tables):
        yield from ((name, sense) for sense in _senses(tables, table, column) for name in _names(column, shared))


def _acts(table: Table) -> Iterator[str]:
    """Yield what the first time of a table says was done: people are `hired_on` a day."""
    first = next((column for column in table.columns if TIMES.match(column.type)), None)
    name = [word for word in spoken(first.name).split() if word not in _habits()["when"]] if first else []
    if name:
        yield " ".join(name)


def _senses(tables: TableSet, table: Table, column: Column) -> Iterator[Sense]:
    place = f"{table.name}.{column.name}"
    if NUMERIC.match(column.type) and not _is_key(tables, table, column):
        yield Quantity(column.name, _usual(column.name), (Way(table.name, place),))
    elif column.type == "BOOLEAN":
        yield Condition(place)
    elif tells_apart(tables, table, column):
        yield Dimension(place, column.name)


def _names(column: Column, shared: Mapping[str, int]) -> Iterator[str]:
    """Yield what a column is called: its name, that without units or "is", and its last word where no other has it."""
    whole = spoken(column.name)
    plain = " ".join(word for word in whole.split() if word not in _habits()["units"]) or whole
    bare = re.sub(r"^(is|has|was|had|are) ", "", plain)
    for name in dict.fromkeys((whole, plain, bare)):
        yield from _called(name)
    last = bare.split()[-1:]
    if last and last != [bare] and shared[stem(last[0])] == 1:
        yield from _called(last[0])


def _parts_of_names(tables: TableSet) -> Counter[str]:
    """Count of each word in how many names of columns it stands."""
    names = [{stem(word) for word in spoken(column.name).split()} for _, column in columns(tables)]
    return Counter(word for name in names for word in name)


def _called(name: str) -> Iterator[str]:
    """Yield a name, and what it is also called where that is known."""
    yield name
    wanted = stem(name.rsplit(maxsplit=1)[-1]) if name else ""
    for group in _habits()["alike"]:
        if wanted in {stem(word) for word in group}:
            yield from (" ".join([*name.split()[:-1], word]) for word in group if stem(word) != wanted)


def _usual(name: str) -> Kind:
    said = {stem(word) for word in spoken(name).split()}
    return "sum" if said & {stem(word) for word in _habits()["added"]} else "avg"


@cache
def _habits() -> Mapping[str, Any]:
    return tomllib.loads((files(__package__ or "") / "columns.toml").read_text(encoding="utf-8"))
