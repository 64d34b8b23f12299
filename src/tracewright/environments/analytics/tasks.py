"""Makes tasks: each gold query runs once in the jail, and what it finds must be worth asking for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracewright.environments.analytics.actions import ANSWER, GOLD_SECONDS, import_job, plan_job, sql_job
from tracewright.environments.analytics.showing import columns_of, preview_of
from tracewright.environments.analytics.templates.drawing import Drawn, drawn
from tracewright.environments.analytics.templates.parts import parts_of
from tracewright.records.action import Action
from tracewright.records.base import JsonObject, Record, digest
from tracewright.records.job import Outcome, Sha256
from tracewright.records.task import Deferred, Dropped, Goal, Origin, Task, TaskRequest, split_of
from tracewright.tables.question import Question
from tracewright.tables.schema import TableSet

ENVIRONMENT = "analytics"
MOST_ROWS = 500
"""An answer with more rows is a copy of the data, not an answer."""
MADE = Origin(source="tables", licence="Apache-2.0", licence_evidence="made by Tracewright from its own templates")
MadeTask = Task | Dropped
Making = MadeTask | Deferred[MadeTask]


@dataclass(frozen=True)
class Draft:
    """A task before its gold query ran; `order` names the columns whose sequence means something."""

    instruction: str
    tables: TableSet
    gold: Action
    order: tuple[str, ...]
    tags: Mapping[str, str]
    groups: Mapping[str, str]
    origin: Origin

    @property
    def where(self) -> str:
        """Return the place that a person looks for when it is dropped."""
        return f"{self.tables.id}: {self.instruction[:200]}"

    def task(self, columns: Sequence[str], rows: int) -> Task:
        """Return the task; only the shape of the answer is told to whoever is asked."""
        tables = self.tables.model_copy(update={"prompts": (), "tags": ()})
        return Task.of(
            environment=ENVIRONMENT,
            instruction=self.instruction,
            data={"tables": tables.plain(), "answer": _shape_text(columns, self.order)},
            goal=Goal(actions=(self.gold, ANSWER), answer={"order": [*self.order]}, digests={"rows": rows}),
            tags=self.tags,
            groups=self.groups,
            origin=self.origin,
        )


def tasks(
    records: Iterable[Record], request: TaskRequest, most: int, database: Callable[[TableSet], Sha256]
) -> Iterator[Making]:
    """Make the tasks of `request.split`: of questions in their order, then those that templates draw over sets.

    A question that came before is `Dropped("duplicate")`. Counting up to `request.limit` is the caller's.
    """
    seen: set[str] = set()
    sets: list[TableSet] = []
    for record in records:
        match record:
            case Task():
                yield record
            case Question():
                yield from _once(_of_question(record), record, request, seen, database)
            case TableSet() if parts_of(record.id):
                sets.append(record)
            case TableSet():
                yield Dropped("no_templates", f"{record.id} has no templates; bring questions of your own")
            case _:
                yield Dropped("wrong_record", f"wanted tables, questions or tasks, found {type(record).__name__}")
    for question in drawn(sets, request.seed, most):
        yield from _once(_of_template(question), question, request, seen, database)


def _once(
    draft: Draft,
    source: Drawn | Question,
    request: TaskRequest,
    seen: set[str],
    database: Callable[[TableSet], Sha256],
) -> Iterator[Making]:
    """Yield a draft where its split is wanted and the question did not come before."""
    if request.split is not None and split_of(draft.groups) != request.split:
        return
    key = digest([draft.tables.id, " ".join(draft.instruction.casefold().split())])
    if key in seen:
        yield Dropped("duplicate", draft.where)
        return
    seen.add(key)
    mounted = database(draft.tables)
    if isinstance(source, Question):
        yield _asked(draft, source, mounted)
        return
    wide = plan_job(source.wide, draft.tables, mounted, MOST_ROWS, GOLD_SECONDS)
    yield Deferred(wide, lambda outcome: _verified(draft, source, outcome))


def _asked(draft: Draft, question: Question, mounted: Sha256) -> Deferred[MadeTask]:
    """Return the task of a question: its SQL becomes a plan where the plan language can say it, and else stays SQL."""
    if question.plan is not None:
        gold = plan_job(question.plan, draft.tables, mounted, MOST_ROWS, GOLD_SECONDS)
        return Deferred(gold, lambda outcome: _finished(draft, outcome))

    def imported(outcome: Outcome) -> MadeTask | Deferred[MadeTask]:
        plan = outcome.result.get("plan")
        if isinstance(plan, dict):
            found = replace(draft, gold=Action(name="query_plan", arguments={"plan": plan}))
            order = draft.order or (_order_of(plan) if outcome.result.get("ordered") is True else ())
            return _finished(replace(found, order=order), outcome)
        if question.dialect != "duckdb":
            return Dropped(outcome.code or outcome.status, draft.where)
        return Deferred(
            sql_job(question.sql, draft.tables, mounted, MOST_ROWS, GOLD_SECONDS), lambda o: _finished(draft, o)
        )

    job = import_job(question.sql, question.dialect, draft.tables, mounted, MOST_ROWS, GOLD_SECONDS)
    return Deferred(job, imported)


def _order_of(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns of the result by which a plan sorts it at its end; expressions are none."""
    steps = [step for step in plan.get("steps", ()) if "limit" not in step]
    last = steps[-1].get("sort", ()) if steps else ()
    keys = [key.get("desc", key.get("asc")) if isinstance(key, dict) else key for key in last]
    return tuple(key for key in keys if isinstance(key, str)) if all(isinstance(key, str) for key in keys) else ()


