"""One SELECT as steps: sources, filter, groups, later filters, columns, distinct, order and limit."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.importing.calls import order_key
from tracewright.plans.importing.expressions import say, truth
from tracewright.plans.importing.frames import Draft, Frame, Import, is_stored, place_of, plain_name
from tracewright.plans.importing.grouping import group, holds_aggregate
from tracewright.plans.importing.joins import open_from
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.ordering import Key, limit, named_output, order_keys, sort
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.settling import Aliases, conjuncts, equalities, settle, within
from tracewright.plans.importing.shaping import Item, items, put_out
from tracewright.plans.importing.speech import Speech

CLAUSES = (
    "expressions", "from_", "joins", "laterals", "where", "group", "having", "qualify", "windows", "distinct", "order",
    "limit", "offset", "with_",
)  # fmt: skip
BEYOND_ROWS = ("group", "having", "qualify", "distinct", "limit", "offset")


def select(run: Import, node: exp.Expr, frame: Frame) -> Draft:
    """Return the body of a SELECT."""
    only(node, *CLAUSES)
    open_from(run, frame, node)
    frame.windows = {name_of(window).casefold(): window for window in node.args.get("windows") or []}
    found = items(run, frame, node)
    aliases = {item.alias.casefold(): item.tree for item in reversed(found) if item.alias}
    _where(run, frame, node, aliases)
    groups_where = _conditions(run, frame, node, "having", aliases)
    rows_where = _conditions(run, frame, node, "qualify", aliases)
    on = _distinct_on(run, frame, node, found)
    keys, hidden = order_keys(run, frame, node, found)
    later = [*groups_where, *rows_where, *on, *(item.tree for item in hidden)]
    if node.args.get("group") or groups_where or any(map(holds_aggregate, [*(item.tree for item in found), *later])):
        group(run, frame, node, found, later)
    _filter(run, frame, groups_where)
    _qualify(run, frame, rows_where, found)
    if on:
        _first_of_each(run, frame, on, keys, [*found, *hidden])
    stored = frozenset(item.name for item in found if is_stored(run, item.tree))
    _in_order(run, frame, node, found, hidden, keys)
    frame.body.stored = stored
    frame.body.called = {item.name: item.called for item in found if item.called and slug(item.called) != item.called}
    return frame.body


def rows(run: Import, node: exp.Expr, frame: Frame) -> Draft | None:
    """Return the rows that a SELECT finds, whatever it puts out of them; None where that is more than rows."""
    if any(node.args.get(clause) for clause in BEYOND_ROWS) or any(map(holds_aggregate, node.expressions)):
        return None
    only(node, *CLAUSES)
    open_from(run, frame, node)
    _where(run, frame, node, {})
    return frame.body


def _conditions(run: Import, frame: Frame, node: exp.Expr, clause: str, aliases: Aliases) -> list[exp.Expr]:
    found = node.args.get(clause)
    return conjuncts(settle(run, frame, found.this, aliases)) if found is not None else []


def _where(run: Import, frame: Frame, node: exp.Expr, aliases: Aliases) -> None:
    parts = _conditions(run, frame, node, "where", aliases)
    frame.equal += [pair for part in parts for pair in equalities(part)]
    _filter(run, frame, _moved_into_joins(run, frame, parts))


def _filter(run: Import, frame: Frame, parts: list[exp.Expr]) -> None:
    if parts:
        said = [truth(Speech(run, frame), part) for part in parts]
        frame.take({"filter": said[0] if len(said) == 1 else {"and": said}})


def _moved_into_joins(run: Import, frame: Frame, parts: list[exp.Expr]) -> list[exp.Expr]:
    """Return the conditions that stay; equalities of two sources become those of the comma between them.

    Rows are the same either way, since what meets across inner, cross and left joins may be filtered early or late.
    """
    joins = [step["join"] for step in frame.body.steps]
    if not all(join.get("how", "inner") in {"inner", "cross", "left", "semi", "anti"} for join in joins):
        return parts
    places = {_alias_in(frame.body.source): -1} | {_alias_in(join["to"]): at for at, join in enumerate(joins)}
    moved: dict[int, list[exp.Expr]] = {}
    for part in parts:
        at = _meeting(run, frame, part, places)
        if at >= 0 and joins[at].keys() == {"to", "how"} and joins[at]["how"] == "cross":
            moved.setdefault(at, []).append(part)
    if not moved:
        return parts
    steps = [_joined(run, frame, join, moved.get(at, [])) for at, join in enumerate(joins)]
    run.open(frame, frame.body.source)
    for step in steps:
        frame.take({"join": step})
    gone = [part for some in moved.values() for part in some]
    return [part for part in parts if not any(part is one for one in gone)]


def _alias_in(source: Any) -> str:
    if isinstance(source, dict):
        return str(source.get("as") or source.get("table") or source.get("let") or "")
    return str(source)


def _meeting(run: Import, frame: Frame, part: exp.Expr, places: dict[str, int]) -> int:
    """Return the join at which the two columns of an equality meet, -1 where it is no such thing."""
    if not (isinstance(part, exp.EQ) and all(isinstance(side, exp.Column) for side in (part.this, part.expression))):
        return -1
    found = [place_of(run, side) for side in (part.this, part.expression)]
    if any(one is not frame or alias not in places for one, alias, _ in found) or found[0][1] == found[1][1]:
        return -1
    return max(places[alias] for _, alias, _ in found)


def _joined(run: Import, frame: Frame, join: dict[str, Any], conditions: list[exp.Expr]) -> dict[str, Any]:
    if not conditions:
        return join
    said = [truth(Speech(run, frame), condition) for condition in conditions]
    return {"to": join["to"], "on": said[0] if len(said) == 1 else {"and": said}}


def _distinct_on(run: Import, frame: Frame, node: exp.Expr, found: list[Item]) -> list[exp.Expr]:
    """Return the keys of DISTINCT ON, none where there is none."""
    distinct = node.args.get("distinct")
    on = distinct.args.get("on") if distinct is not None else None
    if on is None:
        return []
    keys = on.expressions if isinstance(on, exp.Tuple) else [on]
    return [_tree(named_output(run, frame, key, found), found) for key in keys]


def _tree(output: str | exp.Expr, found: list[Item]) -> exp.Expr:
    return output if isinstance(output, exp.Expr) else next(item.tree for item in found if item.name == output)


def _first_of_each(run: Import, frame: Frame, on: list[exp.Expr], keys: list[Key], found: list[Item]) -> None:
    speech = Speech(run, frame)
    step: dict[str, Any] = {"on": [say(speech, key) for key in on]}
    if keys:
        order = [exp.Ordered(**{**ordered.args, "this": _tree(name, found)}) for ordered, name in keys]
        step["order"] = [order_key(speech, key, say) for key in order]
    frame.take({"distinct": step})


def _qualify(run: Import, frame: Frame, parts: list[exp.Expr], found: list[Item]) -> None:
    """Derive the windows that a later filter asks for, and filter."""
    windows = [one for part in parts for one in within(part) if isinstance(one, exp.Window)]
    items_, taken = [], [column.name for column in frame.columns] + [item.name for item in found]
    fresh: dict[exp.Expr, str] = {}
    for tree in dict.fromkeys(windows):
        fresh[tree] = free(f"window_{len(fresh) + 1}", taken)
        items_.append({"as": fresh[tree], "expr": say(Speech(run, frame, windows=True), tree)})
    if items_:
        frame.take({"derive": items_})
        frame.known = {**frame.known, **fresh}
    _filter(run, frame, parts)


def _in_order(
    run: Import, frame: Frame, node: exp.Expr, found: list[Item], hidden: list[Item], keys: list[Key]
) -> None:
    distinct = node.args.get("distinct") is not None and not node.args["distinct"].args.get("on")
    if distinct and hidden and not run.sqlite:
        raise refusal("UNSUPPORTED_CLAUSE", "distinct rows are ordered by what is put out of them", hidden[0].tree)
    put_out(run, frame, found, hidden)
    if distinct and hidden:
        run.notes.append("distinct rows are ordered by a column of any of those that are alike, as SQLite has it")
        frame.take({"distinct": {"on": [plain_name(item.name) for item in found]}})
    elif distinct:
        frame.take({"distinct": True})
    if keys:
        sort(frame, keys)
    limit(run, frame, node)
    if hidden:
        frame.take({"select": [plain_name(item.name) for item in found]})
