"""Questions over tables. Pure: databases are found by the caller's hand, and every query runs in the jail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import Field

from tracewright.environments.analytics import searching
from tracewright.environments.analytics.actions import (
    ANSWER,
    ARGUMENTS,
    ARROW,
    JSON,
    LAST,
    RESULTS,
    SCHEMAS,
    Answer,
    DescribeTable,
    Python,
    RunPlan,
    SampleRows,
    Sql,
    described,
    plan_job,
    python_job,
    sampled,
    sql_job,
)
from tracewright.environments.analytics.showing import description_text, result_text, tables_text
from tracewright.environments.analytics.tasks import tasks as tasks_from
from tracewright.errors import SandboxError
from tracewright.plans.faults import did_you_mean
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record, canonical
from tracewright.records.job import Job, Outcome, Sha256
from tracewright.records.task import TaskRequest, TaskView
from tracewright.records.tools import read_arguments, refuse, unknown_action
from tracewright.records.trace import Check, Step, Verdict
from tracewright.registry import Parts
from tracewright.tables.schema import Table, TableSet

if TYPE_CHECKING:
    from tracewright.environments import MadeTask
    from tracewright.records.task import Deferred

JUDGE = "analytics-judge-1"
Database = Callable[[TableSet], Sha256]
"""Returns the blob of a set's database."""
Twins = Callable[[TableSet], Sequence[Sha256]]
"""Returns the blobs of a set's altered copies, in the order in which they are asked."""


class Options(Record):
    """`most` is how many tasks the templates make of one seed at most, over all sets."""

    most: int = Field(default=3000, ge=1, le=20_000)


