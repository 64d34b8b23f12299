"""`replay` and `rejudge`: run stored traces again, grade them again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, progress, say, table


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("replay")(replay)
    app.command("rejudge")(rejudge)


def replay(
    traces: Annotated[
        list[str] | None, typer.Argument(metavar="[TRACE]...", help="Trace ids; all if none is named.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Draw so many of them at random.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="The seed of the draw.", min=0)] = 7,
    input_file: Annotated[Path | None, typer.Option("--input", help="Read the traces from this JSONL instead.")] = None,
    store: Annotated[str, typer.Option(help="The store: sql or jsonl.")] = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run every action of stored traces in the jail again and compare each step with what was stored."""
    from tracewright.cli.rollout import name_drops
    from tracewright.pipeline.again import replay_traces
    from tracewright.pipeline.tasks import Drops

    drops = Drops()
    with progress("traces") as update:
        report = asyncio.run(replay_traces(home, store, traces or [], limit, seed, input_file, update, drops))
    name_drops(drops)
    if as_json:
        emit(report)
    else:
        if report.drifted:
            table(("trace", "step", "what"), [(drift.trace[:12], drift.step, drift.what) for drift in report.drifted])
        say(f"{report.equal} of {report.traces} traces came out the same")
    if report.drifted or drops.counts:
        raise typer.Exit(1)


def rejudge(
    rollout: Annotated[str, typer.Option(help="Only traces of this rollout.")] = "",
    tasks: Annotated[Path | None, typer.Option(help="Task JSONL with the goals, for traces from elsewhere.")] = None,
    store: Annotated[str, typer.Option(help="The store: sql or jsonl.")] = "sql",
    write: Annotated[bool, typer.Option("--write", help="Keep the regraded traces beside the old ones.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Judge and grade stored traces again, without running a policy, and show what changed."""
    from tracewright.cli.rollout import name_drops
    from tracewright.pipeline.again import rejudge_traces
    from tracewright.pipeline.tasks import Drops

    drops = Drops()
    report = asyncio.run(rejudge_traces(home, store, rollout, tasks, write, drops))
    name_drops(drops)
    if as_json:
        emit(report)
    else:
        if report.changed:
            table(("trace", "what"), [(change.trace[:12], change.what) for change in report.changed])
        say(f"{report.traces} traces: {len(report.changed)} changed, {report.unknown} without a goal at hand")
    if drops.counts:
        raise typer.Exit(1)
