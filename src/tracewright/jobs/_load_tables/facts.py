"""Works out what is to be known of a loaded table: columns, counts, few values, a key, and the hash of its content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from tracewright.jobs._load_tables.read import quoted
from tracewright.tables.content import Row, fingerprint

BATCH = 10_000
FEW, SHORT = 24, 64
"""How many values of how many characters a column may have to be listed with all of them."""
KEY_COLUMNS = 8
"""A key is looked for among so many columns from the left."""
BARE = re.compile(r"BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR")
"""Types whose values come to Python unchanged; of all others the engine's text is taken."""
NAMING = re.compile(r"U?(SMALL|BIG|HUGE)INT|U?INTEGER|VARCHAR|UUID")
"""Types that may name a row."""


def facts_of(database: duckdb.DuckDBPyConnection, table: str, key: Sequence[str]) -> dict[str, Any]:
    """Return the facts of one table as JSON; its rows are hashed in the order in which they lie."""
    place = f"main.{quoted(table)}"
    listed = database.execute(f"DESCRIBE {place}").fetchall()
    columns = [(str(name), str(kind)) for name, kind, *_ in listed]
    counts = _counts(database, place, [name for name, _ in columns])
    rows = counts[0]
    found = fingerprint([name for name, _ in columns], _rows(database, place, columns))
    return {
        "name": table,
        "row_count": found.rows,
        "size_bytes": found.bytes,
        "sha256": found.sha256,
        "key": list(key) or _key(database, place, columns, counts),
        "columns": [
            {
                "name": name,
                "type": kind,
                "nullable": filled < rows,
                "values": _values(database, place, name, kind, rows),
            }
            for (name, kind), filled in zip(columns, counts[1:], strict=True)
        ],
    }


def _counts(database: duckdb.DuckDBPyConnection, place: str, names: Sequence[str]) -> list[int]:
    """Return how many rows there are, and how many of them have a value in each column."""
    asked = ", ".join(["count(*)", *(f"count({quoted(name)})" for name in names)])
    (counts,) = database.execute(f"SELECT {asked} FROM {place}").fetchall()  # noqa: S608  # names are quoted
    return list(counts)


def _rows(database: duckdb.DuckDBPyConnection, place: str, columns: Sequence[tuple[str, str]]) -> Iterator[Row]:
    asked = ", ".join(
        quoted(name) if BARE.fullmatch(kind) else f"CAST({quoted(name)} AS VARCHAR)" for name, kind in columns
    )
    cursor = database.execute(f"SELECT {asked} FROM {place}")  # noqa: S608
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _values(database: duckdb.DuckDBPyConnection, place: str, name: str, kind: str, rows: int) -> list[str]:
    """Return all values of a text column in order where they are few, short, and fewer than half the rows."""
    if kind != "VARCHAR":
        return []
    column = quoted(name)
    asked = f"SELECT DISTINCT {column} FROM {place} WHERE {column} IS NOT NULL LIMIT {FEW + 1}"  # noqa: S608
    found = sorted(str(value) for (value,) in database.execute(asked).fetchall())
    few = len(found) <= FEW and len(found) * 2 < rows and all(len(value) <= SHORT for value in found)
    return found if few else []


def _key(
    database: duckdb.DuckDBPyConnection, place: str, columns: Sequence[tuple[str, str]], counts: Sequence[int]
) -> list[str]:
    """Return the first column that is nowhere null and never twice the same: of these rows it is a key for good."""
    rows = counts[0]
    for (name, kind), filled in list(zip(columns, counts[1:], strict=True))[:KEY_COLUMNS]:
        if rows and filled == rows and NAMING.fullmatch(kind):
            asked = f"SELECT count(DISTINCT {quoted(name)}) FROM {place}"  # noqa: S608
            if database.execute(asked).fetchall() == [(rows,)]:
                return [name]
    return []
