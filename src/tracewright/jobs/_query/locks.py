"""Opens a database so that a query can read its tables and nothing else.

The locks hold files, network and settings. They hold neither the memory of one call nor its time: limits of the
process do. And they let a query read the catalogue: the policy does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs._query.policy import Written
from tracewright.jobs._query.reviewed import REVIEWED, fold
from tracewright.jobs._query.walk import Catalogue

OPENING: dict[str, Any] = {
    "temp_directory": "",
    "memory_limit": "512MB",
    "threads": 1,
    "async_threads": 0,
    "max_expression_depth": 250,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}
"""Locks that are set while the file is opened, which is quicker than a statement each."""
LOCKS = (
    # A file may bring macros: the engine's own names come first, so that no file gives them another meaning.
    "SET search_path={path}",
    "SET operator_memory_limit='256MB'",
    "SET TimeZone='UTC'",
    "SET enable_progress_bar=false",
    "SET allowed_configs=[]",
    "SET enable_external_access=false",
    "SET disabled_filesystems='LocalFileSystem'",
    "SET lock_configuration=true",
)
"""Locks in their order: own files stay open to queries until file systems are disabled, settings until the last."""

_TABLES = "SELECT table_name FROM system.main.duckdb_tables() WHERE database_name = ? AND schema_name = 'main'"

# By full names: a file may bring macros that are called like anything.
_TREE = "SELECT system.main.json_serialize_sql(?)"
_WRITE = """
PREPARE write AS SELECT tree, text, system.main.json_serialize_sql(text) AS again
FROM (SELECT tree, system.main.json_deserialize_sql(tree) AS text
      FROM (SELECT system.main.json_serialize_sql(system.main.decode(system.main.from_hex($1::VARCHAR))) AS tree))
"""


@dataclass(frozen=True)
class Opened:
    """A locked database: `data` runs queries, `parser` only reads texts and never sees the data."""

    data: duckdb.DuckDBPyConnection
    parser: duckdb.DuckDBPyConnection
    database: str


def open_locked(path: Path, seconds: float) -> Opened:
    """Open a file read-only and lock it; the engine's own timer stands behind the parent's `seconds`."""
    config = {**OPENING, "max_execution_time": int(seconds * 1000) + 500}
    connection = duckdb.connect(str(path), read_only=True, config=config)
    [database] = _one_row(connection.execute("SELECT system.main.current_database()"))
    # Reading a text needs no plan worth improving; what one connection switches off, the other keeps.
    parser = connection.cursor()
    parser.execute("PRAGMA disable_optimizer")
    quoted = str(database).replace('"', '""')
    for lock in LOCKS:
        connection.execute(lock.format(path=_text(f'system.main,"{quoted}".main')))
    return Opened(connection, parser, str(database))


def catalogue_of(opened: Opened, tables: Iterable[str] = ()) -> Catalogue:
    """Return the tables that may be read: those named, else those of the file; no views, no names of the engine.

    Looking them up costs more than most queries, so whoever knows them names them.
    """
    named = tuple(tables) or [name for (name,) in opened.data.execute(_TABLES, [opened.database]).fetchall()]
    return Catalogue(fold(opened.database), frozenset(map(fold, named)) - REVIEWED.views)


class Parser:
    """What the policy asks of the engine, by a locked connection."""

    def __init__(self, opened: Opened) -> None:
        self._connection = opened.parser
        # Prepared, it is planned once, and not anew for every text.
        self._connection.execute(_WRITE)

    def write(self, text: str) -> Written:
        # What is prepared takes no bound values, and no text in hexadecimal digits can end its quotes.
        return Written(*_one_row(self._connection.execute(f"EXECUTE write('{text.encode().hex()}')")))

    def tree(self, text: str) -> str:
        return str(_one_row(self._connection.execute(_TREE, [text]))[0])

    def count(self, text: str) -> int:
        return len(self._connection.extract_statements(text))


def _one_row(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    # All rows are fetched, or the connection would take the query for unfinished.
    [row] = result.fetchall()
    return tuple(row)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
