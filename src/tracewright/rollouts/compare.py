"""Compares two traces: steps are paired by their number, and what they claim is compared part by part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from tracewright.records.base import Record, canonical
from tracewright.records.trace import Step, Trace


class Difference(Record):
    """One part that differs; an empty side is missing there."""

    where: str
    left: str
    right: str


def compare(left: Trace, right: Trace) -> Iterator[Difference]:
    """Yield what differs, in the order of an episode: task, policy, steps, grade."""
    yield from _part("task", left.task.id, right.task.id)
    yield from _part("policy", left.policy.to_json(), right.policy.to_json())
    for index, (a, b) in enumerate(zip_longest(left.steps, right.steps)):
        yield from _steps(f"step {index}", a, b)
    yield from _part("status", left.status, right.status)
    yield from _part("grade", left.grade.to_json() if left.grade else "", right.grade.to_json() if right.grade else "")


def _steps(where: str, left: Step | None, right: Step | None) -> Iterator[Difference]:
    a, b = _texts(left), _texts(right)
    for name in dict.fromkeys((*a, *b)):
        yield from _part(f"{where} {name}", a.get(name, ""), b.get(name, ""))


def _texts(step: Step | None) -> dict[str, str]:
    if step is None:
        return {}
    outcome = step.outcome
    return {
        "action": step.action.to_json() if step.action else "none",
        "status": f"{outcome.status} {outcome.code}".strip(),
        "diff": outcome.diff,
        "files": canonical(dict(outcome.files)).decode(),
        "verdict": f"{'accepted' if step.verdict.accepted else 'refused'}: {step.verdict.reason}",
    }


def _part(where: str, left: str, right: str) -> Iterator[Difference]:
    if left != right:
        yield Difference(where=where, left=left, right=right)
