"""Every policy that the registry lists keeps the promises of the shipped suite, and the pipeline hands goals to none
that does not say so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.open_sandboxes import OpenSandbox
from tests.rollouts.players import still_clock
from tracewright import registry
from tracewright.environments.cards.environment import Cards
from tracewright.environments.cards.grader import CardsGrader
from tracewright.environments.cards.seat import KINDS
from tracewright.errors import PolicyError
from tracewright.pipeline import build
from tracewright.policies import Policy
from tracewright.policies._contract.suite import CHECKS, Check, check_policy, declares, ways
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.recipe import PolicyPart, Recipe, TasksPart
from tracewright.records.task import Task, TaskRequest, TaskView
from tracewright.records.trace import Step
from tracewright.registry import Parts
from tracewright.rollouts.rollout import Players, play

TABLE: Any = Cards(kinds=KINDS, max_open=3)  # a frozen one; the protocol's names are plain attributes
TASKS: list[Task] = list(islice(TABLE.tasks((), TaskRequest(seed=7)), 4))
BUILT = [
    pytest.param(module, options, id=f"{name}-{'-'.join(f'{k}={v}' for k, v in options.items()) or 'defaults'}")
    for name, module in registry.iter_modules("policies")
    for options in ways(module, {})
]
UNPRIVILEGED = [param for param in BUILT if not declares(param.values[0], param.values[1])]  # type: ignore[arg-type]  # a module, then options


@pytest.mark.parametrize(("module", "options"), BUILT)
@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
def test_a_policy_keeps_its_promises(
    promise: Check, module: ModuleType, options: Mapping[str, Any], tmp_path: Path
) -> None:
    promise(module, options, tmp_path)


@pytest.mark.parametrize(("module", "options"), BUILT)
def test_the_pipeline_hands_goals_to_the_privileged_alone(
    module: ModuleType, options: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Parts] = []
    built = registry.build

    def spy(wing: str, name: str, given: Mapping[str, Any], parts: Parts) -> Any:
        handed.append(parts)
        return built(wing, name, given, parts)

    monkeypatch.setattr(registry, "build", spy)
    _policy_of(module, options, tmp_path)
    goals = [parts.gold is not None for parts in handed]
    assert goals == [declares(module, options)]
    assert all(parts.candidates is None for parts in handed if not declares(module, options))


@dataclass
class Watched:
    """A policy as it is, and everything that it was handed when it acted."""

    policy: Policy
    handed: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.policy, name)

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        self.handed += [task, observation, *steps]
        return await self.policy.act(task, observation, steps, attempt)


@pytest.mark.parametrize(("module", "options"), UNPRIVILEGED)
def test_what_an_unprivileged_policy_is_shown_in_an_episode_holds_no_goal(
    module: ModuleType, options: Mapping[str, Any], tmp_path: Path
) -> None:
    watched = Watched(_policy_of(module, options, tmp_path))
    players = Players(environment=TABLE, grader=CardsGrader(), policy=watched, sandbox=OpenSandbox(), clock=still_clock)
    for task in TASKS:
        asyncio.run(play(players, task, 0))
    assert any(isinstance(given, TaskView) for given in watched.handed)
    assert not any(isinstance(given, Task) or hasattr(given, "goal") for given in watched.handed)


def _policy_of(module: ModuleType, options: Mapping[str, Any], home: Path) -> Policy:
    name = module.__name__.rpartition(".")[2]
    recipe = Recipe(policy=PolicyPart.model_validate({"name": name, **options}), tasks=TasksPart(seed=7))
    by_id = {task.id: task for task in TASKS}
    grader: Any = SimpleNamespace(candidates=lambda task: task.goal.actions, grade=CardsGrader().grade)
    return build._policy(recipe, home, TABLE, grader, OpenSandbox(), by_id)


class _Options(Record):
    """No options."""


@dataclass
class _Peeping:
    """Says that it is not privileged, and plays the gold action all the same."""

    parts: Parts
    name: str = "peeping"
    version: str = "1"
    kind: str = "scripted"
    privileged: bool = False

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        if self.parts.gold is None:
            return None
        return Turn(actions=tuple(self.parts.gold(task)))


class _Counting(_Peeping):
    """Answers by what it remembers of earlier calls."""

    calls = 0

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        self.calls += 1
        return Turn(actions=(Action(name="move", arguments={"to": self.calls}),))


@pytest.mark.parametrize(
    ("policy", "privileged", "promise"),
    [
        (_Peeping, False, "never asks for the goal"),
        (_Counting, False, "the same question gets the same turn"),
        (lambda parts: replace(_Peeping(parts), privileged=True), False, "as privileged as its module declares"),
        (lambda parts: replace(_Peeping(parts), privileged=True), True, "raises PolicyError"),
    ],
)
def test_a_broken_promise_is_told(policy: Any, privileged: bool, promise: str, tmp_path: Path) -> None:
    module: Any = SimpleNamespace(
        __name__="told", Options=_Options, PRIVILEGED=privileged, build=lambda options, parts: policy(parts)
    )
    with pytest.raises(AssertionError, match=promise):
        check_policy(module, tmp_path)


def test_the_pipeline_builds_no_oracle_without_goals(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="handed none"):
        registry.build("policies", "oracle", {}, Parts(home=tmp_path))
