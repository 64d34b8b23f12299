"""How tables hang together: links that were told, and those that names and values show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from tracewright.jobs._load_tables.read import quoted

ORIGINAL = "original"
"""What the file is called that a twin is made of."""
ANYBODYS = frozenset({"id", "key", "name", "code", "no", "nr", "number"})
"""Names of keys that say nothing of whose they are."""
THING = re.compile(r"(^|.*_)(id|no|nr|key|code|number)|.*[a-z](ID|Id)", re.ASCII)


@dataclass(frozen=True)
class Place:
    """A column of a table."""

    table: str
    column: str

    @property
    def rows(self) -> str:
        """Return the table, as SQL says it."""
        return f"{ORIGINAL}.main.{quoted(self.table)}"

    @property
    def cell(self) -> str:
        """Return the column, as SQL says it."""
        return quoted(self.column)


@dataclass(frozen=True)
class Known:
    """A table: its key, and its columns with their types in order."""

    name: str
    key: Sequence[str]
    columns: Mapping[str, str]

    @property
    def names(self) -> Iterator[Place]:
        """Yield the key where it is one column."""
        yield from (Place(self.name, column) for column in self.key if len(self.key) == 1 and column in self.columns)


Links = Mapping[Place, Place]
"""Which key the values of a column are those of; following them ends."""


def links(database: duckdb.DuckDBPyConnection, tables: Sequence[Known], told: Iterable[tuple[str, str]]) -> Links:
    """Return the links told, written `table.column`, and such as a column has by its name and all of its values."""
    places = {f"{table.name}.{column}": Place(table.name, column) for table in tables for column in table.columns}
    pairs = [(places[child], places[parent]) for child, parent in told if child in places and parent in places]
    linked = {child for child, _ in pairs}
    pairs += [pair for pair in _alike(tables) if pair[0] not in linked and _held(database, *pair)]
    found: dict[Place, Place] = {}
    for child, parent in pairs:
        if child not in found and end(found, parent) != child:
            found[child] = parent
    return found


def end(found: Links, place: Place) -> Place:
    """Return the key that the values of a column are those of in the end: itself where it has no link."""
    while place in found:
        place = found[place]
    return place


def names_things(column: str) -> bool:
    """Say whether a column names things, by how it is called: `agent_id`, `sensorId`, `code`."""
    return THING.fullmatch(column) is not None


def _alike(tables: Sequence[Known]) -> Iterator[tuple[Place, Place]]:
    """Yield the columns that by name and type may hold the values of a key."""
    parents = [(table, place) for table in tables for place in table.names]
    for table in tables:
        for column, kind in table.columns.items():
            for owner, place in parents:
                same = kind == owner.columns[place.column]
                if same and place != Place(table.name, column) and column.casefold() in _called(place):
                    yield Place(table.name, column), place


def _called(key: Place) -> set[str]:
    """Return what a column may be called that holds the values of a key."""
    table, name = key.table.casefold(), key.column.casefold()
    owners = {table, re.sub(r"s$", "", table), re.sub(r"ies$", "y", table)}
    own = set() if name in ANYBODYS else {name}
    return own | {f"{owner}{between}{name}" for owner in owners for between in ("", "_")}


def _held(database: duckdb.DuckDBPyConnection, child: Place, parent: Place) -> bool:
    """Say whether a column holds no value that its key does not have, and some that it has."""
    asked = (
        f"SELECT count(*), count(p.k) FROM (SELECT DISTINCT {child.cell} AS c FROM {child.rows}) "  # noqa: S608  # names are quoted
        f"LEFT JOIN (SELECT DISTINCT {parent.cell} AS k FROM {parent.rows}) AS p ON c = p.k WHERE c IS NOT NULL"
    )
    [(values, held)] = database.execute(asked).fetchall()
    return bool(values) and values == held
