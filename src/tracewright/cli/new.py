"""`new env`: start an environment of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracewright.cli.screen import Json, emit, say

new = typer.Typer(help="Start something of one's own.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(new, name="new")


@new.callback()
def root() -> None:
    """Start something of one's own."""


@new.command("env")
def new_env(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The Python file to write, such as units.py.")],
    as_json: Json = False,
) -> None:
    """Write a one-file environment that works, to be changed into one's own; an existing file is never touched."""
    from tracewright.pipeline.scaffold import write_environment

    write_environment(file)
    named = str(file if file.is_absolute() else Path("./") / file)
    named = named if file.is_absolute() or named.startswith(".") else f"./{named}"
    if as_json:
        emit({"file": named})
        return
    say(f"wrote {named}; prove it sound with: tracewright tasks check {named}")
    say(f"and play it with: tracewright rollout --env {named} --policy oracle")
