"""What people and programs see: tables and progress on a terminal, one JSON value under `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from typer.core import TyperGroup

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
Home = Annotated[
    Path, typer.Option("--home", envvar="TRACEWRIGHT_HOME", help="The folder that holds all that is made.")
]
DEFAULT_HOME = Path(".tracewright")
PLAIN_SECONDS = 5.0
FILE_WIDTH = 160


class DefaultGroup(TyperGroup):
    """A group whose `list` runs when the first word is no command: `tasks astgrep` is `tasks list astgrep`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def emit(value: BaseModel | object) -> None:
    """Print one JSON value on standard output."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")


def say(text: str) -> None:
    """Print one line for people."""
    sys.stdout.write(printable(text) + "\n")


def note(text: str) -> None:
    """Print one line for people beside the answer, on standard error."""
    sys.stderr.write(printable(text) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; numbers stand to the right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    cells = [list(row) for row in rows]
    drawn = Table(title=title or None, title_justify="left")
    for index, column in enumerate(columns):
        number = bool(cells) and all(isinstance(row[index], int | float | None) for row in cells)
        # What stands first names its row and is meant to be copied, so it stays in one piece.
        drawn.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=index == 0)
    for row in cells:
        drawn.add_row(*(escape(printable(_text(cell))) for cell in row))
    Console(width=None if sys.stdout.isatty() else FILE_WIDTH).print(drawn)


def _text(cell: object) -> str:
    """Return a value as a person reads it: nothing for none, and no digits that a double does not hold for sure."""
    if cell is None:
        return ""
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)


def printable(text: str) -> str:
    """Return text that cannot drive the terminal: control characters other than line breaks become `�`."""
    return "".join(char if char in "\n\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how far a command is: a bar with rate and time left, plain lines when not a terminal."""
    if sys.stderr.isatty():
        with _bar(what) as update:
            yield update
    else:
        yield _plain(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    rate = TextColumn("{task.fields[rate]}")
    begun = monotonic()
    with Progress(*columns, rate, console=Console(stderr=True)) as bar:
        line = bar.add_task(what, total=None, rate="")

        def update(done: int, total: int) -> None:
            per_second = done / max(monotonic() - begun, 1e-9)
            bar.update(line, completed=done, total=total, rate=f"{per_second:.1f}/s")

        yield update


def _plain(what: str) -> Callable[[int, int], None]:
    begun, last = monotonic(), [-PLAIN_SECONDS]

    def update(done: int, total: int) -> None:
        passed = monotonic() - begun
        if passed - last[0] < PLAIN_SECONDS and done < total:
            return
        last[0] = passed
        left = f", {passed / done * (total - done):.0f} s left" if done else ""
        note(f"{what}: {done} of {total}, {done / max(passed, 1e-9):.1f}/s{left}")

    return update
