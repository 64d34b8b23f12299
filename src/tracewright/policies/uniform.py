"""Plays a legal action drawn at random: the baseline that everything else must beat."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tracewright.policies._closing.last import closing
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts


class Options(Record):
    """The draw has no options; its seed is the recipe's."""


class UniformPolicy:
    """Draws evenly among the legal actions in view, else among what the environment lists; ends after a success.

    The draw depends on the seed, task, attempt and step alone.
    """

    name = "uniform"
    version = "1"
    kind: PolicyKind = "scripted"
    privileged = False

    def __init__(self, parts: Parts) -> None:
        self._seed = parts.seed
        self._legal = parts.legal
        self._tools = parts.tools

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        if observation.legal_actions:
            legal: Sequence[Action] = observation.legal_actions
        elif steps and steps[-1].verdict.accepted and (last := self._last(task)):
            legal = (last,)
        else:
            legal = await self._legal(task, steps) if self._legal else ()
        if not legal:
            last = self._last(task)
            return Turn(thought="I see nothing to try.", actions=(last,) if last else ())
        rng = random.Random(f"{self._seed}:{task.id}:{attempt}:{len(steps)}")  # noqa: S311 -- a seeded draw, no secret
        return Turn(thought="I draw at random.", actions=(rng.choice(legal),))

    def _last(self, task: TaskView) -> Action | None:
        return closing(self._tools(task.environment) if self._tools else ())


def build(options: Options, parts: Parts) -> UniformPolicy:
    """Return the policy."""
    return UniformPolicy(parts)
