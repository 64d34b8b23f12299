"""Attempt number i takes legal action number i."""

from collections.abc import Sequence

from tracewright.records.action import Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts

Options = Record


class InOrder:
    """Knows nothing and asks for nothing: `privileged` policies are handed the goal, and say so in every trace."""

    name, version, privileged = "in_order", "1", False
    kind: PolicyKind = "scripted"

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        legal = observation.legal_actions
        return Turn(actions=(legal[attempt],)) if not steps and attempt < len(legal) else None


def build(options: Options, parts: Parts) -> InOrder:
    """Return the policy."""
    return InOrder()