def _of_template(question: Drawn) -> Draft:
    asked = question.asked
    form = asked.shape.form
    return Draft(
        instruction=question.instruction,
        tables=question.tables,
        gold=Action(name="query_plan", arguments={"plan": question.plan}),
        order=asked.shape.order,
        tags={"kind": form, "tier": asked.tier, "difficulty": asked.tier, "data": question.tables.id},
        groups=question.groups,
        origin=MADE.model_copy(update={"record": asked.combination}),
    )


def _of_question(record: Question) -> Draft:
    arguments: JsonObject = {"sql": record.sql} if record.plan is None else {"plan": record.plan}
    return Draft(
        instruction=record.question,
        tables=record.tables,
        gold=Action(name="sql" if record.plan is None else "query_plan", arguments=arguments),
        order=record.order,
        tags={"kind": "question", "data": record.tables.id, **record.tags},
        groups={"origin": record.group or record.tables.id},
        origin=record.origin,
    )


def _verified(draft: Draft, question: Drawn, outcome: Outcome) -> MadeTask:
    """Finish a task of a template: its answer must not hang on a tie for the last place."""
    rank, rows = question.asked.meaning.rank, preview_of(outcome)
    names = [str(column["name"]) for column in columns_of(outcome)]
    if outcome.status == "ok" and rank is not None:
        places = [names.index(name) for name in rank.per]
        value = names.index(question.asked.meaning.measures[0].name)
        if _tied(rows, places, value, rank.rows):
            return Dropped("tie", draft.where)
        rows = _first(rows, places, rank.rows)
    return _finished(draft, outcome, rows)


def _tied(rows: Sequence[Sequence[Any]], per: Sequence[int], value: int, count: int) -> bool:
    """Say whether what is ranked is shared across the last place of any group, or is null there."""
    for group in _by(rows, per):
        edge = [row[value] for row in group[count - 1 : count + 1]]
        if None in edge or (len(edge) == 2 and edge[0] == edge[1]):
            return True
    return False


def _first(rows: Sequence[list[Any]], per: Sequence[int], count: int) -> list[list[Any]]:
    return [row for group in _by(rows, per) for row in group[:count]]


def _by(rows: Sequence[Any], per: Sequence[int]) -> list[list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(tuple(row[place] for place in per), []).append(row)
    return list(groups.values())


def _finished(draft: Draft, outcome: Outcome, rows: Sequence[Sequence[Any]] | None = None) -> MadeTask:
    found = preview_of(outcome) if rows is None else rows
    if fault := _fault(outcome, found):
        return Dropped(fault, draft.where)
    return draft.task([str(column["name"]) for column in columns_of(outcome)], len(found))


def _fault(outcome: Outcome, rows: Sequence[Sequence[Any]]) -> str:
    """Return why a gold query makes no task: it failed, or what it finds is nothing, or the same everywhere."""
    if outcome.status != "ok":
        return outcome.code or outcome.status
    count = outcome.result.get("rows")
    if not rows:
        return "empty_answer"
    if outcome.result.get("truncated") or not isinstance(count, int) or count > MOST_ROWS:
        return "too_many_rows"
    last = [row[-1] for row in rows]
    if all(value in (None, 0) for value in last) or last.count(None) * 3 > len(last):
        return "trivial_answer"
    return "trivial_answer" if len(rows) > 1 and len({str(row) for row in rows}) == 1 else ""


def _shape_text(columns: Sequence[str], order: Sequence[str]) -> str:
    rows = f"in the order of {', '.join(order)}" if order else "in any order"
    return f"The answer has the columns {', '.join(columns)}; its rows come {rows}."
