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
from tracewright.jobs._query.engine import hindered
from tracewright.tables.content import SAFE_NAME

ISOLATION: IsolationNeed = "oneshot"
DATABASE_BYTES = 120 << 20
"""What a reply of the jail can carry, with room for its header."""
MEMORY_BYTES = 512 << 20
FILE = "tables.duckdb"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Load every source; a file that is not what it is said to be is an `action_error` with a code of its own."""
    if hindrance := hindered():
        return Result("action_error", "no_engine", hindrance)
    database = Path(FILE)
    try:
        facts = _loaded(database, request, inputs)
        data = database.read_bytes()
    except Refusal as refusal:
        return Result("action_error", refusal.code, refusal.message)
    except (duckdb.Error, OSError, ValueError) as error:
        return Result("action_error", "unreadable_file", f"the file cannot be read: {_first_lines(error)}")
    finally:
        # What lies in the workspace would be taken for a text that the job wrote.
        for left in Path().glob(f"{FILE}*"):
            left.unlink()
    if len(data) > DATABASE_BYTES:
        wanted = (
            f"wanted tables of at most {DATABASE_BYTES >> 20} MiB, found {len(data) >> 20} MiB; register fewer rows"
        )
        return Result("action_error", "too_large", wanted)
    return Result(result=facts, artifacts={"database": data})


def _loaded(path: Path, request: Mapping[str, Any], inputs: Mapping[str, Path]) -> dict[str, Any]:
    # One thread, so that rows lie in the order of the file; nothing is fetched, whatever a file asks for.
    config: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    config |= {"temp_directory": "", "python_enable_replacements": False}
    config |= {"memory_limit": f"{int(request.get('memory_bytes', MEMORY_BYTES))}B"}
    with duckdb.connect(str(path), config=config) as database:
        database.execute("SET TimeZone = 'UTC'")
        found = [made for source in request["sources"] for made in _made(database, source, inputs)]
        tables = [made for made in found if not isinstance(made, Skipped)]
        if not tables:
            raise Refusal("no_tables", "wanted at least one table, found none that can be taken")
        facts = [_facts(database, made) for made in tables]
        skipped = [{"name": made.name[:100], "reason": made.reason} for made in found if isinstance(made, Skipped)]
        database.execute("CHECKPOINT")
    return {"tables": facts, "skipped": skipped[:MOST_TABLES], "engine": duckdb.__version__}


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


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:500]
