"""`ask`: a free question over tables, answered by a plan that was searched for, run in the jail and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tracewright.cli.plan import readable
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, say, table

if TYPE_CHECKING:
    from tracewright.pipeline.asking import Answer


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("ask")(ask)


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="One question in English.")],
    data: Annotated[str, typer.Option("--data", help="A set, as `data list` names it, or a file: PATH.csv, ….")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Answer a question over tables without a model; exits 1 where the data or the plans cannot."""
    from tracewright.pipeline.asking import answer

    found = asyncio.run(answer(home, data, question))
    if as_json:
        emit(found)
    else:
        _show(found)
    if found.status != "answered":
        raise typer.Exit(1)


def _show(found: Answer) -> None:
    if found.plan is None:
        say(printable(found.reason))
        return
    say(f"{found.answered_by}: {printable(found.reading)}")
    say(f"plan {printable(readable(found.plan))}")
    say(f"sql {printable(found.sql)}")
    if found.status == "answered":
        table([printable(name) for name in found.columns], found.rows)
        more = f", the first {len(found.rows)} are shown" if found.row_count > len(found.rows) else ""
        say(f"{found.row_count} row{'' if found.row_count == 1 else 's'}{more}" if found.rows else "no row fits")
    else:
        note(f"{found.code}: {printable(found.reason)}")
    if found.picture:
        say(f"picture {found.picture}")
    if found.notice:
        note(printable(found.notice))
    for other in found.others:
        note(f"or did you mean: {printable(other)}?")
    say(f"capsule {found.capsule}")
