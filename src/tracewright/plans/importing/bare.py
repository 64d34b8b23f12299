"""SQLite's bare columns: of the row of the one min or max, of any row otherwise (sqlite.org/lang_select.html, 2.5)."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.families import TEXT, unify
from tracewright.plans.importing.calls import is_aggregate
from tracewright.plans.importing.frames import Frame, Import, place_of
from tracewright.plans.importing.kinds import kind
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import MARK
from tracewright.plans.importing.settling import SUBQUERIES, own_parts, within


def the_extreme(nodes: list[exp.Expr]) -> exp.Expr | None:
    """Return the one min or max of a SELECT, None where there is none or there are several."""
    found = {part for node in nodes for part in within(node) if is_aggregate(part) and name_of(part) in {"min", "max"}}
    return found.pop() if len(found) == 1 else None


def holds_bare(run: Import, frame: Frame, node: exp.Expr) -> bool:
    """Tell whether an expression has a column that is neither a key nor aggregated."""
    if node in frame.known or is_aggregate(node) or isinstance(node, SUBQUERIES):
        return False
    if isinstance(node, exp.Column):
        return place_of(run, node)[0] is frame
    return any(holds_bare(run, frame, part) for part in own_parts(node))


def of_some_row(run: Import, frame: Frame, tree: exp.Expr, extreme: exp.Expr | None) -> exp.Expr:
    """Return a measure in which bare columns say of which row they are; other dialects have none."""
    if not run.sqlite:
        return tree

    def change(node: exp.Expr) -> exp.Expr:
        if node in frame.known or is_aggregate(node) or isinstance(node, SUBQUERIES):
            return node
        if isinstance(node, exp.Column):
            return _chosen(run, frame, node, extreme) if place_of(run, node)[0] is frame else node
        return type(node)(**{key: _each(value) for key, value in node.args.items()})

    def _each(value: Any) -> Any:
        if isinstance(value, exp.Expr):
            return change(value)
        return [_each(item) for item in value] if isinstance(value, list) else value

    return change(tree)


def _chosen(run: Import, frame: Frame, node: exp.Column, extreme: exp.Expr | None) -> exp.Expr:
    some = exp.Anonymous(this=f"{MARK}first", expressions=[node])
    if extreme is None:
        run.notes.append(f"{place_of(run, node)[2]!r} is of any row of its group, as SQLite has it")
        return some
    over = extreme.expressions[0]
    # The plain arg_max passes over rows where the column is null; both are null where there is nothing to compare.
    chosen = exp.Anonymous(this=f"{MARK}arg_{name_of(extreme)}_null", expressions=[node, over])
    if not _nullable(run, over):
        return chosen
    return exp.Case(ifs=[exp.If(this=exp.Is(this=extreme, expression=exp.Null()), true=some)], default=chosen)


def _nullable(run: Import, node: exp.Expr) -> bool:
    if not isinstance(node, exp.Column):
        return True
    frame, alias, name = place_of(run, node)
    return any(one.nullable for one in frame.columns if one.name == name and (one.alias or "") == alias)


def determined(run: Import, frame: Frame, keys: list[exp.Expr], nodes: list[exp.Expr]) -> list[exp.Column]:
    """Return the bare columns that are one in each group, since what the keys tell holds a key of their table."""
    if not run.sqlite:
        return []
    told = dict.fromkeys(key for key in keys if isinstance(key, exp.Column))
    while more := [b for a, b in _both_ways(frame) if a in told and b not in told and _tells(run, a, b)]:
        told |= dict.fromkeys(more)
    places = {place_of(run, key)[1:] for key in told if place_of(run, key)[0] is frame}
    bare = dict.fromkeys(column for node in nodes for column in _bare(run, frame, node) if column not in keys)
    return [column for column in bare if _keyed(run, frame, place_of(run, column)[1], places)]


def _both_ways(frame: Frame) -> list[tuple[exp.Column, exp.Column]]:
    return [*frame.equal, *((b, a) for a, b in frame.equal)]


def _tells(run: Import, one: exp.Column, other: exp.Column) -> bool:
    """Tell whether equal columns are equal values: of a number there may be several texts."""
    return unify(kind(run, one), kind(run, other)) is not None or kind(run, one) == TEXT


def _bare(run: Import, frame: Frame, node: exp.Expr) -> list[exp.Column]:
    if is_aggregate(node) or isinstance(node, SUBQUERIES):
        return []
    if isinstance(node, exp.Column):
        return [node] if place_of(run, node)[0] is frame else []
    return [column for part in own_parts(node) for column in _bare(run, frame, part)]


def _keyed(run: Import, frame: Frame, alias: str, places: set[tuple[str, str]]) -> bool:
    table = run.work.catalogue.by_name.get(frame.tables.get(alias, ""))
    return table is not None and any(all((alias, name) in places for name in key) for key in table.keys)
