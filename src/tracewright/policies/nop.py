"""Does nothing and says that it is done: the baseline that must never pass."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts


class Options(Record):
    """Doing nothing has no options."""


class NopPolicy:
    """Submits at once where the environment has a `submit`, and stays silent elsewhere."""

    name = "nop"
    version = "1"
    kind: PolicyKind = "scripted"
    privileged = False

    def __init__(self, parts: Parts) -> None:
        self._tools = parts.tools

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        offered = self._tools(task.environment) if self._tools else ()
        submits = any(schema.name == "submit" for schema in offered)
        return Turn(thought="I change nothing.", actions=(Action(name="submit"),) if submits else ())


def build(options: Options, parts: Parts) -> NopPolicy:
    """Return the policy."""
    return NopPolicy(parts)
