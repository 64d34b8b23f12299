"""`doctor`: what holds on this machine, each miss with its fix."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, table


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("doctor")(doctor)


def doctor(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show which sandboxes hold, which extras are installed and whether the store can be used; exits 3 with no jail."""
    sandboxes = asyncio.run(_sandboxes(home))
    answer = {"sandboxes": sandboxes, "extras": _extras(), "stores": asyncio.run(_stores(home))}
    if as_json:
        emit(answer)
    else:
        for title, rows in answer.items():
            table(
                (title, "", "found", "fix"), [(r["name"], "✓" if r["ok"] else "✗", r["reason"], r["fix"]) for r in rows]
            )
    if not any(row["ok"] for row in sandboxes):
        raise typer.Exit(3)


def _row(name: str, ok: bool, reason: str = "", fix: str = "") -> dict[str, str | bool]:
    return {"name": name, "ok": ok, "reason": reason, "fix": fix}


async def _sandboxes(home: Path) -> list[dict[str, str | bool]]:
    from tracewright.errors import TracewrightError
    from tracewright.pipeline.build import NEVER_AUTO, open_sandbox, sandbox_names
    from tracewright.records.recipe import SandboxPart

    rows = []
    for name in (*sandbox_names(), *sorted(NEVER_AUTO)):
        try:
            async with open_sandbox(SandboxPart(name=name), home) as sandbox:
                isolation = await sandbox.preflight()
            found = f"{isolation.level}, memory by {isolation.memory}, network {isolation.network}"
            found += f", lacks {', '.join(isolation.lacks)}" if isolation.lacks else ""
            rows.append(_row(name, True, found))
        except TracewrightError as error:
            found, _, fix = str(error).partition("; ")
            rows.append(_row(name, False, found, fix))
    return rows


def _extras() -> list[dict[str, str | bool]]:
    from tracewright.registry import EXTRAS

    rows = []
    for extra in sorted(set(EXTRAS.values())):
        libraries = sorted(library for library in EXTRAS if EXTRAS[library] == extra)
        missing = [library for library in libraries if find_spec(library) is None]
        fix = f"pip install 'tracewright[{extra}]'" if missing else ""
        found = f"{missing[0]} is not installed" if missing else ", ".join(libraries)
        rows.append(_row(extra, not missing, found, fix))
    return rows


async def _stores(home: Path) -> list[dict[str, str | bool]]:
    from tracewright.errors import TracewrightError
    from tracewright.pipeline.build import store_of
    from tracewright.records.recipe import StorePart
    from tracewright.stores import Query

    try:
        count = await store_of(StorePart(), home).count(Query())
    except TracewrightError as error:
        return [_row("sql", False, str(error), "choose another --home")]
    return [_row("sql", True, f"{count} traces in {home}")]
