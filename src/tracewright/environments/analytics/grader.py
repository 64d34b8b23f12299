"""Grades an answer by what the gold query gives over the same tables; both are compared in the jail, by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from tracewright.environments.analytics.actions import (
    ANSWER,
    ARROW,
    GOLD_SECONDS,
    JSON,
    RESULTS,
    catalogue_of,
    mounted,
    query_job,
)
from tracewright.environments.analytics.environment import Database, Options, Twins, altered, databases, tables_of
from tracewright.environments.analytics.twins import Hearing, Word, chances
from tracewright.environments.analytics.variations import variations
from tracewright.records.action import Action
from tracewright.records.base import JsonObject
from tracewright.records.job import Job, Outcome, Sha256
from tracewright.records.task import Deferred, Task
from tracewright.records.trace import Check, Grade, Reward, Step
from tracewright.registry import Parts

GRADER = "analytics-grader-2"
WEIGHTS = {"equal": 0.85, "tables": 0.05, "columns": 0.05, "shape": 0.05}
GATES = ("answered", "grounded", "something")
"""Without these nothing is earned: an answer, which read a table of the question's and worked out a wanted column."""
UNASKED = Word(False, "not asked")


class AnalyticsGrader:
    """Reads the goal: the gold query runs anew, and only how far the answer agrees with it comes back.

    An answer that agrees is worked out again over altered tables, and must agree with the gold query there as well.
    """

    version = GRADER

    def __init__(self, database: Database, twins: Twins) -> None:
        self._database = database
        self._twins = twins

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade | Deferred[Grade]:
        answered = bool(steps) and steps[-1].verdict.done
        made = _made(steps) if answered else []
        if not made:
            return _grade(dict.fromkeys((*GATES, *WEIGHTS), False), {}, UNASKED)
        query, last = made[0][0].outcome.result, made[-1][0]

        def compared(blob: Sha256, answer: Step | None) -> Job:
            return self._comparison(task, blob, {"answer": answer, "before": last})

        def finish(outcome: Outcome) -> Grade | Deferred[Grade]:
            checks = _checks(outcome.result, query)
            if not (checks["equal"] and _gated(checks)):
                return _grade(checks, outcome.result, UNASKED)

            def heard(word: Word) -> Grade:
                # What the parts of an answer are worth that does not follow its tables, the tables tell that changed.
                parts = checks if word.passed else {**_checks(word.facts, query), "equal": True}
                return _grade(parts, outcome.result, word)

            return Hearing(task.view(), chances(_gold(task)), made, compared, heard).ask(self._twins(tables_of(task)))

        return Deferred(self._comparison(task, self._database(tables_of(task)), {"answer": last}), finish)

    def candidates(self, task: Task) -> Sequence[Action]:
        """Return the gold query, then plans that mean the same in other words."""
        gold = [action for action in task.goal.actions if action != ANSWER][:1]
        return [*gold, *(varied for action in gold for varied in variations(action, tables_of(task)))]

    def _comparison(self, task: Task, blob: Sha256, results: Mapping[str, Step | None]) -> Job:
        """Return the job that holds results, each under its name, against what the gold query gives over a database."""
        tables = tables_of(task)
        told = task.goal.answer if isinstance(task.goal.answer, dict) else {}
        request: JsonObject = {
            "gold": _gold(task).arguments,
            "catalogue": catalogue_of(tables),
            "order": told.get("order", []),
        }
        inputs, files = mounted(tables, blob), dict[str, str]()
        for name, step in results.items():
            if step is not None and (text := step.outcome.files.get(JSON)) is not None:
                files[f"{name}.json"] = text
            elif step is not None:
                inputs[f"{name}.arrow"] = step.outcome.artifacts[ARROW].sha256
        return query_job("compare_answers", request, inputs, GOLD_SECONDS, files)


def build_grader(options: Options, parts: Parts) -> AnalyticsGrader:
    """Return the grader."""
    return AnalyticsGrader(databases(parts), altered(parts))


def _gold(task: Task) -> Action:
    return next(action for action in task.goal.actions if action != ANSWER)


def _made(steps: Sequence[Step]) -> list[tuple[Step, Action]]:
    """Return what the last result comes from, with its actions: a query, then the programs that went on from it."""
    made: list[tuple[Step, Action]] = []
    for step in steps:
        if step.action and step.action.name in RESULTS and step.verdict.accepted:
            made = [*(made if step.action.name == "python" else []), (step, step.action)]
    return made


def _checks(facts: Mapping[str, JsonValue], query: Mapping[str, JsonValue]) -> dict[str, bool]:
    found = _count(facts, "found")
    read, gold = _names(query, "tables"), _names(facts, "gold_tables")
    equal = facts.get("equal") is True
    # Rows that were only copied hold wanted values by chance, unless no more than copying was wanted.
    worked = bool(_names(query, "functions")) or not _names(facts, "gold_functions")
    return {
        "answered": True,
        "grounded": bool(read & gold),
        "something": found > 0 and (equal or worked),
        "equal": equal,
        "tables": read == gold,
        "columns": found == _count(facts, "gold_columns") > 0,
        "shape": facts.get("same_shape") is True,
    }


def _gated(checks: Mapping[str, bool]) -> bool:
    return all(checks[gate] for gate in GATES)


def _grade(checks: Mapping[str, bool], facts: Mapping[str, JsonValue], word: Word) -> Grade:
    passed, gated = word.passed and checks["equal"], _gated(checks)
    # An answer that is equal owes nobody the tables that it was read from.
    values = {name: float(gated and (passed or (name != "equal" and checks[name]))) for name in WEIGHTS}
    rewards = {name: Reward(value=values[name], weight=weight) for name, weight in WEIGHTS.items()}
    named = [Check(name=name, passed=held) for name, held in checks.items()]
    return Grade(
        passed=passed and gated,
        reward=round(sum(part.value * part.weight for part in rewards.values()), 6),
        rewards=rewards if facts else {},
        checks=(*named, Check(name="twin", passed=word.passed, detail=word.detail)),
        grader=GRADER,
    )


def _names(facts: Mapping[str, JsonValue], name: str) -> set[str]:
    value = facts.get(name)
    return set(map(str, value)) if isinstance(value, list) else set()


def _count(facts: Mapping[str, JsonValue], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
