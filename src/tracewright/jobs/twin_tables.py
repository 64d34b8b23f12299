"""Makes a twin of a file of tables: the same schema, types and keys, over which other answers are right.

`{"tables": [{"name", "key", "columns": [{"name", "type"}]}], "relationships": [{"from", "to"}], "seed", "number"}` with
one input. `result` holds the hash of each table's content, the same everywhere; the artifact `database` is the file.
Twins 1 and 2 differ in names, rows, measures and moments, twin 2 by whole things, twin 3 in names and rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._load_tables.facts import facts_of
from tracewright.jobs._load_tables.read import quoted
from tracewright.jobs._load_tables.refusal import Refusal
from tracewright.jobs._load_tables.writing import MEMORY_BYTES, written
from tracewright.jobs._twin_tables.links import ORIGINAL, Known, links
from tracewright.jobs._twin_tables.rows import Thinning, keep_some, kept
from tracewright.jobs._twin_tables.values import cells, joins, renamed

ISOLATION: IsolationNeed = "oneshot"
THINNINGS = {1: (4, False, True), 2: (4, True, False), 3: (12, False, False)}
"""One in how many is left out of each twin; whether whole things are, and whether sums stay true."""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Make the twin `number` of the one input; the same content gives the same twin, whatever file it lies in."""
    [path] = inputs.values()
    memory = int(request.get("memory_bytes", MEMORY_BYTES))
    return written(lambda database: _made(database, request, path), memory)


def _made(database: duckdb.DuckDBPyConnection, request: Mapping[str, Any], path: Path) -> dict[str, Any]:
    literal = "'" + str(path).replace("'", "''") + "'"
    database.execute(f"ATTACH {literal} AS {ORIGINAL} (READ_ONLY)")
    tables = [
        Known(table["name"], table.get("key", []), {c["name"]: c["type"] for c in table["columns"]})
        for table in request["tables"]
    ]
    if named := next((table.name for table in tables if "rowid" in map(str.casefold, table.columns)), None):
        raise Refusal(
            "odd_column", f"the table {named!r} has a column `rowid`, which hides the engine's numbers of rows"
        )
    number, seed = int(request["number"]), f"{request['seed']} {request['number']}"
    found = links(database, tables, [(told["from"], told["to"]) for told in request.get("relationships", [])])
    keep_some(database, tables, found, Thinning(seed, *THINNINGS[number]))
    maps = renamed(database, tables, found, seed)
    for place, table in enumerate(tables):
        shown = ", ".join(cells(database, table, found, maps, measures=number < 3))
        database.execute(
            f"CREATE TABLE main.{quoted(table.name)} AS SELECT {shown} FROM {ORIGINAL}.main.{quoted(table.name)} AS o"  # noqa: S608  # names are quoted
            f" JOIN {kept(place)} AS k ON o.rowid = k.row{joins(table, found, maps)} ORDER BY o.rowid"
        )
    database.execute(f"DETACH {ORIGINAL}")
    facts = {table.name: facts_of(database, table.name, table.key) for table in tables}
    return {"tables": {name: {"sha256": fact["sha256"], "rows": fact["row_count"]} for name, fact in facts.items()}}
