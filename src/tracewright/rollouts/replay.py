"""Plays stored traces again: every action runs in the jail anew and each step is compared with what was stored."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.environments import Environment
from tracewright.records.base import Record
from tracewright.records.job import Outcome
from tracewright.records.task import Task
from tracewright.records.trace import Step, Trace, step_claims
from tracewright.rollouts.rollout import judge, run_again
from tracewright.sandboxes import Sandbox

REPEATED = ("status", "code", "message", "exit_code", "result", "files", "diff", "artifacts")
"""What must come out of an action again; what was printed or merely seen may differ from run to run."""


class Drift(Record):
    """One place where a replay differs from what was stored; step -1 is the trace as a whole."""

    trace: str
    step: int
    what: str


class ReplayReport(Record):
    """What `tracewright replay --json` prints."""

    traces: int
    equal: int
    drifted: tuple[Drift, ...] = ()


async def replay(trace: Trace, environment: Environment, sandbox: Sandbox, retries: int = 3) -> Drift | None:
    """Run each action again after the *stored* steps before it; return the first drift, None when all is equal.

    A trace that was changed after it was stored is told by its id, at the step whose own claims do not come out again.
    """
    task = Task.model_construct(**{name: getattr(trace.task, name) for name in type(trace.task).model_fields})
    for index, step in enumerate(trace.steps):
        before = trace.steps[:index]
        what = await _compare(task, environment, sandbox, before, step, retries)
        if what:
            return Drift(trace=trace.id, step=step.index, what=what)
    if trace.content_id() != trace.id:
        return Drift(
            trace=trace.id, step=-1, what="the id does not fit the content: the task, policy or grade was changed"
        )
    return None


async def _compare(
    task: Task, environment: Environment, sandbox: Sandbox, before: Sequence[Step], step: Step, retries: int
) -> str:
    if step.index != len(before):
        return f"the step says that it is number {step.index}"
    if environment.observe(task, [one for one in before if one.turn < step.turn]) != step.observation:
        return "observation differs"
    outcome = await _again(task, environment, sandbox, before, step, retries)
    for name in REPEATED:
        if getattr(outcome, name) != getattr(step.outcome, name):
            return f"outcome.{name} differs"
    verdict = judge(environment, task, before, step.action, outcome)
    expected = step.model_copy(update={"outcome": outcome, "verdict": verdict})
    if step_claims(expected) != step_claims(step):
        return "verdict differs"
    if step.sha256 and step.sha256 != step.content_hash():
        return "the step's bytes were changed after it was stored"
    return ""


async def _again(
    task: Task, environment: Environment, sandbox: Sandbox, before: Sequence[Step], step: Step, retries: int
) -> Outcome:
    if step.action is None:
        return step.outcome
    job = environment.job(task, before, step.action)
    return job if isinstance(job, Outcome) else await run_again(sandbox, job, retries)
