"""Grades a hand by exact expected value; luck at the showdown is reported and earns nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracewright.environments.cards.decisions import regret, right
from tracewright.environments.cards.rules import returns
from tracewright.environments.cards.seat import Seat
from tracewright.records.action import Action
from tracewright.records.task import Task
from tracewright.records.trace import Check, Grade, Reward, Step

GRADER = "cards/1"
WEIGHTS = {"right": 0.5, "value": 0.5}


@dataclass(frozen=True)
class CardsGrader:
    """The only one at the table that knows the opponent's card."""

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade:
        """Pass a decision without regret (or within the tolerance); no decision earns nothing.

        The reward is half being right, half 1 - regret, where regret is exact and lies between 0 and 1.
        """
        decision = _decision(steps)
        decided = Check(name="decided", passed=decision is not None)
        if decision is None:
            return Grade(passed=False, reward=0.0, checks=(decided,), grader=GRADER)
        seat = Seat.of(task.data)
        lost, is_right = regret(seat, decision), right(seat, decision)
        values = {"right": float(is_right), "value": float(1 - lost)}
        return Grade(
            passed=is_right,
            reward=sum(WEIGHTS[name] * value for name, value in values.items()),
            rewards={name: Reward(value=value, weight=WEIGHTS[name]) for name, value in values.items()},
            checks=(decided, Check(name="right", passed=is_right, detail=f"regret {lost}"), _showdown(task, decision)),
            grader=GRADER,
        )


def _decision(steps: Sequence[Step]) -> Action | None:
    return next((step.action for step in steps if step.verdict.accepted), None)


def _showdown(task: Task, decision: Action) -> Check:
    card = str(decision.arguments.get("card", Seat.of(task.data).hand[0]))
    answer = task.goal.answer
    opponent = str(answer["opponent"]) if isinstance(answer, dict) else ""
    won = returns(card, opponent)[0]
    # A grade is stored with its trace, apart from the goal, so the hidden card stays untold.
    return Check(name="showdown_won", passed=won > 0, detail=f"returns {won}")
