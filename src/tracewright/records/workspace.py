"""The files of an episode: the task's files with every accepted change of its steps laid over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracewright.records.task import TaskView
from tracewright.records.trace import Step

UNDO = "undo"


def workspace(task: TaskView, steps: Sequence[Step]) -> dict[str, str]:
    """Return path to text after `steps`; only accepted steps count, and an accepted `undo` drops the last of them."""
    files = dict(task.files)
    for step in effective(steps):
        for path, text in step.outcome.files.items():
            if text is None:
                files.pop(path, None)
            else:
                files[path] = text
    return files


def effective(steps: Sequence[Step]) -> list[Step]:
    """Return the steps whose file changes stand: accepted, changing, and not taken back by an `undo`."""
    standing: list[Step] = []
    for step in steps:
        if not step.verdict.accepted or step.action is None:
            continue
        if step.action.name == UNDO:
            standing = standing[:-1]
        elif step.outcome.files:
            standing.append(step)
    return standing


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """Return what turns `before` into `after`; None stands for a deleted file."""
    changed: dict[str, str | None] = {path: text for path, text in after.items() if before.get(path) != text}
    changed.update({path: None for path in before if path not in after})
    return changed
