"""FROM and its joins, those in brackets among them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.importing.expressions import truth
from tracewright.plans.importing.frames import Draft, Frame, Import
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.settling import equalities, settle
from tracewright.plans.importing.sources import Source, source
from tracewright.plans.importing.speech import Speech
from tracewright.plans.scope import Column

SIDES = {"LEFT": "left", "RIGHT": "right", "FULL": "full", "": "inner"}
KINDS = {"CROSS": "cross", "SEMI": "semi", "ANTI": "anti"}
ONE_ROW = {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}


def open_from(run: Import, frame: Frame, select: exp.Expr) -> None:
    """Begin a frame at its FROM, with all joins."""
    origin = select.args.get("from_")
    if origin is None:
        run.open(frame, ONE_ROW)
        return
    begin(run, frame, origin.this)
    for join in [*(select.args.get("joins") or []), *(select.args.get("laterals") or [])]:
        take_join(run, frame, join)
    frame.sources = list(frame.columns)


def begin(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Begin a frame at its first source."""
    if _is_group(node):
        _group(run, frame, node)
        return
    found = source(run, frame, node)
    if found.lateral:
        raise refusal("UNSUPPORTED_CLAUSE", "the first source of a FROM has no rows beside it", node)
    run.open(frame, found.plain)


def _is_group(node: exp.Expr) -> bool:
    if isinstance(node, exp.Table):
        return bool(node.args.get("joins"))
    inner = node.this if isinstance(node, exp.Subquery) else None
    return isinstance(inner, exp.Table | exp.Subquery) and not (
        isinstance(inner, exp.Subquery) and isinstance(inner.this, exp.Query) and not inner.args.get("joins")
    )


def _group(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Begin a frame at a join in brackets: there its brackets say nothing."""
    if isinstance(node, exp.Subquery):
        only(node, "this", "joins")
    begin(run, frame, node.this if isinstance(node, exp.Subquery) else _alone(node))
    for join in node.args.get("joins") or []:
        take_join(run, frame, join)


def _alone(node: exp.Expr) -> exp.Expr:
    table = node.copy()
    table.set("joins", None)
    return table


def take_join(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Take one join, a comma among them."""
    join = node if isinstance(node, exp.Join) else exp.Join(this=node)
    only(join, "this", "side", "kind", "method", "on", "using")
    how = _how(run, join)
    left = list(frame.columns)
    found = _target(run, frame, join.this)
    right = _columns(run, frame, found)
    step: dict[str, Any] = {"to": found.plain, **({} if how == "inner" else {"how": how})}
    if found.lateral:
        step["lateral"] = True
    names = _shared(frame, join, left, right)
    if names is not None:
        step["using"] = names
    frame.see([*left, *right])
    if (on := join.args.get("on")) is not None:
        condition = settle(run, frame, on)
        step["on"] = truth(Speech(run, frame), condition)
        if how == "inner":
            frame.equal += equalities(condition)
    if how == "inner" and not names and on is None:
        step["how"] = "cross"
    if how == "cross" and on is not None:
        raise refusal("UNSUPPORTED_CLAUSE", "a cross join has no condition", join)
    frame.see(left)
    frame.take({"join": step})


def _how(run: Import, join: exp.Expr) -> str:
    side, kind_, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
    if method not in {"", "NATURAL", "ASOF"} or side not in SIDES or kind_ not in {"", "INNER", "OUTER", *KINDS}:
        raise refusal("UNSUPPORTED_CLAUSE", f"the plan language has no {method} {side} {kind_} join", join)
    if method == "ASOF":
        return "asof_left" if side == "LEFT" else "asof"
    if kind_ in KINDS:
        return KINDS[kind_]
    return SIDES[side]


def _target(run: Import, frame: Frame, node: exp.Expr) -> Source:
    if not _is_group(node):
        return source(run, frame, node)
    inner = run.frame(frame.parent, frame.names)
    inner.aliases, inner.tables, inner.stored, inner.called = frame.aliases, frame.tables, frame.stored, frame.called
    _group(run, inner, node)
    joins = [*inner.body.steps]
    outputs = inner.columns
    group = {"joined": {"from": inner.body.source, "steps": joins}}
    frame.types.update(inner.types)
    return Source(group, "", tuple(outputs))


def _columns(run: Import, frame: Frame, found: Source) -> list[Column]:
    """Return the columns that a target will bring, before its join is taken."""
    if found.columns is None:
        probe = Draft(run.work, frame.parent.env(run.work) if frame.parent else None, found.plain)
        return probe.block.scope.columns
    return [
        one if isinstance(one, Column) else Column(one.name, one.type, one.nullable, found.alias, found.alias)
        for one in found.columns
    ]


def _shared(frame: Frame, join: exp.Expr, left: list[Column], right: list[Column]) -> list[str] | None:
    """Return the columns of USING or of a natural join, None for any other."""
    names = [name_of(one) for one in join.args.get("using") or []]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        have = {frame.heading(column).casefold() for column in left if not column.hidden}
        names = [found for column in right if (found := frame.heading(column)).casefold() in have]
        if not names:
            raise refusal("UNSUPPORTED_CLAUSE", "a natural join finds no column of both sides", join)
    if not names:
        return None
    return [_of_both(frame, name, left, right) for name in names]


def _of_both(frame: Frame, name: str, left: list[Column], right: list[Column]) -> str:
    sides = []
    for columns in (left, right):
        seen = [column for column in columns if not column.hidden]
        found = {column.name for column in seen if frame.heading(column).casefold() == name.casefold()}
        if len(found) != 1:
            raise refusal("UNKNOWN_COLUMN", f"USING wants {name!r} on both sides")
        sides.append(found.pop())
    if sides[0] != sides[1]:
        raise refusal("UNSUPPORTED_CLAUSE", f"USING {name!r} is spelled in two ways; write the join with ON")
    return sides[0]
