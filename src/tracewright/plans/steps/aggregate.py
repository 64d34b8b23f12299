"""The aggregate step: groups, measures, grouping sets; and pivot, which is an aggregate with conditions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from sqlglot import exp

from tracewright.plans.document import MOST_COLUMNS, Closed, read_shape
from tracewright.plans.expressions.binding import MOST_BOUND, bind, copy_of
from tracewright.plans.families import Type, engine_type
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.scope import Bound, Column, Env, Groups
from tracewright.plans.steps.block import Block, Stage
from tracewright.plans.steps.columns import Named, named_items, unique_names

MOST_SETS = 64


class Aggregate(Closed):
    """The aggregate step as it is written."""

    by: tuple[Any, ...] = ()
    measures: tuple[Any, ...] = ()
    sets: Any = None


class Pivot(Closed):
    """The pivot step as it is written."""

    on: Any
    values: Any
    by: tuple[Any, ...] = ()
    measures: tuple[Any, ...]


def aggregate(block: Block, value: Any, path: Path) -> None:
    """Group the rows: one row of each combination of `by`, or exactly one row where `by` is empty."""
    step = read_shape(Aggregate, value, path)
    if not step.by and not step.measures:
        raise Fault("BAD_SHAPE", path, 'wanted "by", "measures" or both')
    block.reach(Stage.SHAPE, Stage.FILTER)
    keys = named_items(block.env(), step.by, (*path, "by"), short=True)
    sets = _sets(step.sets, dict(keys), (*path, "sets")) if step.sets is not None else None
    env = block.env().at("measure", _groups(block.env(), step.by, keys, whole=[] in (sets or [])))
    measures = named_items(env, step.measures, (*path, "measures"), short=True)
    _grouped(block, keys, measures, sets)


def _groups(env: Env, nodes: Sequence[Any], keys: list[Named], *, whole: bool = False) -> Groups:
    groups = Groups(whole or not keys, named=dict(keys))
    for node, (_, bound) in zip(nodes, keys, strict=True):
        written = node["expr"] if isinstance(node, dict) and "expr" in node else node
        if isinstance(bound.sql, exp.Column):
            for column in env.scope.columns:
                if (column.sqlname or column.name) == bound.sql.name and (column.table or "") == bound.sql.table:
                    groups.columns[id(column)] = bound
        if isinstance(written, dict):
            groups.nodes.append((written, bound))
    return groups


def _grouped(block: Block, keys: list[Named], measures: list[Named], sets: list[list[str]] | None) -> None:
    before = dict(keys)
    columns = [Column(name, bound.type, bound.nullable or sets is not None) for name, bound in keys]
    outputs = [*keys, *measures]
    everything = [*columns, *(Column(name, bound.type, bound.nullable) for name, bound in measures)]
    unique_names(block, everything)
    if sets is not None:
        tuples = [exp.Tuple(expressions=[copy_of(before[name]).sql for name in one]) for one in sets]
        block.group = exp.Group(grouping_sets=[exp.GroupingSets(expressions=tuples)])
    elif keys:
        places: list[exp.Expr] = [exp.Literal.number(index + 1) for index in range(len(keys))]
        block.group = exp.Group(expressions=places)
    block.keys = [frozenset(columns)] if sets is None else []
    block.shape(zip(everything, (bound for _, bound in outputs), strict=True))


def _sets(value: Any, keys: dict[str, Bound], path: Path) -> list[list[str]]:
    """Return the grouping sets in full: rollup and cube are written out."""
    names = list(keys)
    match value:
        case {"rollup": list() as given} if len(value) == 1:
            found = [given[:count] for count in range(len(given), -1, -1)]
        case {"cube": list() as given} if len(value) == 1 and len(given) <= 6:
            found = [list(some) for count in range(len(given), -1, -1) for some in combinations(given, count)]
        case list() if all(isinstance(one, list) for one in value):
            found = value
        case _:
            raise Fault("BAD_SHAPE", path, 'wanted {"rollup": [names]}, {"cube": [up to 6 names]} or [[names], …]')
    for one in found:
        for name in one:
            if name not in names:
                near = did_you_mean(str(name), names)
                raise Fault("NOT_GROUPED", path, f"{name!r} is no key of this step", names, near)
            if not keys[name].sql.find(exp.Column):  # a number would be read as a position
                raise Fault("BAD_SHAPE", path, f"{name!r} is a constant, and no key of sets")
    size = sum(1 for bound in keys.values() for _ in bound.sql.walk())
    if len(found) > MOST_SETS or len(found) * size > MOST_BOUND:
        raise Fault("LIMIT_EXCEEDED", path, f"at most {MOST_SETS} grouping sets of {MOST_BOUND} expressions in all")
    return found


def pivot(block: Block, value: Any, path: Path) -> None:
    """Spread the values of one expression into columns, each an aggregate under a condition."""
    step = read_shape(Pivot, value, path)
    if isinstance(step.values, dict):
        hint = "write them, or have them found: `tracewright plan run` does"
        raise Fault("PIVOT_VALUES", (*path, "values"), "the values of this pivot are not known yet", hint=hint)
    if not isinstance(step.values, list) or not step.values or not step.measures:
        raise Fault("BAD_SHAPE", path, "a pivot needs values and measures")
    if len(step.values) * len(step.measures) > MOST_COLUMNS:
        raise Fault("LIMIT_EXCEEDED", (*path, "values"), f"a pivot makes at most {MOST_COLUMNS} columns")
    block.reach(Stage.SHAPE, Stage.FILTER)
    keys = named_items(block.env(), step.by, (*path, "by"), short=True)
    env = block.env().at("measure", _groups(block.env(), step.by, keys))
    kind = bind(block.env(), step.on, (*path, "on")).type
    measures: list[Named] = []
    for index, found in enumerate(step.values):
        measures += _spread(env, step, kind, found, (*path, "values", index), path)
    _grouped(block, keys, measures, None)


def _spread(env: Env, step: Pivot, kind: Type, value: Any, where: Path, path: Path) -> list[Named]:
    name = _column_name(value, where)
    # JSON has texts for dates, times and long numbers; which is meant, the pivoted expression says.
    typed = isinstance(value, str) and kind.family != "text" and not kind.loose
    written = {"lit": value, "as": engine_type(kind)} if typed else {"lit": value}
    condition = {"is_null": step.on} if value is None else {"eq": [step.on, written]}
    found = []
    for index, measure in enumerate(step.measures):
        place = (*path, "measures", index)
        if not (isinstance(measure, dict) and measure.keys() == {"as", "expr"} and isinstance(measure["expr"], dict)):
            raise Fault("BAD_SHAPE", place, 'wanted {"as": name, "expr": aggregate}')
        node = {**measure["expr"], "where": _both(measure["expr"].get("where"), condition)}
        ((_, bound),) = named_items(env, [{"as": measure["as"], "expr": node}], (*path, "measures"), short=False)
        found.append((name if len(step.measures) == 1 else f"{name}_{measure['as']}", bound))
    return found


def _both(one: Any, other: Any) -> Any:
    return other if one is None else {"and": [one, other]}


def _column_name(value: Any, path: Path) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str() if 0 < len(value.encode()) <= 200:
            return value
        case int() | float() | Decimal():
            return str(value)
    raise Fault("BAD_SHAPE", path, "a value of a pivot is a text, a number, true, false or null")
