"""Plays candidates: attempt number i plays candidate number i from the start, then submits."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.errors import PolicyError
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts


class Options(Record):
    """`privileged` search plays the grader's candidates, which saw the goal; else the environment's own."""

    privileged: bool = True


class SearchPolicy:
    """One candidate an attempt, each attempt a trace of its own in one group."""

    name = "search"
    version = "1"
    kind: PolicyKind = "search"

    def __init__(self, options: Options, parts: Parts) -> None:
        self.privileged = options.privileged
        candidates = parts.candidates if options.privileged else parts.legal
        if candidates is None:
            who = "grader" if options.privileged else "environment"
            raise PolicyError(f"search plays the candidates of the {who}, which offers none")
        self._candidates = candidates

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        if steps:
            return Turn(thought="The change is made; nothing is left to do.", actions=(Action(name="submit"),))
        candidates = await self._candidates(task, steps)
        if attempt >= len(candidates):
            return None
        thought = f"The task asks: {task.instruction}"
        return Turn(thought=thought, actions=(candidates[attempt],))


def build(options: Options, parts: Parts) -> SearchPolicy:
    """Return the policy; raises PolicyError where nobody offers candidates."""
    return SearchPolicy(options, parts)
