"""Who acts: a policy answers an observation with a turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tracewright.records.action import Observation, Turn
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step


class Policy(Protocol):
    """An actor. All that it knows of an episode is handed in, so an interrupted one can go on anywhere."""

    name: str
    version: str
    kind: PolicyKind
    privileged: bool

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        """Return the next turn of attempt number `attempt` (from 0); None when there is nothing left to try."""
        ...
