"""Time: intervals, buckets under the plan's calendar, parts, shifts and differences."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.binding import attempt, bind, data_type, joined, operand, text, typed
from tracewright.plans.expressions.operators import Tag
from tracewright.plans.families import FLOAT, INT, INTERVAL, TIMES, TS, TSTZ, Type
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.scope import Bound, Env

GRAINS = ("microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
SPANS = (*GRAINS, "decade", "century", "millennium")
PARTS = (*SPANS, "dow", "isodow", "doy", "isoyear", "epoch", "yearweek", "era", "weekday", "dayofyear")
WEEK_SHIFT = {"monday": 0, "sunday": 1, "saturday": 2}
ORIGIN = "2000-01-03"
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\Z")


def unit(value: Any, known: tuple[str, ...], path: Path) -> str:
    """Return a unit of time; raises BAD_SHAPE with those that there are."""
    if isinstance(value, str) and value in known:
        return value
    raise Fault("BAD_SHAPE", path, f"there is no unit {value!r}", known, did_you_mean(str(value), known))


def bind_interval(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"interval": [7, "day"]}`; the count may be any integer expression."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [count, unit]")
    span = unit(value[1], GRAINS, (*path, 1))
    count = attempt(env, value[0], (*path, 0))
    if not (count.type.loose or count.type.family == "int"):
        raise Fault("TYPE_MISMATCH", (*path, 0), f"the count of an interval is an integer, found {count.type}")
    return joined([count], _interval(count.sql, span), INTERVAL)


def _interval(count: exp.Expr, span: str) -> exp.Expr:
    unit = exp.Var(this=span.upper())
    if isinstance(count, exp.Neg) and isinstance(count.this, exp.Literal):
        return exp.Interval(this=text(f"-{count.this.this}"), unit=unit)
    if isinstance(count, exp.Literal):
        return exp.Interval(this=count, unit=unit)
    one = exp.Interval(this=exp.Literal.number(1), unit=unit)
    return exp.Paren(this=exp.Mul(this=_beside(count), expression=one))


def _span(count: int, span: str) -> exp.Expr:
    return _interval(exp.Literal.number(count), span)


def moment(bound: Bound, path: Path) -> Bound:
    """Return a date or timestamp; raises TYPE_MISMATCH for anything else."""
    if bound.type.loose or bound.type.family in TIMES:
        return bound
    hint = 'write {"cast": E, "to": "timestamp"}'
    raise Fault("TYPE_MISMATCH", path, f"wanted a date or timestamp, found {bound.type}", hint=hint)


def bind_bucket(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"bucket": [t, grain]}`: the start of the period that holds t, under the plan's week and fiscal year."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [time, grain]")
    found = moment(attempt(env, value[0], (*path, 0)), (*path, 0))
    sql, kind = _in_zone(env, found, node, path)
    if isinstance(value[1], dict):
        sql = _as_stamp(Bound(sql, kind)).sql
        width = bind(env, value[1], (*path, 1))
        origin = typed(text(ORIGIN), "timestamp" if kind != TSTZ else "timestamptz")
        return joined([found], exp.Anonymous(this="time_bucket", expressions=[width.sql, sql, origin]), _stamp(kind))
    grain = unit(value[1], (*SPANS, "fiscal_year"), (*path, 1))
    return joined([found], _truncated(env, grain, sql), _stamp(kind))


def _stamp(kind: Type) -> Type:
    return TSTZ if kind == TSTZ else TS


def _in_zone(env: Env, found: Bound, node: dict[str, Any], path: Path) -> tuple[exp.Expr, Type]:
    zone = node.get("tz")
    if zone is None:
        return found.sql, found.type
    if not (isinstance(zone, str) and ZONE.match(zone)):
        raise Fault("BAD_SHAPE", (*path[:-1], "tz"), f"{zone!r} is no name of a time zone, such as 'Europe/Berlin'")
    if found.type == TSTZ:
        return exp.AtTimeZone(this=operand(found), zone=text(zone)), TS
    # A naive time is read in the plan's own zone first, so that the bucket is one of the zone that was asked for.
    aware = exp.AtTimeZone(this=operand(_as_stamp(found)), zone=text(env.work.timezone))
    return exp.AtTimeZone(this=exp.Paren(this=aware), zone=text(zone)), TS


def _as_stamp(found: Bound) -> Bound:
    if found.type.family != "date":
        return found
    return joined([found], exp.Cast(this=found.sql, to=data_type("timestamp")), TS)


def _truncated(env: Env, grain: str, sql: exp.Expr) -> exp.Expr:
    if grain == "week" and (days := WEEK_SHIFT[env.work.week_start]):
        return _shifted_back(_trunc("week", exp.Add(this=_beside(sql), expression=_span(days, "day"))), days, "day")
    if grain == "fiscal_year":
        months = env.work.fiscal_start - 1
        if months == 0:
            return _trunc("year", sql)
        month = exp.Sub(this=_trunc("month", sql), expression=_span(months, "month"))
        return exp.Add(this=_trunc("year", month), expression=_span(months, "month"))
    return _trunc(grain, sql)


def _beside(sql: exp.Expr) -> exp.Expr:
    return exp.Paren(this=sql) if isinstance(sql, exp.Binary) else sql


def _shifted_back(sql: exp.Expr, count: int, span: str) -> exp.Expr:
    return exp.Sub(this=sql, expression=_span(count, span))


def _trunc(grain: str, sql: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="date_trunc", expressions=[text(grain), sql])


def bind_part(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"part": [t, "hour"]}`: one number of a time."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [time, part]")
    part = unit(value[1], PARTS, (*path, 1))
    found = attempt(env, value[0], (*path, 0))
    if not (found.type.loose or found.type.family in TIMES | {"time", "interval"}):
        raise Fault("TYPE_MISMATCH", (*path, 0), f"wanted a time, found {found.type}")
    sql = exp.Anonymous(this="date_part", expressions=[text(part), found.sql])
    return joined([found], sql, FLOAT if part == "epoch" else INT)


def bind_shift(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"shift": [t, -1, "month"]}`; months clamp to the last day, a date becomes a timestamp."""
    if not (isinstance(value, list) and len(value) == 3):
        raise Fault("ARITY", path, "wanted [time, count, unit]")
    found = moment(attempt(env, value[0], (*path, 0)), (*path, 0))
    size = attempt(env, {"interval": value[1:]}, path)
    return joined([found, size], exp.Add(this=operand(found), expression=size.sql), _stamp(found.type))


def bind_diff(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"diff": ["day", a, b]}`: how many boundaries of the unit lie from a to b."""
    if not (isinstance(value, list) and len(value) == 3):
        raise Fault("ARITY", path, "wanted [unit, from, to]")
    span = unit(value[0], SPANS, (*path, 0))
    a, b = (moment(attempt(env, value[index], (*path, index)), (*path, index)) for index in (1, 2))
    return joined([a, b], exp.Anonymous(this="date_diff", expressions=[text(span), a.sql, b.sql]), INT)


TAGS: dict[str, Tag] = {
    "interval": (bind_interval, frozenset[str]()),
    "bucket": (bind_bucket, frozenset({"tz"})),
    "part": (bind_part, frozenset[str]()),
    "shift": (bind_shift, frozenset[str]()),
    "diff": (bind_diff, frozenset[str]()),
}
