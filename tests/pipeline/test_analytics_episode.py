"""An episode over tables from end to end in the jail: look, query, program, answer, grade, replay elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.jail import needs_jail
from tracewright.pipeline.build import environment_of, grader_of, open_sandbox
from tracewright.pipeline.tables import Registration, ready, register
from tracewright.records.action import Action
from tracewright.records.job import Outcome
from tracewright.records.recipe import EnvironmentPart, SandboxPart
from tracewright.records.task import Goal, Origin, Task
from tracewright.records.trace import Grade, Step
from tracewright.rollouts.rollout import settle

PART = EnvironmentPart(name="analytics")
BY_TEAM: dict[str, Any] = {
    "plan": 1,
    "from": "scores",
    "steps": [{"aggregate": {"by": ["team"], "measures": [{"as": "points", "expr": {"sum": "points"}}]}}],
}
ANSWER = Action(name="answer")


async def registered(home: Path, folder: Path) -> Task:
    (folder / "scores.csv").write_text("team,points,day\nred,3,2026-01-01\nred,4.5,2026-01-02\nblue,1,2026-01-02\n")
    kept = await register(home, Registration(folder / "scores.csv"))
    return Task.of(
        environment="analytics",
        instruction="How many points has each team?",
        data={"tables": kept.tables.plain(), "answer": "The answer has the columns team, points."},
        goal=Goal(actions=(Action(name="query_plan", arguments={"plan": BY_TEAM}), ANSWER), answer={"order": []}),
        origin=Origin(source="unit", licence="MIT"),
        split="train",
    )


async def played(home: Path, task: Task, actions: Sequence[Action]) -> tuple[list[Step], Grade]:
    await ready(home, [task])
    environment, steps = environment_of(PART, home), list[Step]()
    async with open_sandbox(SandboxPart(), home) as jail:
        for index, action in enumerate(actions):
            asked = environment.job(task.view(), steps, action)
            outcome = asked if isinstance(asked, Outcome) else await jail.run(asked)
            verdict = environment.judge(task.view(), steps, action, outcome)
            seen = environment.observe(task.view(), steps)
            fields = {"index": index, "turn": index, "observation": seen, "action": action}
            steps.append(Step.model_validate({**fields, "outcome": outcome, "verdict": verdict}))
        return steps, await settle(jail, grader_of(PART, home).grade(task, steps))


@needs_jail
def test_a_result_that_a_program_worked_out_is_an_answer(home: Path, tmp_path: Path) -> None:
    rows = Action(name="sql", arguments={"sql": "SELECT team, points, day FROM scores WHERE points > 0"})
    code = "result = df.group_by('team').agg(pl.col('points').sum()).sort('team')"
    again = "result = df.filter(pl.col('points') > 0)"
    program, more = (Action(name="python", arguments={"code": text}) for text in (code, again))
    task = asyncio.run(registered(home, tmp_path))
    describe = Action(name="describe_table", arguments={"table": "scores"})

    steps, grade = asyncio.run(played(home, task, [describe, rows, program, more, ANSWER]))

    assert [step.verdict.accepted for step in steps] == [True] * 5, [step.verdict.reason for step in steps]
    assert "points DOUBLE" in steps[0].verdict.reason
    assert (grade.passed, grade.reward) == (True, 1.0)


@needs_jail
def test_a_result_that_a_program_made_up_is_none(home: Path, tmp_path: Path) -> None:
    rows = Action(name="sql", arguments={"sql": "SELECT team, points FROM scores"})
    made_up = "result = pl.DataFrame({'team': ['red', 'blue'], 'points': [7.5, 1.0]})"
    program = Action(name="python", arguments={"code": made_up})
    task = asyncio.run(registered(home, tmp_path))
    steps, grade = asyncio.run(played(home, task, [rows, program, ANSWER]))
    assert [step.verdict.accepted for step in steps] == [True] * 3
    assert {check.name: check.detail for check in grade.checks if check.passed}.keys() >= {"equal"}
    assert (grade.passed, grade.reward) == (False, 0.0)


@needs_jail
def test_a_program_reaches_neither_the_database_nor_the_network(home: Path, tmp_path: Path) -> None:
    gold = Action(name="query_plan", arguments={"plan": BY_TEAM})
    code = "import os, socket\nprint(sorted(INPUTS), os.listdir('.'))\nsocket.create_connection(('192.0.2.1', 80), 1)"
    task = asyncio.run(registered(home, tmp_path))
    steps, grade = asyncio.run(played(home, task, [gold, Action(name="python", arguments={"code": code}), ANSWER]))
    assert not steps[1].verdict.accepted
    assert "duckdb" not in steps[1].outcome.stdout
    assert grade.passed  # the query before it still stands


@needs_jail
def test_the_same_steps_come_out_of_a_home_where_the_tables_were_registered_anew(home: Path, tmp_path: Path) -> None:
    gold = Action(name="query_plan", arguments={"plan": BY_TEAM})
    one, other = home / "one", home / "other"
    task, again = (asyncio.run(registered(place, tmp_path)) for place in (one, other))
    assert task.id == again.id
    first, second = (asyncio.run(played(place, task, [gold, ANSWER])) for place in (one, other))
    assert first[1] == second[1]
    for left, right in zip(first[0], second[0], strict=True):
        assert (left.observation, left.verdict) == (right.observation, right.verdict)
        assert (left.outcome.result, left.outcome.artifacts) == (right.outcome.result, right.outcome.artifacts)
