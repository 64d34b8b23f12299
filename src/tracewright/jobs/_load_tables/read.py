"""Copies a foreign file into tables of our own: CSV, Parquet, Arrow, or the tables of another DuckDB file.

Only plain tables come out: views, macros, indexes, defaults and types of the file's own stay behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs._load_tables.refusal import Refusal
from tracewright.tables.content import SAFE_NAME

SHOWN_REJECTS = 20
MOST_TABLES, MOST_COLUMNS = 100, 1000
PLAIN = re.compile(
    r"BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|DATE|TIME|TIMESTAMP"
    r"|TIMESTAMP WITH TIME ZONE|INTERVAL|UUID|BLOB|JSON"
)
NESTED = re.compile(r"(STRUCT|MAP)\(.*\)|.*\[\d*\]", re.DOTALL)
STAMPS = re.compile(r"TIMESTAMP_(S|MS|NS)")
CSV = "header = {header}, skip = 0, comment = '', compression = 'none', nullstr = '', allow_quoted_nulls = false"
REJECTS, SCANS = "temp.main.reject_errors", "temp.main.reject_scans"
BROKEN_LINES = (
    f"SELECT line, first(column_name), first(error_type), first(error_message) FROM {REJECTS}"  # noqa: S608
    f" GROUP BY line ORDER BY line LIMIT {SHOWN_REJECTS}"
)
SNIFFED = "sample_size = -1, store_rejects = true, rejects_limit = 0"  # 0: without limit


@dataclass(frozen=True)
class Loaded:
    """A table that was made: its key as the file declared it, and the rows that could not be read."""

    name: str
    key: Sequence[str] = ()
    rejected: Sequence[Mapping[str, Any]] = ()
    rejected_rows: int = 0


@dataclass(frozen=True)
class Skipped:
    """Something of a DuckDB file that was left behind, and why."""

    name: str
    reason: str


def load(database: duckdb.DuckDBPyConnection, source: Mapping[str, Any], path: Path) -> Iterator[Loaded | Skipped]:
    """Make the tables of one source; raises Refusal or duckdb.Error for a file that is not what it is said to be."""
    match source["format"]:
        case "csv":
            yield _csv(database, source, path)
        case "parquet":
            _make(database, source["table"], "read_parquet($path)", path)
            yield Loaded(source["table"])
        case "arrow":
            yield _arrow(database, source["table"], path)
        case "duckdb":
            yield from _duckdb(database, path)
        case other:
            raise Refusal("bad_format", f"wanted csv, parquet, arrow or duckdb, found {str(other)[:40]!r}")


def quoted(name: str) -> str:
    """Return a name as SQL says it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _csv(database: duckdb.DuckDBPyConnection, source: Mapping[str, Any], path: Path) -> Loaded:
    name, columns = source["table"], source.get("columns")
    options = CSV.format(header="true" if source.get("header", True) else "false")
    if columns:
        types = ", ".join(f"{_literal(column)}: {_literal(kind)}" for column, kind in columns)
        _make(database, name, f"read_csv($path, {options}, delim = ',', columns = {{{types}}})", path)
        return Loaded(name)
    if not path.stat().st_size:
        raise Refusal("empty_file", "wanted a CSV with a line of names, found an empty file")
    database.execute(f"DROP TABLE IF EXISTS {REJECTS}; DROP TABLE IF EXISTS {SCANS}")  # those of the file before
    _make(database, name, f"read_csv($path, {options}, {SNIFFED})", path)
    # One broken line can break several columns.
    count = database.execute(f"SELECT count(DISTINCT line) FROM {REJECTS}").fetchall()  # noqa: S608  # our own name
    shown = database.execute(BROKEN_LINES).fetchall()
    rejected = [
        {"table": name, "line": line, "column": column or "", "reason": f"{kind}: {text}"[:300]}
        for line, column, kind, text in shown
    ]
    return Loaded(name, rejected=rejected, rejected_rows=count[0][0])


def _arrow(database: duckdb.DuckDBPyConnection, name: str, path: Path) -> Loaded:
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        try:
            table = pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            table = pa.ipc.open_stream(file).read_all()
        database.register("incoming", table)
        _make(database, name, "incoming")
        database.unregister("incoming")
    return Loaded(name)


def _duckdb(database: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Loaded | Skipped]:
    database.execute(f"ATTACH {_literal(str(path))} AS foreign_file (READ_ONLY)")
    found = "FROM {} WHERE database_name = 'foreign_file' AND NOT internal ORDER BY schema_name, {}"
    views = database.execute("SELECT view_name " + found.format("duckdb_views()", "view_name")).fetchall()
    yield from (Skipped(name, "it is a view; only tables are taken") for (name,) in views)
    listed = "SELECT schema_name, table_name " + found.format("duckdb_tables()", "table_name")
    for schema, name in database.execute(listed).fetchall():
        if schema != "main" or not SAFE_NAME.fullmatch(name):
            yield Skipped(f"{schema}.{name}", "its name is not letters, digits and _ in the schema main")
            continue
        _make(database, name, f"foreign_file.main.{quoted(name)}")
        yield Loaded(name, key=_key(database, name))
    database.execute("DETACH foreign_file")


def _key(database: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    asked = (
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = 'foreign_file'"
        " AND schema_name = 'main' AND table_name = $table AND constraint_type = 'PRIMARY KEY'"
    )
    found = database.execute(asked, {"table": table}).fetchall()
    return list(found[0][0]) if found else []


def _make(database: duckdb.DuckDBPyConnection, name: str, place: str, path: Path | None = None) -> None:
    """Make the table `name` from a place to select from, in plain types."""
    given = {"path": str(path)} if path else {}
    columns = database.execute(f"DESCRIBE SELECT * FROM {place}", given).fetchall()  # noqa: S608  # texts of ours
    if len(columns) > MOST_COLUMNS:
        raise Refusal("too_many_columns", f"wanted at most {MOST_COLUMNS} columns, found {len(columns)} in {name}")
    kept = ", ".join(_plain(column, kind) for column, kind, *_ in columns)
    database.execute(f"CREATE TABLE main.{quoted(name)} AS SELECT {kept} FROM {place}", given)  # noqa: S608


def _plain(column: str, kind: str) -> str:
    name = quoted(column)
    if PLAIN.fullmatch(kind) or NESTED.fullmatch(kind):
        return name
    return f"CAST({name} AS {'TIMESTAMP' if STAMPS.fullmatch(kind) else 'VARCHAR'}) AS {name}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
