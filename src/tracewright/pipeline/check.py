"""Proves an environment sound: the oracle passes all, doing nothing passes none, no goal leaks, replays agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tracewright import registry
from tracewright.environments._contract.leaks import leaks, secrets, written
from tracewright.pipeline.build import environment_of, offers, open_players, parts
from tracewright.pipeline.tables import ready
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.base import Record
from tracewright.records.messages import prompt_text
from tracewright.records.recipe import EnvironmentPart, PolicyPart, Recipe, TasksPart
from tracewright.records.task import Task
from tracewright.records.trace import Provenance, Trace
from tracewright.rollouts.replay import replay
from tracewright.rollouts.rollout import Players, play


class Finding(Record):
    """One property and the tasks that break it."""

    name: str
    passed: bool
    detail: str = ""


class CheckReport(Record):
    """What `tracewright tasks check` prints."""

    environment: str
    tasks: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Say whether every property holds."""
        return all(finding.passed for finding in self.findings)


async def check(
    name: str, home: Path, limit: int, seed: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckReport:
    """Make `limit` tasks of an environment and put every property to the test on each of them."""
    recipe = Recipe(
        environment=EnvironmentPart(name=name),
        tasks=TasksPart(limit=limit, seed=seed),
        policy=PolicyPart(name="oracle"),
    )
    tasks = await make_tasks(recipe, home, Drops())
    again = await make_tasks(recipe, home, Drops())
    await ready(home, tasks)
    findings = [
        _finding("same seed, same tasks", [] if tasks == again else ["the second making differs"]),
        _finding("no goal in the view", [task.id for task in tasks if leaks(task)]),
        _finding("declares its actions", _undeclared(recipe, tasks, home)),
    ]
    findings += await _played(recipe, home, tasks, progress)
    return CheckReport(environment=name, tasks=len(tasks), findings=tuple(findings))


async def _played(
    recipe: Recipe, home: Path, tasks: Sequence[Task], progress: Callable[[int, int], None]
) -> list[Finding]:
    by_id = {task.id: task for task in tasks}
    losing, winning, drifting, shown = [], [], [], []
    async with open_players(recipe, home, by_id, Provenance()) as players:
        idle = replace(
            players, policy=registry.build("policies", "nop", {}, parts(home, tools=offers(players.environment)))
        )
        for number, task in enumerate(tasks, 1):
            trace = await play(players, task, 0)
            if trace is None or not trace.passed:
                losing.append(task.id)
            if trace and await replay(trace, players.environment, players.sandbox):
                drifting.append(task.id)
            if trace and _shows_goal(task, trace):
                shown.append(task.id)
            if await _passes(idle, task):
                winning.append(task.id)
            progress(number, len(tasks))
    return [
        _finding("the oracle passes", losing),
        _finding("doing nothing fails", winning),
        _finding("replays agree", drifting),
        _finding("no goal in a prompt", shown),
    ]


async def _passes(players: Players, task: Task) -> bool:
    trace = await play(players, task, 0)
    return trace is not None and trace.passed


def _shows_goal(task: Task, trace: Trace) -> bool:
    # Only the first prompt must be free of the goal: later ones show what the policy itself has made.
    if not trace.steps:
        return False
    observation = trace.steps[0].observation
    listed = {text for action in observation.legal_actions for text in written(action)}
    first = prompt_text(task.view(), observation, ())
    return any(text in first for text in secrets(task) if text not in listed)


def _undeclared(recipe: Recipe, tasks: Sequence[Task], home: Path) -> list[str]:
    known = {schema.name for schema in environment_of(recipe.environment, home).actions()}
    return sorted({action.name for task in tasks for action in task.goal.actions} - known)


def _finding(name: str, broken: Sequence[str]) -> Finding:
    some = ", ".join(item[:12] for item in broken[:5])
    return Finding(name=name, passed=not broken, detail=f"{len(broken)}: {some}" if broken else "")
