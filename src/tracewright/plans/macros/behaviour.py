"""Macros over what somebody did when: cohort, retention, funnel, visits, islands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.faults import Fault
from tracewright.plans.macros.periods import Grain, Span
from tracewright.plans.macros.rewriting import (
    Json,
    Rewrite,
    derived,
    every,
    named,
    named_source,
    over,
    windowed,
    without,
)
from tracewright.plans.scope import new_name


class Cohort(Closed):
    """Whose first time, counted in which periods."""

    entity: Any
    time: Any
    grain: Grain


def cohort(body: Rewrite, value: Any) -> None:
    """Add cohort, the period of the entity's first time, and age, how many periods have passed since."""
    step = read_shape(Cohort, value, body.path)
    start = {"bucket": [over({"min": step.time}, [step.entity]), step.grain]}
    body.add(derived(cohort=start), derived(age=_age(step.grain, {"bucket": [step.time, step.grain]})))


def _age(grain: str, now: Json) -> Json:
    if grain == "week":  # a difference in weeks counts whole spans of seven days, one in months counts boundaries
        return {"idiv": [{"diff": ["day", "cohort", now]}, 7]}
    return {"diff": [grain, "cohort", now]}


class Retention(Cohort):
    """For how many periods they are followed."""

    periods: int = Field(ge=1, le=1000)


def retention(body: Rewrite, value: Any) -> None:
    """Come to cohort, age, size, active, rate: zero where nobody came back, no row after the last period seen."""
    step = read_shape(Retention, value, body.path)
    cohort(body, {"entity": step.entity, "time": step.time, "grain": step.grain})
    active = [{"as": "active", "expr": {"count_distinct": step.entity}}]
    body.add({"aggregate": {"by": ["cohort", "age"], "measures": active}})
    body.add({"filter": {"between": ["age", 0, step.periods]}})
    name = body.close()
    size = {"as": "size", "expr": {"max": "active", "where": {"eq": ["age", 0]}}}
    sizes = {"from": name, "steps": [{"aggregate": {"by": ["cohort"], "measures": [size]}}]}
    body.begin({"plan": sizes, "as": "c"})
    ages = {"range": {"from": 0, "to": step.periods + 1, "step": 1}, "as": "g", "column": "age"}
    same = every([{"eq": ["m.cohort", "c.cohort"]}, {"eq": ["m.age", "g.age"]}])
    body.add({"join": {"to": ages, "how": "cross"}})
    body.add({"join": {"to": named_source(name, "m"), "how": "left", "on": same}})
    body.add({"filter": {"lte": [{"shift": ["c.cohort", "g.age", step.grain]}, _last_seen(name, step.grain)]}})
    came = {"coalesce": ["m.active", 0]}
    rate = {"as": "rate", "expr": {"ratio": [came, "c.size"]}}
    body.add({"select": ["c.cohort", "g.age", "c.size", {"as": "active", "expr": came}, rate]})


def _last_seen(name: str, grain: str) -> Json:
    last = {"as": "last", "expr": {"max": {"shift": ["cohort", "age", grain]}}}
    return {"scalar": {"from": name, "steps": [{"aggregate": {"measures": [last]}}]}}


class Funnel(Closed):
    """What has to happen in turn, and within what time of the first."""

    entity: str
    time: str
    steps: tuple[Any, ...] = Field(min_length=2, max_length=20)
    within: Span | None = None
    anchor: Literal["first", "any"] = "first"


def funnel(body: Rewrite, value: Any) -> None:
    """Come to step, entities, position, from_first, from_previous, one row a step.

    Each step is the earliest after the one before it. With anchor `first` an entity starts at its first occurrence,
    with `any` every occurrence is tried and the deepest counts.
    """
    step = read_shape(Funnel, value, body.path)
    stages = named(step.steps, (*body.path, "steps"))
    name = body.close()
    body.begin(name)
    body.add({"filter": stages[0][1]}, *_starts(step))
    for number, (_, condition) in enumerate(stages[1:], start=2):
        _reach(body, step, name, condition, number)
    if step.anchor == "any":
        reached = [{"as": _t(n), "expr": {"max": _t(n)}} for n in range(1, len(stages) + 1)]
        body.add({"aggregate": {"by": ["_entity"], "measures": reached}})
    counts = [{"as": stage, "expr": {"count": _t(n)}} for n, (stage, _) in enumerate(stages, start=1)]
    names = [stage for stage, _ in stages]
    body.add({"aggregate": {"measures": counts}})
    body.add({"unpivot": {"columns": names, "name": "step", "value": "entities", "keep_nulls": True}})
    places = [[{"lit": stage}, n] for n, stage in enumerate(names, start=1)]
    body.add(derived(position={"case": places, "of": "step"}))
    first = over({"call": "first_value", "args": ["entities"]}, (), ["position"])
    before = over({"call": "lag", "args": ["entities"]}, (), ["position"])
    body.add(derived(from_first={"ratio": ["entities", first]}, from_previous={"ratio": ["entities", before]}))
    body.add({"sort": ["position"]})


