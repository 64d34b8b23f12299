"""Opens a database so that a query can read its tables and nothing else.

The locks hold files, network and settings. They hold neither the memory of one call nor its time: limits of the
process do. And they let a query read the catalogue: the policy does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs._query.policy import Engine
from tracewright.jobs._query.reviewed import fold, reviewed
from tracewright.jobs._query.walk import Catalogue

LOCKS = (
    # Files may bring macros and views: the engine's own names come first, so that no file renames them.
    "SET search_path={path}",
    "SET temp_directory=''",
    "SET memory_limit='512MB'",
    "SET operator_memory_limit='256MB'",
    "SET threads=1",
    "SET max_execution_time={milliseconds}",
    "SET max_expression_depth=250",
    "SET TimeZone='UTC'",
    "SET enable_progress_bar=false",
    "SET autoinstall_known_extensions=false",
    "SET autoload_known_extensions=false",
    "SET allow_community_extensions=false",
    "SET allow_unsigned_extensions=false",
    "SET allow_persistent_secrets=false",
    "SET python_enable_replacements=false",
    "SET allowed_configs=[]",
    "SET enable_external_access=false",
    "SET disabled_filesystems='LocalFileSystem'",
    "SET lock_configuration=true",
)
"""In this order: temporary folders cannot be set after external access, and files cannot be opened after the last."""

_TABLES = "SELECT table_name FROM system.main.duckdb_tables() WHERE database_name = ? AND schema_name = 'main'"


def open_locked(path: Path, seconds: float) -> duckdb.DuckDBPyConnection:
    """Open a file read-only and lock the connection; the engine's own timer stands behind the parent's `seconds`."""
    connection = duckdb.connect(str(path), read_only=True)
    quoted = _database(connection).replace('"', '""')
    fields = {"path": _text(f'system.main,"{quoted}".main'), "milliseconds": int(seconds * 1000) + 500}
    for lock in LOCKS:
        connection.execute(lock.format(**fields))
    return connection


def catalogue_of(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Return the tables of the file; no views, and no table that is called like a view of the engine."""
    database = connection.execute("SELECT database_name FROM system.main.duckdb_databases() WHERE NOT internal")
    [name] = _one_row(database)
    found = connection.execute(_TABLES, [name]).fetchall()
    return Catalogue(fold(str(name)), frozenset(fold(table) for (table,) in found) - reviewed().views)


def engine_of(connection: duckdb.DuckDBPyConnection) -> Engine:
    """Return what the policy asks of the engine, by a connection that is locked."""
    return Engine(
        ask=lambda statement, text: str(_one_row(connection.execute(statement, [text]))[0]),
        count=lambda text: len(connection.extract_statements(text)),
    )


def _database(connection: duckdb.DuckDBPyConnection) -> str:
    return str(_one_row(connection.execute("SELECT system.main.current_database()"))[0])


def _one_row(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    # All rows are fetched, or the connection would take the query for unfinished.
    [row] = result.fetchall()
    return tuple(row)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