class AnalyticsEnvironment:
    """Looks, queries and programs until `answer`, which hands in the last result."""

    name = "analytics"
    version = "1"
    source = "tables"

    def __init__(self, options: Options, database: Database) -> None:
        self._options = options
        self._database = database

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[MadeTask | Deferred[MadeTask]]:
        return tasks_from(records, request, self._options.most, self._database)

    def actions(self) -> Sequence[ActionSchema]:
        return SCHEMAS

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        tables = tables_of(task)
        left = f"Steps left: {task.max_steps - len(steps)}."
        text = "\n".join([tables_text(tables), str(task.data.get("answer", "")), left])
        feedback = steps[-1].verdict.reason if steps else ""
        return Observation(text=text, tables=tuple(table.name for table in tables.tables), feedback=feedback)

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Job | Outcome:
        if action.name not in ARGUMENTS:
            return unknown_action(action, list(ARGUMENTS))
        tables, arguments = tables_of(task), read_arguments(ARGUMENTS[action.name], action)
        match arguments:
            case Outcome():
                return arguments
            case DescribeTable() | SampleRows():
                return self._look(tables, arguments)
            case RunPlan():
                return plan_job(arguments.plan, tables, self._database(tables))
            case Sql():
                return sql_job(arguments.sql, tables, self._database(tables))
            case Python():
                return _python(arguments, steps)
            case Answer():
                return _answer(steps)
        raise AssertionError(f"{action.name} is declared, and nothing is done for it")

    def _look(self, tables: TableSet, asked: DescribeTable | SampleRows) -> Job | Outcome:
        table = next((table for table in tables.tables if table.name == asked.table), None)
        if table is None:
            return _no_table(asked.table, tables)
        plan = described(table) if isinstance(asked, DescribeTable) else sampled(table, asked.rows)
        return plan_job(plan, tables, self._database(tables))

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        """Accept what ran; whether a result answers the question is the grader's to say."""
        ran = outcome.status == "ok"
        left = action.name != "python" or JSON in outcome.files
        checks = [Check(name="ran", passed=ran, detail=outcome.code)]
        checks += [Check(name="left_a_result", passed=left)] if ran and action.name == "python" else []
        return Verdict(
            accepted=ran and left,
            done=ran and action.name == "answer",
            checks=tuple(checks),
            reason=_reason(task, action, outcome, ran and left),
            judge=JUDGE,
        )

    def candidates(self, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the answer where the last result may be one, then plans that the question may mean, untried ones."""
        last = last_result(steps)
        tried = {_key(step.action) for step in steps if step.action}
        if last and searching.plausible(last.outcome):
            yield ANSWER
        for plan in searching.plans(task.instruction, tables_of(task)):
            action = Action(name="query_plan", arguments={"plan": plan})
            if _key(action) not in tried:
                yield action
        if last and not searching.plausible(last.outcome):
            yield ANSWER


def build(options: Options, parts: Parts) -> AnalyticsEnvironment:
    """Return the environment; it keeps nothing but where databases are found."""
    return AnalyticsEnvironment(options, databases(parts))


def databases(parts: Parts) -> Database:
    """Return what finds the database of a set; raises SandboxError where nobody told how."""

    def found(tables: TableSet) -> Sha256:
        if parts.database is None:
            raise SandboxError("wanted the databases of table sets, and nobody said where they lie")
        return parts.database(tables.id, tables.version_hash)

    return found


def altered(parts: Parts) -> Twins:
    """Return what finds the twins of a set; raises SandboxError where nobody told how."""

    def found(tables: TableSet) -> Sequence[Sha256]:
        if parts.twins is None:
            raise SandboxError("wanted the twins of table sets, and nobody said where they lie")
        return parts.twins(tables.id, tables.version_hash)

    return found


def tables_of(task: TaskView) -> TableSet:
    """Return the set that a task is about."""
    return _read_tables(canonical(task.data["tables"]))


@lru_cache(maxsize=32)
def _read_tables(text: bytes) -> TableSet:
    return TableSet.from_json(text)


def last_result(steps: Sequence[Step]) -> Step | None:
    """Return the last step whose result can be answered with."""
    made = (step for step in reversed(steps) if step.action and step.action.name in RESULTS and step.verdict.accepted)
    return next(made, None)


def _key(action: Action) -> bytes:
    return canonical(action.model_dump(mode="json"))


def _no_table(name: str, tables: TableSet) -> Outcome:
    names = [table.name for table in tables.tables]
    hint = did_you_mean(name, names)
    return refuse("unknown_table", f"There is no table {name[:80]!r}; there are: {', '.join(names)}. {hint}".strip())


def _python(arguments: Python, steps: Sequence[Step]) -> Job | Outcome:
    last = last_result(steps)
    if last is None:
        return _no_result()
    text = last.outcome.files.get(JSON)
    if text is not None:
        return python_job(arguments.code, {}, {LAST: text})
    return python_job(arguments.code, {ARROW: last.outcome.artifacts[ARROW].sha256}, {})


def _answer(steps: Sequence[Step]) -> Outcome:
    last = last_result(steps)
    return Outcome(status="ok", result={"step": last.index}) if last else _no_result()


def _no_result() -> Outcome:
    return refuse("no_result", "There is no result yet: run a query first (query_plan or sql).")


def _reason(task: TaskView, action: Action, outcome: Outcome, accepted: bool) -> str:
    tables = tables_of(task)
    if not accepted:
        return _refusal(outcome, tables)
    if action.name == "answer":
        return "Your answer is taken."
    if action.name == "describe_table":
        return description_text(_table(tables, action), outcome)
    return result_text(outcome)


def _table(tables: TableSet, action: Action) -> Table:
    return tables.table(str(action.arguments["table"]))


def _refusal(outcome: Outcome, tables: TableSet) -> str:
    if outcome.status == "ok":
        return "The program left no result; set `result` to a DataFrame."
    if outcome.stderr:
        return f"The program failed:\n{outcome.stderr[-1500:]}"
    told = outcome.message or f"The action ended as {outcome.status}."
    names = ", ".join(table.name for table in tables.tables)
    code = f"{outcome.code}: " if outcome.code and not told.startswith(outcome.code) else ""
    return f"{code}{told} The tables are: {names}."
