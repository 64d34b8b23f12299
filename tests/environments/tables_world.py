"""A small set of tables and what happens when actions are played over it: jobs run in a process without a jail.

That is for our own queries alone; what a policy's Python does is tried in a jail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path

from tests.jobs.apart import Run
from tests.jobs.shop import make
from tracewright.environments.analytics.environment import AnalyticsEnvironment, Options, build
from tracewright.environments.analytics.grader import AnalyticsGrader, build_grader
from tracewright.pipeline.twins import KIND, NUMBERS, twin_job
from tracewright.records.action import Action
from tracewright.records.base import JsonObject
from tracewright.records.job import Artifact, Job, Outcome
from tracewright.records.task import Deferred, Goal, Origin, Task
from tracewright.records.trace import Grade, Step
from tracewright.registry import Parts
from tracewright.tables.schema import Column, Relationship, Table, TableSet
from tracewright.tables.shelf import Kept

SHOP = TableSet(
    id="shop",
    version_hash="0" * 64,
    tables=(
        Table(
            name="orders",
            row_count=3,
            key=("order_id",),
            columns=(
                Column(name="order_id", type="INTEGER"),
                Column(name="customer_id", type="INTEGER"),
                Column(name="amount", type="DECIMAL(10,2)"),
                Column(name="status", type="VARCHAR", values=("paid", "open")),
                Column(name="ordered_at", type="TIMESTAMP"),
            ),
        ),
        Table(
            name="customers",
            row_count=2,
            key=("customer_id",),
            columns=(
                Column(name="customer_id", type="INTEGER"),
                Column(name="name", type="VARCHAR"),
                Column(name="country", type="VARCHAR"),
            ),
        ),
    ),
    relationships=(Relationship.model_validate({"from": "orders.customer_id", "to": "customers.customer_id"}),),
)
ANSWER = Action(name="answer")


def plan(*steps: JsonObject, source: str = "orders") -> Action:
    return Action(name="query_plan", arguments={"plan": {"plan": 1, "from": source, "steps": [*steps]}})


def sql(text: str) -> Action:
    return Action(name="sql", arguments={"sql": text})


BY_STATUS = plan({"aggregate": {"by": ["status"], "measures": [{"as": "n", "expr": {"count": "*"}}]}})


def question(gold: Action = BY_STATUS, order: Sequence[str] = ()) -> Task:
    return Task.of(
        environment="analytics",
        instruction="How many orders are there of each status?",
        data={"tables": SHOP.plain(), "answer": "The answer has the columns status, n; its rows come in any order."},
        goal=Goal(actions=(gold, ANSWER), answer={"order": [*order]}),
        split="train",
        origin=Origin(source="unit", licence="MIT"),
    )


class World:
    """The environment over one file of tables, by itself the shop's.

    Queries run in the process `asking`, twins are made in another: what opened a database itself forks badly.
    """

    def __init__(
        self, folder: Path, asking: Run, making: Run, path: Path | None = None, tables: TableSet = SHOP
    ) -> None:
        parts = Parts(home=folder, database=lambda name, version: "tables", twins=lambda name, version: self.twins)
        self.environment: AnalyticsEnvironment = build(Options(), parts)
        self.grader: AnalyticsGrader = build_grader(Options(), parts)
        self._folder, self._asking = folder, asking
        self._blobs: dict[str, Path] = {"tables": path or make(folder)}
        self.twins = self._twins(tables, making)

    def run(self, job: Job) -> Outcome:
        inputs = {name: self._blobs[sha256] for name, sha256 in job.inputs.items()}
        done = self._asking(job.kind, job.request, inputs, job.files)
        return Outcome(
            status=done.status,
            code=done.code,
            message=done.message,
            files=done.files,
            result=done.result,
            artifacts={name: self._keep(data) for name, data in done.artifacts.items()},
        )

    def play(self, task: Task, *actions: Action) -> list[Step]:
        steps: list[Step] = []
        for index, action in enumerate(actions):
            observation = self.environment.observe(task.view(), steps)
            job = self.environment.job(task.view(), steps, action)
            outcome = job if isinstance(job, Outcome) else self.run(job)
            verdict = self.environment.judge(task.view(), steps, action, outcome)
            fields = {"index": index, "turn": index, "observation": observation, "action": action}
            steps.append(Step.model_validate({**fields, "outcome": outcome, "verdict": verdict}))
        return steps

    def grade(self, task: Task, *actions: Action) -> Grade:
        return self.graded(task, self.play(task, *actions))

    def graded(self, task: Task, steps: Sequence[Step]) -> Grade:
        grade = self.grader.grade(task, steps)
        while isinstance(grade, Deferred):
            grade = grade.finish(self.run(grade.job))
        return grade

    def _twins(self, tables: TableSet, making: Run) -> list[str]:
        kept = Kept(tables=tables, database="tables", database_bytes=0, engine="none")
        # The process starts here, and stays in this folder.
        with chdir(self._folder):
            requests = [twin_job(kept, number).request for number in NUMBERS]
            made = [making(KIND, request, {"in": self._blobs["tables"]}) for request in requests]
        return [self._keep(one.artifacts["database"]).sha256 for one in made]

    def _keep(self, data: bytes) -> Artifact:
        name = f"blob-{len(self._blobs)}"
        self._blobs[name] = self._folder / name
        self._blobs[name].write_bytes(data)
        return Artifact(sha256=name, bytes=len(data))


def checks(grade: Grade) -> Mapping[str, bool]:
    return {check.name: check.passed for check in grade.checks}
