"""Stored traces are graded again without a policy: what stays the same keeps its id, what changes names its parent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.open_sandboxes import OpenSandbox
from tests.rollouts.players import REWRITE, SUBMIT, ScriptedPolicy, log_task, make_players
from tracewright.environments.astgrep.environment import AstGrepEnvironment
from tracewright.environments.astgrep.grader import AstGrepGrader
from tracewright.records.action import Action
from tracewright.records.job import Outcome
from tracewright.records.task import Task, TaskView
from tracewright.records.trace import Grade, Step, Trace, Verdict
from tracewright.rollouts.rejudge import difference, rejudge
from tracewright.rollouts.rollout import play


class StrictGrader(AstGrepGrader):
    """Passes nothing; a newer grader for tests."""

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade:
        return Grade(passed=False, reward=0.25, grader="strict-2")


class StrictEnvironment(AstGrepEnvironment):
    """Accepts nothing but a submit; a newer judge for tests."""

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        done = action.name == "submit"
        return Verdict(accepted=done, done=done, reason="strict", judge="strict-2")


def trace_and_task() -> tuple[Trace, Task]:
    task = log_task()
    trace = asyncio.run(play(make_players(ScriptedPolicy([REWRITE], [SUBMIT])), task, 0))
    assert trace is not None
    return trace, task


def test_the_same_judge_and_grader_change_nothing() -> None:
    trace, task = trace_and_task()
    again = asyncio.run(rejudge(trace, task, AstGrepEnvironment(), AstGrepGrader(), OpenSandbox()))
    assert again is trace


def test_a_newer_grader_makes_a_new_trace_that_names_its_parent() -> None:
    trace, task = trace_and_task()
    again = asyncio.run(rejudge(trace, task, AstGrepEnvironment(), StrictGrader(), OpenSandbox()))
    assert again.parent == trace.id
    assert again.content_id() == again.id != trace.id
    assert trace.grade is not None
    assert difference(trace, again) == f"reward {trace.grade.reward:g} to 0.25"


def test_a_newer_judge_changes_verdicts_and_with_them_the_grade() -> None:
    trace, task = trace_and_task()
    again = asyncio.run(rejudge(trace, task, StrictEnvironment(), AstGrepGrader(), OpenSandbox()))
    assert not again.passed
    assert difference(trace, again).startswith("verdict of step 0, 1; reward")
    assert again.steps[0].sha256 == again.steps[0].content_hash()


def test_no_job_runs_where_the_goal_has_no_tests() -> None:
    trace, task = trace_and_task()
    sandbox = OpenSandbox()
    asyncio.run(rejudge(trace, task, AstGrepEnvironment(), AstGrepGrader(), sandbox))
    assert sandbox.jobs == []
