"""Lays the functions that plans may call beside those of the installed DuckDB, and names what nobody has looked at.

A name that is new goes into the list `unreviewed` of `functions.json`; a person moves it to `offered`, with its types,
or to `left_out`. A test fails as long as any is unreviewed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import duckdb

FILE = Path(__file__).parents[1] / "src" / "tracewright" / "plans" / "functions.json"
KINDS = ("scalar", "aggregate", "macro", "window")
WIDTH = 118


def engine_names() -> set[str]:
    """Return the names that the engine lets a query call, without operators."""
    with duckdb.connect() as connection:
        found = connection.execute("SELECT DISTINCT function_name, function_type FROM duckdb_functions()").fetchall()
    return {name for name, kind in found if kind in KINDS and re.fullmatch(r"[a-z_][a-z0-9_]*", name)}


def reviewed(data: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return the file's content for an engine with these names."""
    known = {*data["offered"], *data["left_out"]}
    gone = sorted(set(data["offered"]) - names)
    left_out = sorted(set(data["left_out"]) & names)
    offered = {name: data["offered"][name] for name in sorted(data["offered"])}
    return {
        "duckdb": duckdb.__version__,
        "gone": gone,
        "unreviewed": sorted(names - known),
        "offered": offered,
        "left_out": left_out,
    }


def text_of(data: dict[str, Any]) -> str:
    """Return the file as it is kept: one offered function a line, the names left out in paragraphs."""
    lines = [f' "{key}": {json.dumps(data[key])},' for key in ("duckdb", "gone", "unreviewed")]
    rows = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in data["offered"].items()]
    names, row = [], "  "
    for name in data["left_out"]:
        if len(row) + len(name) + 4 > WIDTH:
            names.append(row.rstrip())
            row = "  "
        row += json.dumps(name) + ", "
    names.append(row.rstrip(", "))
    return "\n".join(["{", *lines, ' "offered": {', ",\n".join(rows), " },", ' "left_out": [', *names, " ]", "}", ""])


def main() -> int:
    """Write the file anew; 1 where something is unreviewed or gone."""
    data = reviewed(json.loads(FILE.read_text()), engine_names())
    FILE.write_text(text_of(data))
    for key in ("unreviewed", "gone"):
        if data[key]:
            print(f"{key}: {', '.join(data[key])}")  # noqa: T201  # a check speaks to its terminal
    return 1 if data["unreviewed"] or data["gone"] else 0


if __name__ == "__main__":
    sys.exit(main())
