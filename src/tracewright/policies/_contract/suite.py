"""The promises of a policy, one check each: `check_policy(module, home)` runs them all on its module.

A policy is built with parts that a spy watches: whoever does not say that it is privileged and asks for the goal is
caught, when it is built and when it acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from tracewright.errors import PolicyError
from tracewright.policies import Policy
from tracewright.records.action import Action, ActionSchema, Observation, Turn
from tracewright.records.base import canonical
from tracewright.records.task import Origin, TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts, read_options

SUBMIT = Action(name="submit")
MOVES = tuple(Action(name="move", arguments={"to": place}) for place in range(8))
TASK = TaskView(id="0" * 64, environment="sample", instruction="Move to 3.", origin=Origin(source="sample"))
OBSERVATIONS = (Observation(text="You stand at 0."), Observation(text="You stand at 0.", legal_actions=MOVES))
ATTEMPTS = range(3)


@dataclass
class Spy:
    """Hands out parts and remembers whether anybody asked for what comes from the goal."""

    home: Path
    asked: list[str] = field(default_factory=list)

    def parts(self, seed: int = 7) -> Parts:
        """Return parts with everything that a policy can be handed."""
        return Parts(
            home=self.home, seed=seed, tools=_tools, legal=_legal, candidates=self._candidates, gold=self._gold
        )

    def _gold(self, task: TaskView) -> Sequence[Action]:
        self.asked.append("gold")
        return (MOVES[3], SUBMIT)

    async def _candidates(self, task: TaskView, steps: Sequence[Step]) -> Sequence[Action]:
        self.asked.append("candidates")
        return MOVES[3:5]


Check = Callable[[ModuleType, Mapping[str, Any], Path], None]


def check_policy(module: ModuleType, home: Path, options: Mapping[str, Any] | None = None) -> None:
    """Run every check for each way in which the module can be built; raises AssertionError that says what broke."""
    for given in ways(module, options or {}):
        for check in CHECKS:
            check(module, given, home)


def ways(module: ModuleType, options: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the options, once privileged and once not where the module leaves the choice."""
    choice = "privileged" in module.Options.model_fields and "privileged" not in options
    yield from [{**options, "privileged": said} for said in (True, False)] if choice else [options]


def declares(module: ModuleType, options: Mapping[str, Any]) -> bool:
    """Say whether a module asks for the goal: by its option `privileged`, else by its `PRIVILEGED`."""
    read = read_options(module, "policies", module.__name__, options)
    return bool(getattr(read, "privileged", getattr(module, "PRIVILEGED", False)))


def it_says_who_it_is(module: ModuleType, options: Mapping[str, Any], home: Path) -> None:
    """Name, version, kind and privilege stand in every trace; the privilege is the one that the module declares."""
    policy = _build(module, options, Spy(home).parts())
    _holds(bool(policy.name and policy.version), "a policy has a name and a version")
    _holds(policy.kind in get_args(PolicyKind), f"the kind is one of {', '.join(get_args(PolicyKind))}")
    _holds(policy.privileged is declares(module, options), "the policy is as privileged as its module declares")


def without_privilege_it_never_sees_the_goal(module: ModuleType, options: Mapping[str, Any], home: Path) -> None:
    """An unprivileged policy asks for neither gold actions nor the grader's candidates, and works without them."""
    if declares(module, options):
        return
    spy = Spy(home)
    _turns(_build(module, options, spy.parts()))
    _holds(
        not spy.asked, f"an unprivileged policy never asks for the goal, this one asked for {sorted(set(spy.asked))}"
    )
    _turns(_build(module, options, replace(spy.parts(), gold=None, candidates=None)))


def a_privileged_one_that_is_handed_nothing_says_so(module: ModuleType, options: Mapping[str, Any], home: Path) -> None:
    """Built without what it asks for, a privileged policy raises PolicyError at once."""
    if not declares(module, options):
        return
    try:
        _build(module, options, replace(Spy(home).parts(), gold=None, candidates=None))
    except PolicyError as error:
        _holds(bool(str(error)), "the error says what is missing")
        return
    raise AssertionError("a privileged policy that is handed no goal raises PolicyError, this one was built")


def the_same_seed_gives_the_same_turns(module: ModuleType, options: Mapping[str, Any], home: Path) -> None:
    """All that it knows is handed in: a second policy of the same seed, or a second call, answers the same."""
    one, other = (_build(module, options, Spy(home).parts()) for _ in range(2))
    first = _turns(one)
    _holds(_turns(one) == first, "the same question gets the same turn")
    _holds(_turns(other) == first, "the same seed gives the same turns")


def its_turns_can_be_written(module: ModuleType, options: Mapping[str, Any], home: Path) -> None:
    """A turn is plain JSON, so that it can stand in a trace."""
    for turn in _turns(_build(module, options, Spy(home).parts())):
        _holds(turn is None or isinstance(turn, Turn), "`act` returns a Turn, or None when nothing is left to try")
        if turn is not None:
            canonical(turn.model_dump(mode="json"))


CHECKS: tuple[Check, ...] = (
    it_says_who_it_is,
    without_privilege_it_never_sees_the_goal,
    a_privileged_one_that_is_handed_nothing_says_so,
    the_same_seed_gives_the_same_turns,
    its_turns_can_be_written,
)


def _tools(environment: str) -> Sequence[ActionSchema]:
    schema = {"type": "object", "properties": {"to": {"type": "integer"}}}
    return (
        ActionSchema(name="move", description="Move.", parameters=schema),
        ActionSchema(name="submit", description="Say that the task is done.", parameters={"type": "object"}),
    )


async def _legal(task: TaskView, steps: Sequence[Step]) -> Sequence[Action]:
    return MOVES


def _build(module: ModuleType, options: Mapping[str, Any], parts: Parts) -> Policy:
    policy: Policy = module.build(read_options(module, "policies", module.__name__, options), parts)
    return policy


def _turns(policy: Policy) -> list[Turn | None]:
    async def play() -> list[Turn | None]:
        return [await policy.act(TASK, seen, (), attempt) for seen in OBSERVATIONS for attempt in ATTEMPTS]

    # How a model came to its reply (latency, say) is observed and may differ.
    return [turn and turn.model_copy(update={"generation": None}) for turn in asyncio.run(play())]


def _holds(kept: bool, promise: str) -> None:
    if not kept:
        raise AssertionError(f"promised: {promise}")
