"""Measures the unprivileged plan search on questions whose combination of parts, or wording, was held out.

Every question is verified first (its gold plan runs and finds something), and every answer is compared with the gold
result by the grader, in the jail. What is counted is exact results at the first attempt; chance stands beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracewright.pipeline.build import open_players
from tracewright.pipeline.tables import ready
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.recipe import EnvironmentPart, PolicyPart, Recipe, TasksPart
from tracewright.records.task import Task
from tracewright.records.trace import Provenance, Trace
from tracewright.rollouts.rollout import Players, play

TASKS = 200
SEED = 7
TARGET = 0.8
AT_ONCE = 8
POLICIES: Mapping[str, Mapping[str, object]] = {
    "oracle": {},
    "search": {"privileged": False},
    "uniform": {},
    "nop": {},
}


@dataclass(frozen=True)
class Played:
    """What came of one policy: the trace of each task, None where it had nothing to try, and seconds in all."""

    traces: Sequence[Trace | None]
    seconds: float

    def exact(self, tasks: Sequence[Task], tag: str = "", value: str = "") -> tuple[int, int]:
        """Return how many of the tasks with a tag ended in the exact result, and how many there are."""
        chosen = [
            trace for task, trace in zip(tasks, self.traces, strict=True) if not tag or task.tags.get(tag) == value
        ]
        return sum(trace is not None and trace.passed for trace in chosen), len(chosen)


def recipe_of(policy: str, limit: int, seed: int) -> Recipe:
    """Return the recipe of held-out questions under a policy."""
    return Recipe(
        environment=EnvironmentPart(name="analytics"),
        tasks=TasksPart(split="test", limit=limit, seed=seed),
        policy=PolicyPart.model_validate({"name": policy, **POLICIES[policy]}),
    )


async def played(policy: str, tasks: Sequence[Task], home: Path, seed: int) -> Played:
    """Play one attempt at every task."""
    by_id = {task.id: task for task in tasks}
    began = time.monotonic()
    async with open_players(recipe_of(policy, len(tasks), seed), home, by_id, Provenance()) as players:
        gate = asyncio.Semaphore(AT_ONCE)
        traces = await asyncio.gather(*(_one(players, task, gate) for task in tasks))
    return Played(traces, time.monotonic() - began)


async def _one(players: Players, task: Task, gate: asyncio.Semaphore) -> Trace | None:
    async with gate:
        trace = await play(players, task, 0)
    if trace is not None and trace.grade is None:
        raise SystemExit(f"the jail broke at task {task.id}: {trace.message}")
    return trace


async def measured(home: Path, limit: int, seed: int) -> tuple[list[Task], Drops, dict[str, Played]]:
    """Make the tasks and play them by every policy."""
    drops = Drops()
    tasks = await make_tasks(recipe_of("oracle", limit, seed), home, drops)
    await ready(home, tasks)
    return tasks, drops, {policy: await played(policy, tasks, home, seed) for policy in POLICIES}


def report(tasks: Sequence[Task], drops: Drops, found: Mapping[str, Played], seed: int) -> str:
    """Write the tables: by policy, then what the search finds by difficulty, set and form."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(drops.counts.items())) or "none"
    lines = [
        "# Searching plans on held-out questions",
        "",
        f"`bench/searching.py`, {len(tasks)} questions of the split `test`, seed {seed}; {machine}.",
        f"Left out while they were made: {dropped}.",
        "",
        "A held-out question has a combination of set, form, measure, group and filter, or a wording, that no question",
        "of `train` has. The search sees question and schema alone; it knows the words of the parts, and no wording.",
        "It plays once, and goes on only where a result is empty. Exact is what the grader takes for the gold result.",
        "",
        "| policy | exact | of | share | target | seconds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    targets = {"oracle": "100 %", "search": f"≥ {TARGET:.0%}".replace("%", " %"), "nop": "0 %"}
    for policy, one in found.items():
        exact, count = one.exact(tasks)
        target = targets.get(policy, "")
        lines.append(f"| {policy} | {exact} | {count} | {exact / count:.1%} | {target} | {one.seconds:.0f} |")
    lines += ["", "| search, by | exact | of |", "|---|---:|---:|"]
    for tag in ("tier", "data", "kind"):
        for value, _ in sorted(Counter(task.tags[tag] for task in tasks).items()):
            exact, count = found["search"].exact(tasks, tag, value)
            lines.append(f"| {tag} {value} | {exact} | {count} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the report and write it; ends with 1 where the search misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "searching.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as folder:
        tasks, drops, found = asyncio.run(measured(Path(folder), wanted.tasks, wanted.seed))
    text = report(tasks, drops, found, wanted.seed)
    print(text)
    wanted.out.write_text(text)
    exact, count = found["search"].exact(tasks)
    if exact < TARGET * count:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
