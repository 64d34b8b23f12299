"""Loads foreign files into one DuckDB file of plain tables, and says what it found in them.

A request lists `sources`, each with `input` (a mount), `format` (csv, parquet, arrow or duckdb) and, but for duckdb,
the `table` to make; a CSV may have `columns` ([[name, type], …]; else types are inferred from all rows) and `header`.
The artifact `database` is the file; `result` holds tables, what was skipped, and the engine. Of a CSV, broken rows are
counted and named; any other file is loaded whole or not at all. `memory_bytes` is what the engine may use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._load_tables.facts import facts_of
from tracewright.jobs._load_tables.read import MOST_TABLES, Loaded, Skipped, load
from tracewright.jobs._load_tables.refusal import Refusal
from tracewright.jobs._load_tables.writing import MEMORY_BYTES, written
from tracewright.tables.content import SAFE_NAME

ISOLATION: IsolationNeed = "oneshot"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Load every source; a file that is not what it is said to be is an `action_error` with a code of its own."""
    memory = int(request.get("memory_bytes", MEMORY_BYTES))
    return written(lambda database: _loaded(database, request, inputs), memory)


def _loaded(
    database: duckdb.DuckDBPyConnection, request: Mapping[str, Any], inputs: Mapping[str, Path]
) -> dict[str, Any]:
    found = [made for source in request["sources"] for made in _made(database, source, inputs)]
    tables = [made for made in found if not isinstance(made, Skipped)]
    if not tables:
        raise Refusal("no_tables", "wanted at least one table, found none that can be taken")
    facts = [_facts(database, made) for made in tables]
    skipped = [{"name": made.name[:100], "reason": made.reason} for made in found if isinstance(made, Skipped)]
    return {"tables": facts, "skipped": skipped[:MOST_TABLES]}


def _facts(database: duckdb.DuckDBPyConnection, made: Loaded) -> dict[str, Any]:
    table = facts_of(database, made.name, made.key)
    return {"table": table, "rejected": list(made.rejected), "rejected_rows": made.rejected_rows}


def _made(database: duckdb.DuckDBPyConnection, source: Mapping[str, Any], inputs: Mapping[str, Path]) -> Iterator[Any]:
    name = source.get("table", "")
    if source["format"] != "duckdb" and not SAFE_NAME.fullmatch(name):
        raise Refusal("bad_name", f"wanted a table name of letters, digits and _, found {str(name)[:80]!r}")
    for number, made in enumerate(load(database, source, inputs[source["input"]])):
        if number >= MOST_TABLES:
            raise Refusal("too_many_tables", f"wanted at most {MOST_TABLES} tables and views, found more")
        yield made
