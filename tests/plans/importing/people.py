"""Two small tables, in DuckDB and in SQLite, with texts that are numbers and texts that are none."""

from __future__ import annotations

import sqlite3

import duckdb

from tracewright.plans.catalogue import Catalogue, catalogue_of

TABLES = {
    "people": {"id": "bigint", "name": "varchar", "age": "bigint", "height": "double", "code": "varchar"},
    "pets": {
        "id": "bigint", "owner": "varchar", "keeper": "bigint", "kind": "varchar", "name": "varchar", "weight": "double"
    },
}  # fmt: skip
AFFINITIES = {"bigint": "INTEGER", "double": "REAL", "varchar": "TEXT"}
KEYS = {"people": [["id"]], "pets": [["id"]]}
ROWS: dict[str, list[tuple[object, ...]]] = {
    "people": [
        (1, "Anna", 33, 1.75, "12"),
        (2, "anton", None, 1.6, "7 of 9"),
        (3, "Paul", 51, None, "0012"),
        (4, "Ida", 19, 1.81, "x"),
        (5, " Rose ", 51, 1.7, None),
    ],
    "pets": [
        (1, "1", 1, "cat", "Tom", 4.5),
        (2, "2.0", 1, "cat", None, 6.25),
        (3, " 3 ", 3, "dog", "Rex", None),
        (4, "none", 4, "dog", "Bo", None),
        (5, None, 3, "bird", "Pip", 0.1),
        (6, "99", 3, "dog", "Max", 12.0),
    ],
}


def catalogue() -> Catalogue:
    """Return what a plan may name."""
    return catalogue_of(TABLES, KEYS)


def filled(connection: duckdb.DuckDBPyConnection | sqlite3.Connection) -> None:
    """Make the tables and their rows."""
    for table, columns in TABLES.items():
        sqlite = isinstance(connection, sqlite3.Connection)
        written = ", ".join(f"{name} {AFFINITIES[kind] if sqlite else kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} ({written})")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", ROWS[table])  # noqa: S608 -- names of this file
