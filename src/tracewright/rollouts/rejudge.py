"""Judges and grades a stored trace again; no policy runs, and a job only where the grader asks for hidden tests."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.environments import Environment, Grader
from tracewright.records.base import Record
from tracewright.records.task import Task
from tracewright.records.trace import Grade, Step, Trace
from tracewright.rollouts.rollout import judge, settle
from tracewright.sandboxes import Sandbox


class Change(Record):
    """One trace whose verdicts or grade came out differently."""

    trace: str
    what: str
    now: str = ""


class RejudgeReport(Record):
    """What `tracewright rejudge --json` prints; `unknown` traces had no goal at hand."""

    traces: int
    unknown: int = 0
    changed: tuple[Change, ...] = ()


async def rejudge(trace: Trace, task: Task, environment: Environment, grader: Grader, sandbox: Sandbox) -> Trace:
    """Return the trace as today's judge and grader see it; its `parent` is the old one if anything changed."""
    steps: list[Step] = []
    for step in trace.steps:
        verdict = judge(environment, task, steps, step.action, step.outcome)
        steps.append(step if verdict == step.verdict else step.model_copy(update={"verdict": verdict}).sealed())
    # Where infrastructure ended the episode, there is nothing to grade: it never becomes a reward.
    grade = None if trace.status == "unresolved" else await _grade(task, steps, grader, sandbox)
    if tuple(steps) == trace.steps and grade == trace.grade:
        return trace
    fields = {name: getattr(trace, name) for name in Trace.model_fields if name != "id"}
    return Trace.of(**{**fields, "steps": tuple(steps), "grade": grade, "parent": trace.id})


async def _grade(task: Task, steps: Sequence[Step], grader: Grader, sandbox: Sandbox) -> Grade:
    return await settle(sandbox, grader.grade(task, steps))


def difference(old: Trace, new: Trace) -> str:
    """Say in a few words what a new judgement changed."""
    parts = []
    verdicts = [a.index for a, b in zip(old.steps, new.steps, strict=True) if a.verdict != b.verdict]
    if verdicts:
        parts.append(f"verdict of step {', '.join(map(str, verdicts))}")
    if old.grade != new.grade:
        was = f"{old.grade.reward:g}" if old.grade else "none"
        parts.append(f"reward {was} to {new.grade.reward:g}" if new.grade else "grade")
    return "; ".join(parts)
