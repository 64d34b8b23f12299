"""`demo`: the wheel in minutes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, progress, say, table


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("demo")(demo)


def demo(
    fast: Annotated[bool, typer.Option("--fast", help="A short turn, for a first look.")] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Turn the whole wheel once: tasks, verified traces, a dataset, rendered exports, a report, replays."""
    from tracewright.pipeline.demo import demo as turn

    with progress("tasks") as update:
        report = asyncio.run(turn(home, fast, jobs, note, update))
    if as_json:
        emit(report)
    else:
        rows = [
            (name, value, tally.tasks, tally.verified)
            for name, slices in report.by.items()
            for value, tally in slices.items()
        ]
        table(("by", "", "tasks", "verified"), rows)
        say(f"{report.verified} of {report.tasks} tasks verified, {report.traces} traces, {report.failed} failed")
        say(f"{report.seconds} s in all, {report.steps_per_second} steps/s while playing")
        say(
            f"dataset {report.dataset} ({report.sha256[:16]}): {report.examples} examples in {home / report.exports[0]}"
        )
        say(f"replayed {report.replayed} traces: {report.agreed} came out the same")
        say(f"report: {home / report.report}")
    if report.failed or report.agreed < report.replayed:
        raise typer.Exit(1)
