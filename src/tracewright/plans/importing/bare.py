"""SQLite's bare columns: of the row of the one min or max, of any row otherwise (sqlite.org/lang_select.html, 2.5)."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.importing.calls import is_aggregate
from tracewright.plans.importing.frames import Frame, Import, place_of
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
    if extreme is not None:
        # The plain arg_max passes over rows where the column is null.
        return exp.Anonymous(this=f"{MARK}arg_{name_of(extreme)}_null", expressions=[node, extreme.expressions[0]])
    if not _determined(run, frame, node):
        run.notes.append(f"{place_of(run, node)[2]!r} is of any row of its group, as SQLite has it")
    return exp.Anonymous(this=f"{MARK}any_value", expressions=[node])


def _determined(run: Import, frame: Frame, node: exp.Column) -> bool:
    """Tell whether the group's keys hold a key of the column's table, so that all rows of a group agree."""
    _, alias, _ = place_of(run, node)
    table = run.work.catalogue.by_name.get(frame.tables.get(alias, ""))
    places = [place_of(run, key) for key in frame.known if isinstance(key, exp.Column)]
    names = {name for _, other, name in places if other == alias}
    return table is not None and any(set(key) <= names for key in table.keys)