def _t(number: int) -> str:
    return f"_t{number}"


def _starts(step: Funnel) -> list[Json]:
    entity = {"as": "_entity", "expr": step.entity}
    if step.anchor == "first":
        start = [{"as": _t(1), "expr": {"min": step.time}}]
        return [{"aggregate": {"by": [entity], "measures": start}}]
    return [{"select": [entity, {"as": _t(1), "expr": step.time}]}, {"distinct": True}]


def _reach(body: Rewrite, step: Funnel, name: str, condition: Any, number: int) -> None:
    """Add the time at which one more step was reached, null where it was not."""
    events = {"from": name, "steps": [{"filter": condition}, {"select": [step.entity, step.time]}]}
    entity, time = {"col": ["e", step.entity]}, {"col": ["e", step.time]}
    on = [{"eq": [entity, "_entity"]}, {"gt": [time, _t(number - 1)]}]
    if step.within is not None:
        on.append({"lte": [time, {"shift": [_t(1), *step.within]}]})
    body.add({"join": {"to": {"plan": events, "as": "e"}, "how": "left", "on": every(on)}})
    keys = ["_entity", *(_t(n) for n in range(1, number))]
    body.add({"aggregate": {"by": keys, "measures": [{"as": _t(number), "expr": {"min": time}}]}})


class Visits(Closed):
    """After which gap a new visit begins."""

    entity: Any
    time: Any
    gap: Span
    name: str = Field(default="visit", alias="as")


def visits(body: Rewrite, value: Any) -> None:
    """Number each entity's visits from 1; rows with equal times share one."""
    step = read_shape(Visits, value, body.path)
    name = new_name(step.name, (*body.path, "as"))
    before = over({"call": "lag", "args": [step.time]}, [step.entity], [step.time])
    body.add(derived(_before=before))
    apart = {"gt": [step.time, {"shift": ["_before", *step.gap]}]}
    body.add(derived(_new={"case": [[{"or": [{"is_null": "_before"}, apart]}, 1]], "else": 0}))
    running = over({"sum": "_new"}, [step.entity], [step.time], {"range": [None, 0]})
    body.add(derived(**{name: {"cast": running, "to": "bigint"}}), without("_before", "_new"))


class Islands(Closed):
    """Which rows follow each other: the same values, or consecutive periods."""

    per: tuple[Any, ...] = ()
    order: tuple[Any, ...] = ()
    same: tuple[Any, ...] = ()
    by: Any = None
    grain: Grain | None = None
    name: str = Field(default="streak", alias="as")


def islands(body: Rewrite, value: Any) -> None:
    """Number the unbroken runs of each group from 1."""
    step = read_shape(Islands, value, body.path)
    periods = step.by is not None and step.grain is not None
    if periods == bool(step.same) or (not periods and not step.order):
        raise Fault("BAD_SHAPE", body.path, 'wanted "same" with "order", or "by" with "grain"')
    name = new_name(step.name, (*body.path, "as"))
    order = list(step.order) or [step.by]
    watched = list(step.same) or [step.by]
    before = {f"_before{n}": over({"call": "lag", "args": [e]}, step.per, order) for n, e in enumerate(watched)}
    body.add(derived(_number=windowed("row_number", step.per, order), **before))
    kept = [_next(step, expr, f"_before{n}") for n, expr in enumerate(watched)]
    begins = {"or": [{"eq": ["_number", 1]}, {"not": {"coalesce": [every(kept), False]}}]}
    body.add(derived(_new={"case": [[begins, 1]], "else": 0}))
    running = over({"sum": "_new"}, step.per, ["_number"], {"rows": [None, 0]})
    body.add(derived(**{name: {"cast": running, "to": "bigint"}}), without("_number", "_new", *before))


def _next(step: Islands, expr: Any, before: str) -> Json:
    if step.grain is None:
        return {"same": [expr, before]}
    return {"or": [{"eq": [expr, before]}, {"eq": [expr, {"shift": [before, 1, step.grain]}]}]}


MACROS: dict[str, Callable[[Rewrite, Any], None]] = {
    "cohort": cohort,
    "retention": retention,
    "funnel": funnel,
    "visits": visits,
    "islands": islands,
}
