"""`state dump`: the agent's memory of a task."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, say

state = typer.Typer(help="Look at the agent's memory.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(state, name="state")


@state.callback()
def root() -> None:
    """Look at the agent's memory."""


@state.command("dump")
def dump(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task id, or its first 8 characters or more.")],
    rollout: Annotated[str, typer.Option(help="Look in this rollout only.")] = "",
    attempt: Annotated[int | None, typer.Option(help="Of several attempts, this one; else the last.", min=0)] = None,
    store: Annotated[str, typer.Option(help="The store: sql or jsonl.")] = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Print what the agent remembered after the last finished step: of the newest rollout, else of a stored trace."""
    from tracewright.pipeline.memory import remember
    from tracewright.records.state import render

    found = asyncio.run(remember(home, store, task, rollout, attempt))
    if as_json:
        emit(found)
        return
    whence = f"trace {found.trace[:12]}" if found.trace else f"rollout {found.rollout}"
    note(f"task {found.task[:12]}, attempt {found.attempt} of {whence}, after {found.steps} steps")
    say(printable(render(found.state)) or "nothing is remembered")
