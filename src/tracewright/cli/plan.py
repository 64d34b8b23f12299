"""`plan import`: SQL that becomes a plan, or is refused with a reason."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tracewright.cli.files import read_text
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, say

plan = typer.Typer(help="Ask tables by plans: JSON that is never SQL.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(plan, name="plan")


@plan.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One query in SQL.")],
    data: Annotated[str, typer.Option("--data", help="A set, as `data list` names it, or a file: PATH.duckdb, ….")],
    dialect: Annotated[
        Literal["duckdb", "sqlite"],
        typer.Option(help="Whose SQL it is, where the two differ."),
    ] = "duckdb",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Read one query as a plan that means the same, in the jail; exits 1 where no plan can say it. Runs nothing."""
    from tracewright.pipeline.importing import imported

    outcome = asyncio.run(imported(home, data, read_text(file), dialect))
    found: Any = outcome.result
    if outcome.status != "ok":
        found = {"code": outcome.code or outcome.status, "reason": outcome.message}
        note(f"{found['code']}: {found['reason']}")
    if as_json:
        emit(found)
    elif outcome.status == "ok":
        _show(found)
    if outcome.status != "ok":
        raise typer.Exit(1)


def _show(found: Any) -> None:
    say(_readable(found["plan"]))
    for called, name in found["renamed"]:
        note(f"{called!r} is called {name!r} in the plan")
    for remark in found["notes"]:
        note(remark)


def _readable(body: dict[str, Any]) -> str:
    """Write a plan with a line for each step."""
    lines = []
    for key, value in body.items():
        text = json.dumps(value, ensure_ascii=False)
        if key == "steps":
            steps = ",\n".join(f"    {json.dumps(step, ensure_ascii=False)}" for step in value)
            text = f"[\n{steps}\n  ]"
        lines.append(f'  "{key}": {text}')
    return "{\n" + ",\n".join(lines) + "\n}"
