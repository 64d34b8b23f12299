"""Plays the gold actions of a task; privileged, since it is handed them."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.errors import PolicyError
from tracewright.records.action import Observation, Turn
from tracewright.records.base import Record
from tracewright.records.task import TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.registry import Parts


class Options(Record):
    """The oracle has no options."""


PRIVILEGED = True


class OraclePolicy:
    """Plays one gold action a turn; has nothing to try on a task without gold actions, or on a second attempt."""

    name = "oracle"
    version = "1"
    kind: PolicyKind = "oracle"
    privileged = True

    def __init__(self, parts: Parts) -> None:
        if parts.gold is None:
            raise PolicyError("the oracle plays gold actions and was handed none; build it as a privileged policy")
        self._gold = parts.gold

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        gold = self._gold(task)
        turn = len({step.turn for step in steps})
        if attempt > 0 or turn >= len(gold):
            return None
        last = turn + 1 == len(gold)
        done = "The result answers it." if gold[turn].name == "answer" else "The change is made; nothing is left to do."
        thought = done if last and turn else f"The task asks: {task.instruction}"
        return Turn(thought=thought, actions=(gold[turn],))


def build(options: Options, parts: Parts) -> OraclePolicy:
    """Return the policy; raises PolicyError where no gold actions are handed in."""
    return OraclePolicy(parts)
