"""Grades an answer by what the gold query gives over the same tables; both are compared in the jail, by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from tracewright.environments.analytics.actions import (
    ANSWER,
    ARROW,
    GOLD_SECONDS,
    JSON,
    catalogue_of,
    mounted,
    query_job,
)
from tracewright.environments.analytics.environment import Database, Options, databases, last_result, tables_of
from tracewright.environments.analytics.variations import variations
from tracewright.records.action import Action
from tracewright.records.base import JsonObject
from tracewright.records.job import Job, Outcome
from tracewright.records.task import Deferred, Task
from tracewright.records.trace import Check, Grade, Reward, Step
from tracewright.registry import Parts

GRADER = "analytics-grader-1"
WEIGHTS = {"equal": 0.85, "tables": 0.05, "columns": 0.05, "shape": 0.05}
GATES = ("answered", "grounded", "something")
"""Without these nothing is earned: an answer, which read a table of the question's and worked out a wanted column."""


class AnalyticsGrader:
    """Reads the goal: the gold query runs anew, and only how far the answer agrees with it comes back."""

    version = GRADER

    def __init__(self, database: Database) -> None:
        self._database = database

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade | Deferred[Grade]:
        answered = bool(steps) and steps[-1].verdict.done
        last = last_result(steps) if answered else None
        if last is None:
            return _grade(dict.fromkeys((*GATES, *WEIGHTS), False), {})
        query = _query_of(steps, last)

        def finish(outcome: Outcome) -> Grade:
            return _graded(outcome, query)

        return Deferred(self._comparison(task, last), finish)

    def candidates(self, task: Task) -> Sequence[Action]:
        """Return the gold query, then plans that mean the same in other words."""
        gold = [action for action in task.goal.actions if action != ANSWER][:1]
        return [*gold, *(varied for action in gold for varied in variations(action, tables_of(task)))]

    def _comparison(self, task: Task, last: Step) -> Job:
        tables = tables_of(task)
        gold = next(action for action in task.goal.actions if action != ANSWER)
        told = task.goal.answer if isinstance(task.goal.answer, dict) else {}
        request: JsonObject = {
            "gold": gold.arguments,
            "catalogue": catalogue_of(tables),
            "order": told.get("order", []),
        }
        inputs, text = mounted(tables, self._database(tables)), last.outcome.files.get(JSON)
        files = {} if text is None else {JSON: text}
        if text is None:
            inputs["answer.arrow"] = last.outcome.artifacts[ARROW].sha256
        return query_job("compare_answers", request, inputs, GOLD_SECONDS, files)


def build_grader(options: Options, parts: Parts) -> AnalyticsGrader:
    """Return the grader."""
    return AnalyticsGrader(databases(parts))


def _query_of(steps: Sequence[Step], last: Step) -> Mapping[str, JsonValue]:
    """Return the facts of the query that a result comes from: a program's comes from the one before it."""
    queries = (
        step.outcome.result
        for step in reversed(steps[: last.index + 1])
        if step.verdict.accepted and step.action and step.action.name in {"query_plan", "sql"}
    )
    return next(queries, {})


def _graded(outcome: Outcome, query: Mapping[str, JsonValue]) -> Grade:
    facts, found = outcome.result, _count(outcome.result, "found")
    read, gold = _names(query, "tables"), _names(facts, "gold_tables")
    equal = outcome.status == "ok" and facts.get("equal") is True
    # Rows that were only copied hold wanted values by chance, unless no more than copying was wanted.
    worked = bool(_names(query, "functions")) or not _names(facts, "gold_functions")
    checks = {
        "answered": True,
        "grounded": bool(read & gold),
        "something": found > 0 and (equal or worked),
        "equal": equal,
        "tables": read == gold,
        "columns": found == _count(facts, "gold_columns") > 0,
        "shape": facts.get("same_shape") is True,
    }
    return _grade(checks, facts)


def _grade(checks: Mapping[str, bool], facts: Mapping[str, JsonValue]) -> Grade:
    equal, gated = checks["equal"], all(checks[gate] for gate in GATES)
    # An answer that is equal owes nobody the tables that it was read from.
    values = {name: float(gated and (equal or checks[name])) for name in WEIGHTS}
    rewards = {name: Reward(value=values[name], weight=weight) for name, weight in WEIGHTS.items()}
    return Grade(
        passed=equal and gated,
        reward=round(sum(part.value * part.weight for part in rewards.values()), 6),
        rewards=rewards if facts else {},
        checks=tuple(Check(name=name, passed=passed) for name, passed in checks.items()),
        grader=GRADER,
    )


def _names(facts: Mapping[str, JsonValue], name: str) -> set[str]:
    value = facts.get(name)
    return set(map(str, value)) if isinstance(value, list) else set()


def _count(facts: Mapping[str, JsonValue], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
