"""Asks a policy for one turn, with only what the test is about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.builders import make_task
from tracewright import registry
from tracewright.policies import Policy
from tracewright.records.action import Action, ActionSchema, Observation, Turn
from tracewright.records.task import TaskView
from tracewright.records.trace import Step
from tracewright.registry import Candidates, Parts

TASK = make_task().view()
SUBMIT = Action(name="submit")
MOVES = tuple(Action(name="move", arguments={"to": place}) for place in range(6))


def built(name: str, options: dict[str, Any] | None = None, **parts: Any) -> Policy:
    """Build a policy by its name from these parts alone."""
    policy: Policy = registry.build("policies", name, options or {}, Parts(home=Path(), **parts))
    return policy


def ask(
    policy: Policy, steps: Sequence[Step] = (), attempt: int = 0, legal: Sequence[Action] = (), task: TaskView = TASK
) -> Turn | None:
    """Return the policy's turn."""
    seen = Observation(text="Go.", legal_actions=tuple(legal))
    return asyncio.run(policy.act(task, seen, steps, attempt))


def play(policy: Policy, steps: Sequence[Step] = (), attempt: int = 0, **shown: Any) -> Action | None:
    """Return the one action of the policy's turn; None where it is silent."""
    turn = ask(policy, steps, attempt, **shown)
    assert turn is not None
    assert len(turn.actions) <= 1
    return turn.actions[0] if turn.actions else None


def offering(*names: str) -> Any:
    """Return the tools of an environment that offers these actions."""
    return lambda environment: [ActionSchema(name=name, description="", parameters={}) for name in names]


def listing(*actions: Action) -> Candidates:
    """Return candidates that are always these."""

    async def candidates(task: TaskView, steps: Sequence[Step]) -> Sequence[Action]:
        return actions

    return candidates
