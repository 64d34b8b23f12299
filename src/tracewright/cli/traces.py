"""`traces`: look, compare, convert, delete."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, say, table

if TYPE_CHECKING:
    from tracewright.records.trace import Trace
    from tracewright.stores import Store

traces = typer.Typer(help="Look at stored traces, compare, convert and delete them.", no_args_is_help=True)

StoreName = Annotated[str, typer.Option("--store", help="The store: sql or jsonl.")]
TraceId = Annotated[str, typer.Argument(metavar="TRACE", help="A trace id, or its first 8 characters or more.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(traces, name="traces")


@traces.command("list")
def list_traces(
    env: Annotated[str, typer.Option("--env", help="Only this environment.")] = "",
    policy: Annotated[str, typer.Option(help="Only this policy.")] = "",
    rollout: Annotated[str, typer.Option(help="Only this rollout.")] = "",
    passed: Annotated[
        bool | None, typer.Option("--passed/--not-passed", help="Only those that passed, or did not.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 20,
    cursor: Annotated[str, typer.Option(help="Go on where the last page ended.")] = "",
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List stored traces, newest first."""
    from tracewright.stores import Query

    query = Query(
        environment=env, policy=policy, rollout=rollout, passed=passed, limit=limit, cursor=cursor, order="newest"
    )
    page = asyncio.run(_open(store, home).find(query))
    if as_json:
        emit({"traces": [_line(trace) for trace in page.traces], "cursor": page.cursor})
        return
    columns = ("trace", "task", "environment", "policy", "steps", "reward", "status", "instruction")
    table(columns, [list(_line(trace).values()) for trace in page.traces])
    if page.cursor:
        note(f"more: --cursor {page.cursor}")


def _line(trace: Trace) -> dict[str, str | int | float]:
    return {
        "trace": trace.id[:12],
        "task": trace.task.id[:12],
        "environment": trace.environment,
        "policy": trace.policy.name,
        "steps": len(trace.steps),
        "reward": trace.grade.reward if trace.grade else "none",
        "status": trace.status,
        "instruction": " ".join(trace.task.instruction.split())[:80],
    }


@traces.command("show")
def show_trace(
    trace_id: TraceId,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show one trace step by step: what was done, what came out, what was thought of it."""
    trace = asyncio.run(_get(_open(store, home), trace_id))
    if as_json:
        emit(trace)
        return
    card = trace.policy
    say(f"trace {trace.id}\ntask {trace.task.id}: {printable(trace.task.instruction)}")
    say(f"{trace.environment}, {card.name} {card.version}{' (privileged)' if card.privileged else ''}, {trace.status}")
    for step in trace.steps:
        action = step.action.to_json() if step.action else "no action"
        say(f"\nstep {step.index}: {printable(action)}")
        say(f"  {step.outcome.status} {step.outcome.code}".rstrip())
        if step.outcome.diff:
            say(printable(step.outcome.diff.rstrip()))
        say(f"  {'accepted' if step.verdict.accepted else 'not accepted'}: {printable(step.verdict.reason)}")
    if trace.grade:
        checks = ", ".join(f"{check.name} {'✓' if check.passed else '✗'}" for check in trace.grade.checks)
        say(f"\n{'passed' if trace.grade.passed else 'not passed'}, reward {trace.grade.reward:g} ({checks})")
    else:
        say(f"\nno grade {printable(trace.message)}")


@traces.command("diff")
def diff_traces(
    left: TraceId,
    right: TraceId,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Compare two traces part by part; exits 1 when they differ."""
    from tracewright.rollouts.compare import compare

    async def both() -> tuple[Trace, Trace]:
        opened = _open(store, home)
        return await _get(opened, left), await _get(opened, right)

    found = list(compare(*asyncio.run(both())))
    if as_json:
        emit({"differences": [difference.model_dump() for difference in found]})
    elif found:
        table(("where", "left", "right"), [(one.where, one.left[:400], one.right[:400]) for one in found])
    else:
        say("no difference")
    if found:
        raise typer.Exit(1)


@traces.command("export")
def export_traces(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    form: Annotated[Literal["jsonl", "csv", "parquet"], typer.Option("--format", help="The kind of file.")] = "jsonl",
    renderer: Annotated[str, typer.Option(help="The rows: trace, steps, messages or another renderer.")] = "trace",
    env: Annotated[str, typer.Option("--env", help="Only this environment.")] = "",
    policy: Annotated[str, typer.Option(help="Only this policy.")] = "",
    rollout: Annotated[str, typer.Option(help="Only this rollout.")] = "",
    passed: Annotated[
        bool | None, typer.Option("--passed/--not-passed", help="Only those that passed, or did not.")
    ] = None,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Write stored traces to one file, oldest first."""
    from tracewright.pipeline.exchange import export_traces as write
    from tracewright.stores import Query

    query = Query(environment=env, policy=policy, rollout=rollout, passed=passed)
    rows = asyncio.run(write(home, store, query, renderer, form, out))
    if as_json:
        emit({"out": str(out), "rows": rows, "format": form, "renderer": renderer})
        return
    say(f"{rows} rows in {out}")


@traces.command("import")
def import_traces(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Trace JSONL, as `traces export` writes it.")],
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Take in traces from a file; bad lines are named and the rest goes on."""
    from tracewright.pipeline.exchange import import_traces as take

    answer = asyncio.run(take(home, store, path))
    for fault in answer.faults[:20]:
        note(f"left out: {fault}")
    if as_json:
        emit(answer)
    else:
        say(f"{answer.added} traces added, {answer.known} known, {len(answer.faults)} left out")
    if answer.faults:
        raise typer.Exit(1)


@traces.command("delete")
def delete_trace(
    trace_id: TraceId,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Delete one trace and leave a tombstone, so that it is not taken in again."""

    async def work() -> str:
        opened = _open(store, home)
        found = await _get(opened, trace_id)
        await opened.delete(found.id)
        return found.id

    deleted = asyncio.run(work())
    if as_json:
        emit({"deleted": deleted})
    else:
        say(f"deleted {deleted}")


@traces.command("gc")
def collect_garbage(
    older_than: Annotated[float, typer.Option(help="Spare blobs younger than so many seconds.", min=0)] = 3600.0,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Remove blobs that no stored trace points to."""
    from tracewright.pipeline.exchange import collect_garbage as sweep

    answer = asyncio.run(sweep(home, store, older_than))
    if as_json:
        emit(answer)
    else:
        say(f"{answer.removed} blobs removed ({answer.bytes} bytes), {answer.kept} kept")


def _open(store: str, home: Path) -> Store:
    from tracewright.pipeline.build import store_of
    from tracewright.records.recipe import StorePart

    return store_of(StorePart(name=store), home)


async def _get(store: Store, trace_id: str) -> Trace:
    from tracewright.pipeline.again import find_trace

    return await find_trace(store, trace_id)
