"""Measures the spine on this machine: hashing, stores, the jail, whole episodes, rendering.

Every row is the median of several rounds, with the slowest and the fastest beside it. It compares nothing with other
programs, and a busy machine shows in the spread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tracewright.pipeline.build import open_players, store_of
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.job import Job
from tracewright.records.recipe import EnvironmentPart, Part, PolicyPart, Recipe, RendererPart, SandboxPart, TasksPart
from tracewright.records.trace import Provenance, Trace
from tracewright.registry import Parts, build
from tracewright.rollouts.rollout import play
from tracewright.sandboxes import Sandbox
from tracewright.stores import Store

ROUNDS = 5
TRACES = 200
JOBS = 200
SOURCE = "def total(rows):\n    print(len(rows))\n    return sum(row.cost for row in rows)\n" * 20
REWRITE = {"op": "apply", "pattern": "print($A)", "rewrite": "log($A)", "language": "python"}

Row = tuple[str, list[float]]
"""What was measured, and its rate a second in each round."""


async def rates(name: str, count: int, work: Callable[[], Awaitable[object]]) -> Row:
    """Do `work` several times and return how many of `count` it did a second."""
    found: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await work()
        found.append(count / (time.perf_counter() - started))
    return name, found


async def episodes(home: Path, recipe: Recipe) -> tuple[list[Trace], Row]:
    """Play the tasks of a recipe once a round; returns the traces of the last round."""
    tasks = {task.id: task for task in await make_tasks(recipe, home, Drops())}
    traces: list[Trace | None] = []
    async with open_players(recipe, home, tasks, Provenance()) as players:

        async def work() -> None:
            traces[:] = [await play(players, task, 0) for task in tasks.values()]

        row = await rates(f"episodes of {recipe.environment.name}, one after the other", len(tasks), work)
    return [trace for trace in traces if trace is not None], row


async def one_by_one(store: Store, traces: Sequence[Trace]) -> None:
    """Append each trace when the one before it is safe."""
    for trace in traces:
        await store.append([trace])


async def side_by_side(store: Store, traces: Sequence[Trace]) -> None:
    """Append every trace by a call of its own, all at the same time."""
    await asyncio.gather(*(store.append([trace]) for trace in traces))


async def at_once(store: Store, traces: Sequence[Trace]) -> None:
    """Append all traces by one call."""
    await store.append(traces)


async def stores(home: Path, traces: Sequence[Trace]) -> list[Row]:
    """Append the traces in every way to every kind of store, a fresh one each round."""
    found: list[Row] = []
    for name, way in product(("sql", "jsonl"), (one_by_one, side_by_side, at_once)):
        how = way.__name__.replace("_", " ")
        fresh = [store_of(Part(name=name), home / name / how / str(number)) for number in range(ROUNDS)]
        rounds = iter([way(store, traces) for store in fresh])
        found.append(await rates(f"traces into {name}, {how}", len(traces), rounds.__next__))
    return found


async def jail(home: Path) -> list[Row]:
    """Run small rewriting jobs in a warm jail, one after the other and all at once."""
    sandbox: Sandbox = build("sandboxes", "bubblewrap", {}, Parts(home=home))
    jobs = [Job(kind="ast_grep", files={"a.py": f"{SOURCE}# {number}\n"}, request=REWRITE) for number in range(JOBS)]

    async def alone() -> None:
        for job in jobs:
            await sandbox.run(job)

    async def beside() -> None:
        await asyncio.gather(*map(sandbox.run, jobs))

    try:
        await sandbox.preflight()
        return [
            await rates("ast-grep jobs in the jail, one after the other", JOBS, alone),
            await rates("ast-grep jobs in the jail, at once", JOBS, beside),
        ]
    finally:
        await sandbox.close()


async def pure(home: Path, traces: Sequence[Trace]) -> list[Row]:
    """Hash and render the traces."""
    renderer = build("renderers", RendererPart().name, {}, Parts(home=home))

    async def hashed() -> None:
        for trace in traces:
            trace.content_id()

    async def rendered() -> None:
        for trace in traces:
            list(renderer.render(trace))

    return [
        await rates("trace ids", len(traces), hashed),
        await rates("traces rendered as messages", len(traces), rendered),
    ]


async def measure(home: Path) -> list[Row]:
    """Measure everything below a home of its own."""
    recipe = Recipe(
        environment=EnvironmentPart(name="cards"),
        tasks=TasksPart(limit=TRACES),
        policy=PolicyPart(name="oracle"),
        sandbox=SandboxPart(name="bubblewrap"),
    )
    traces, row = await episodes(home, recipe)
    return [row, *await pure(home, traces), *await stores(home, traces), *await jail(home)]


def show(rows: Sequence[Row]) -> None:
    """Print a table for people."""
    table = Table(title=f"{platform.platform()}, Python {platform.python_version()}, a second")
    for column in ("what", "median", "slowest", "fastest"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, found in rows:
        table.add_row(name, *(f"{value:,.0f}" for value in (statistics.median(found), min(found), max(found))))
    Console(width=120).print(table)


def main() -> None:
    """Measure in a temporary home and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as home:
        rows = asyncio.run(measure(Path(home)))
    if wanted.json:
        print(json.dumps(dict(rows)))
    else:
        show(rows)


if __name__ == "__main__":
    main()
