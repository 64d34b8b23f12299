"""`schema`: the JSON Schemas of the public records, and of query plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tracewright.cli.screen import emit, note


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("schema")(schema)


def schema(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A record, e.g. task or query_plan; all if empty.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write <name>.json files to this folder instead.")] = None,
) -> None:
    """Print the JSON Schema of a record, or of all public records by name."""
    from tracewright.blobs import write_whole
    from tracewright.plans.schema import plan_schema
    from tracewright.records.schemas import schemas

    found = dict(sorted({**schemas(), "query_plan": plan_schema()}.items()))
    if name:
        key = _find(name, list(found))
        found = {key: found[key]}
    if out is None:
        emit(next(iter(found.values())) if name else found)
        return
    for key, one in found.items():
        write_whole(out / f"{key}.json", json.dumps(one, indent=2, ensure_ascii=False) + "\n")
    note(f"wrote {len(found)} schemas to {out}")


def _find(name: str, known: list[str]) -> str:
    from tracewright.errors import UsageError

    wanted = name.replace("_", "").lower()
    for key in known:
        if key.replace("_", "") == wanted:
            return key
    raise UsageError(f"there is no record {name!r}; there are: {', '.join(known)}")
