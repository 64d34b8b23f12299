"""The `tracewright` command: gathers the nouns and turns our errors into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from tracewright import __version__
from tracewright.cli import (
    capsule,
    data,
    dataset,
    demo,
    doctor,
    mine,
    new,
    plan,
    replay,
    rollout,
    rule,
    sandbox,
    schema,
    sql,
    state,
    tasks,
    traces,
)
from tracewright.cli.screen import note
from tracewright.errors import TracewrightError

INTERRUPTED = 130

app = typer.Typer(
    name="tracewright",
    help="Turns tasks with checkable outcomes into verified traces and versioned datasets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for noun in (
    demo,
    doctor,
    rollout,
    tasks,
    mine,
    new,
    traces,
    replay,
    dataset,
    data,
    sql,
    plan,
    capsule,
    rule,
    sandbox,
    state,
    schema,
):
    noun.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tracewright {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Read the options that stand before every command."""


def main() -> None:
    """Run the command line; exits 0 done, 1 failed work, 2 wrong use, 3 missing part, 130 interrupted."""
    try:
        app()
    except TracewrightError as error:
        note(f"tracewright: {error}")
        raise SystemExit(error.exit_code) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("tracewright: interrupted\n")
        raise SystemExit(INTERRUPTED) from error
    except BrokenPipeError as error:
        _leave_quietly(error)
    except SystemExit as leaving:
        # The library makes of a reader that hung up a failure, and keeps what it was only as the context.
        if isinstance(leaving.__context__, BrokenPipeError):
            _leave_quietly(leaving.__context__)
        raise


def _leave_quietly(error: BrokenPipeError) -> NoReturn:
    """Whoever read our output has heard enough: that is no failure, and no reason to complain again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    raise SystemExit(0) from error


if __name__ == "__main__":
    main()
