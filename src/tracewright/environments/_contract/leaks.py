"""Looks for the goal of a task where it must not be: in what a policy sees. A goal told in other words is not found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tracewright.records.action import Action
from tracewright.records.task import Task
from tracewright.records.turn_text import call_text

SHORTEST_SECRET = 40
"""Texts of a goal that are shorter than this may stand in a view by chance: a name, a number, a line."""


def leaks(task: Task) -> list[str]:
    """Return the texts of the goal that stand in the task's view."""
    view = task.view().to_json()
    return [text for text in secrets(task) if json.dumps(text, ensure_ascii=False)[1:-1] in view]


def secrets(task: Task) -> Iterator[str]:
    """Yield what must stay hidden: expected and test files, the gold actions as they would be written."""
    unchanged = set(task.files.values())
    for text in (*task.goal.files.values(), *task.goal.tests.values()):
        if text and len(text) >= SHORTEST_SECRET and text not in unchanged:
            yield text
    for action in task.goal.actions:
        if action.arguments:
            yield from written(action)


def written(action: Action) -> tuple[str, str]:
    """Return an action as records and as prompts write it."""
    return action.to_json(), call_text(action)
