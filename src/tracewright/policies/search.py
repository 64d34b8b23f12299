"""Plays candidates: attempt number i plays candidate number i from the start, then submits, or answers."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.errors import PolicyError
from tracewright.policies._closing.last import closing
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts

SUBMIT = Action(name="submit")


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
        self._tools = parts.tools

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        if steps:
            return await self._on(task, steps)
        candidates = await self._candidates(task, steps)
        if attempt >= len(candidates):
            return None
        thought = f"The task asks: {task.instruction}"
        return Turn(thought=thought, actions=(candidates[attempt],))

    async def _on(self, task: TaskView, steps: Sequence[Step]) -> Turn | None:
        """Submit; where an episode ends by an answer, unprivileged search lets what came out say what is next."""
        last = closing(self._tools(task.environment) if self._tools else ())
        if last is None or last == SUBMIT:
            return Turn(thought="The change is made; nothing is left to do.", actions=(SUBMIT,))
        if self.privileged:
            return Turn(thought="The result is there.", actions=(last,)) if steps[-1].verdict.accepted else None
        further = await self._candidates(task, steps)
        thought = (
            "The result may be the answer." if further[:1] == [last] else "The result is no answer; I try another."
        )
        return Turn(thought=thought, actions=(further[0],)) if further else None


def build(options: Options, parts: Parts) -> SearchPolicy:
    """Return the policy; raises PolicyError where nobody offers candidates."""
    return SearchPolicy(options, parts)
