"""Macros over time: fill, compare, to_date, rolling, cumulative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.faults import Fault
from tracewright.plans.macros.rewriting import Json, Rewrite, every, known, named, named_source, over
from tracewright.plans.scope import Column

Grain = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
Span = tuple[int, Grain]


class Fill(Closed):
    """Which periods there should be, for which groups, and what stands in those that were missing."""

    on: str
    grain: Grain
    per: tuple[str, ...] = ()
    start: Any = Field(default=None, alias="from")
    end: Any = Field(default=None, alias="to")
    values: dict[str, Any] = Field(default={}, alias="set")
    carry: tuple[str, ...] = ()


def fill(body: Rewrite, value: Any) -> None:
    """Put a row where a period is missing, for every group; `from` is included, `to` is not."""
    step = read_shape(Fill, value, body.path)
    known(body, [step.on, *step.per, *step.values, *step.carry])
    columns = body.columns()
    name = body.close()
    start = _edge(name, "min", step.on) if step.start is None else step.start
    end = {"shift": [_edge(name, "max", step.on), 1, step.grain]} if step.end is None else step.end
    spine = {"from": start, "to": end, "step": {"interval": [1, step.grain]}}
    body.begin({"range": spine, "as": "g", "column": "at"})
    if step.per:
        groups = {"from": name, "steps": [{"select": list(step.per)}, {"distinct": True}]}
        body.add({"join": {"to": {"plan": groups, "as": "k"}, "how": "cross"}})
    on = [{"eq": [f"m.{step.on}", "g.at"]}, *({"same": [f"m.{key}", f"k.{key}"]} for key in step.per)]
    body.add({"join": {"to": named_source(name, "m"), "how": "left", "on": every(on)}})
    body.add({"select": [_filled(step, column) for column in columns]})


def _edge(name: str, which: str, column: str) -> Json:
    return {"scalar": {"from": name, "steps": [{"aggregate": {"measures": [{"as": "edge", "expr": {which: column}}]}}]}}


def _filled(step: Fill, column: Column) -> Json:
    name, expr = column.name, {"col": ["m", column.name]}
    if name == step.on:
        spine: Any = "g.at"
        return {"as": name, "expr": {"cast": spine, "to": "date"} if column.type.family == "date" else spine}
    if name in step.per:
        return {"as": name, "expr": {"col": ["k", name]}}
    if name in step.values:
        return {"as": name, "expr": {"coalesce": [expr, step.values[name]]}}
    if name in step.carry:
        partition = [{"col": ["k", key]} for key in step.per]
        call = {"call": "last_value", "args": [expr]}
        carried = over(call, partition, ["g.at"], {"rows": [None, 0]})
        return {"as": name, "expr": {**carried, "ignore_nulls": True}}
    return {"as": name, "expr": expr}


class Compare(Closed):
    """Which measures are set beside those of an earlier period."""

    of: tuple[str, ...] = Field(min_length=1)
    by: str
    grain: Grain
    offset: int = Field(default=1, ge=1)
    per: tuple[str, ...] = ()
    outputs: tuple[Literal["prev", "delta", "pct"], ...] = ("prev", "delta", "pct")


def compare(body: Rewrite, value: Any) -> None:
    """Set each row beside the one `offset` periods before; null where there is none (a lag would take another)."""
    step = read_shape(Compare, value, body.path)
    known(body, [*step.of, step.by, *step.per])
    columns = body.columns()
    name = body.close()
    body.begin(named_source(name, "cur"))
    on: list[Json] = [{"same": [f"cur.{key}", f"prev.{key}"]} for key in step.per]
    on.append({"eq": [f"prev.{step.by}", {"shift": [f"cur.{step.by}", -step.offset, step.grain]}]})
    join = {"to": named_source(name, "prev"), "how": "left", "on": every(on), "expect": "many_to_one"}
    outputs = [_compared(measure, output) for measure in step.of for output in step.outputs]
    body.add({"join": join}, {"select": [*({"col": ["cur", column.name]} for column in columns), *outputs]})


def _compared(measure: str, output: str) -> Json:
    now, before = {"col": ["cur", measure]}, {"col": ["prev", measure]}
    delta = {"sub": [now, before]}
    exprs = {"prev": before, "delta": delta, "pct": {"ratio": [delta, before]}}
    return {"as": f"{measure}_{output}", "expr": exprs[output]}


class ToDate(Closed):
    """How far into each period rows count."""

    time: Any
    grain: Grain
    until: Any


def to_date(body: Rewrite, value: Any) -> None:
    """Keep of each period what lies as far into it as `until` lies into its own."""
    step = read_shape(ToDate, value, body.path)
    into = [{"sub": [at, {"bucket": [at, step.grain]}]} for at in (step.time, step.until)]
    body.add({"filter": {"lte": into}})


class Rolling(Closed):
    """A moving window of rows or of time."""

    measures: tuple[Any, ...] = Field(min_length=1)
    by: Any
    per: tuple[Any, ...] = ()
    rows: int | None = Field(default=None, ge=1)
    last: Span | None = None
    min_rows: int = Field(default=1, ge=1)


def rolling(body: Rewrite, value: Any) -> None:
    """Add measures over the last rows or the last span of time; null below `min_rows`."""
    step = read_shape(Rolling, value, body.path)
    if (step.rows is None) == (step.last is None):
        raise Fault("BAD_SHAPE", body.path, 'wanted "rows" or "last", not both')
    frame = _frame(step)
    items = []
    for name, expr in named(step.measures, (*body.path, "measures")):
        moving = over(expr, step.per, [step.by], frame)
        enough = {"gte": [over({"count": "*"}, step.per, [step.by], frame), step.min_rows]}
        items.append({"as": name, "expr": moving if step.min_rows == 1 else {"case": [[enough, moving]]}})
    body.add({"derive": items})


def _frame(step: Rolling) -> Json:
    if step.last is not None:
        return {"range": [{"interval": [-step.last[0], step.last[1]]}, 0]}
    return {"rows": [1 - (step.rows or 1), 0]}


class Cumulative(Closed):
    """Measures from the start of each period on."""

    measures: tuple[Any, ...] = Field(min_length=1)
    by: Any
    per: tuple[Any, ...] = ()
    reset: Grain | None = None


def cumulative(body: Rewrite, value: Any) -> None:
    """Add measures over everything up to this row, begun anew at each `reset`."""
    step = read_shape(Cumulative, value, body.path)
    partition = [*step.per, *([{"bucket": [step.by, step.reset]}] if step.reset else [])]
    measures = named(step.measures, (*body.path, "measures"))
    frame = {"range": [None, 0]}
    body.add({"derive": [{"as": name, "expr": over(expr, partition, [step.by], frame)} for name, expr in measures]})


MACROS: dict[str, Callable[[Rewrite, Any], None]] = {
    "fill": fill,
    "compare": compare,
    "to_date": to_date,
    "rolling": rolling,
    "cumulative": cumulative,
}
