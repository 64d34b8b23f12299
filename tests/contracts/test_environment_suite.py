"""The suite for environments finds what it looks for: each promise is broken once, and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

from tracewright.environments._contract.suite import check_environment
from tracewright.environments.cards.environment import Cards
from tracewright.environments.cards.grader import CardsGrader
from tracewright.environments.cards.seat import KINDS
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.job import Outcome
from tracewright.records.task import Goal, Task, TaskRequest, TaskView
from tracewright.records.trace import Grade, Step, Verdict

TASKS = list(islice(Cards(kinds=KINDS, max_open=3).tasks((), TaskRequest(seed=7)), 4))


def _cards(**methods: Any) -> Any:
    """Return the card table with methods of its own."""
    return type("Altered", (Cards,), methods)(kinds=KINDS, max_open=3)


def test_the_card_table_keeps_every_promise() -> None:
    check_environment(_cards(), CardsGrader(), TASKS)


def _moody() -> Any:
    seen: list[str] = []

    def observe(self: Cards, task: TaskView, steps: Sequence[Step]) -> Observation:
        seen.append(task.id)
        return Observation(text=f"question {len(seen)}")

    return observe


def _takes_anything(self: Cards, task: TaskView, steps: Sequence[Step], action: Action) -> Outcome:
    return Outcome(status="ok")


def _accepts_anything(self: Cards, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
    return Verdict(accepted=True, reason="Fine.", judge="1")


def _offers_too_much(self: Cards, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
    yield Action(name="cheat")


def _no_tool(self: Cards) -> Sequence[ActionSchema]:
    return (ActionSchema(name="bet or fold", description="Bet.", parameters={"type": "object"}),)


@pytest.mark.parametrize(
    ("methods", "promise"),
    [
        ({"observe": _moody()}, "the same question gets the same answer"),
        ({"job": _takes_anything}, "is an action_error"),
        ({"judge": _accepts_anything}, "an action_error is not accepted"),
        ({"candidates": _offers_too_much}, "only declared actions are listed"),
        ({"actions": _no_tool}, "is a name of a tool"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_promise_is_told(methods: dict[str, Any], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_environment(_cards(**methods), CardsGrader(), TASKS)


def test_a_task_of_another_environment_is_told() -> None:
    fields = {name: getattr(TASKS[0], name) for name in Task.model_fields if name not in ("id", "environment")}
    with pytest.raises(AssertionError, match="a task names its environment"):
        check_environment(_cards(), CardsGrader(), [Task.of(environment="other", **fields)])


def test_a_goal_that_stands_in_the_view_is_told() -> None:
    fields = {name: getattr(TASKS[0], name) for name in Task.model_fields if name not in ("id", "goal", "instruction")}
    secret = "an expected text that is longer than forty characters"
    leaking = Task.of(instruction=f"Write {secret}.", goal=Goal(files={"a.txt": secret}), **fields)
    with pytest.raises(AssertionError, match="no text of the goal stands in the view"):
        check_environment(_cards(), CardsGrader(), [leaking])


def test_a_grader_that_passes_idlers_is_told() -> None:
    class Generous(CardsGrader):
        def grade(self, task: Task, steps: Sequence[Step]) -> Grade:
            return Grade(passed=True, reward=1.0, grader="1")

    with pytest.raises(AssertionError, match="doing nothing earns nothing"):
        check_environment(_cards(), Generous(), TASKS)


def test_without_tasks_nothing_is_proved() -> None:
    with pytest.raises(AssertionError, match="there are tasks to check with"):
        check_environment(_cards(), CardsGrader(), [])
