"""Order keys and frames, written out in full: null order and both ends of every frame."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.binding import attempt
from tracewright.plans.faults import Fault, Path
from tracewright.plans.scope import Bound, Env

EXCLUDES = ("current row", "group", "ties", "no others")


def bind_order(env: Env, value: Any, path: Path) -> list[exp.Expr]:
    """Bind an array of order keys; nulls come last both ways unless said otherwise."""
    return [ordered(bound.sql, *way) for bound, *way in order_keys(env, value, path)]


def order_keys(env: Env, value: Any, path: Path) -> list[tuple[Bound, bool, bool]]:
    """Return each key with its direction: (key, descending, nulls first)."""
    if not isinstance(value, list):
        raise Fault("BAD_SHAPE", path, "wanted an array of order keys")
    return [_key(env, node, (*path, index)) for index, node in enumerate(value)]


def telling_keys(env: Env, value: Any, path: Path) -> list[tuple[Bound, bool, bool]]:
    """Return the keys of an order that a constant cannot be part of: a number is no position, and orders nothing."""
    keys = order_keys(env, value, path)
    for index, node in enumerate(value):
        inner = next((node[tag] for tag in ("asc", "desc") if tag in node), node) if isinstance(node, dict) else node
        if not isinstance(inner, str | dict) or (isinstance(inner, dict) and "lit" in inner):
            raise Fault("BAD_SHAPE", (*path, index), "a constant orders nothing", hint="name a column")
    return keys


def _key(env: Env, node: Any, path: Path) -> tuple[Bound, bool, bool]:
    if isinstance(node, dict) and len(tags := node.keys() & {"asc", "desc"}) == 1:
        (tag,) = tags
        nulls = node.get("nulls", "last")
        if node.keys() - {tag, "nulls"} or nulls not in ("first", "last"):
            raise Fault("BAD_SHAPE", path, 'wanted {"asc" or "desc": E, "nulls": "first" or "last"}')
        return attempt(env, node[tag], (*path, tag)), tag == "desc", nulls == "first"
    return attempt(env, node, path), False, False


def ordered(sql: exp.Expr, descending: bool, nulls_first: bool) -> exp.Expr:
    """Return an order key with its null order, which is always written."""
    # The writer leaves out NULLS LAST where it is the engine's default, so that it hangs in the slot behind it.
    last = None if nulls_first else exp.Var(this="NULLS LAST")
    return exp.Ordered(this=sql, desc=descending, nulls_first=nulls_first, with_fill=last)


def bind_frame(env: Env, node: dict[str, Any], has_order: bool, path: Path) -> exp.WindowSpec:
    """Return the frame of a window; without one, all rows up to the peers of this one, or all rows."""
    frame = node.get("frame") or ({"range": [None, 0]} if has_order else {"rows": [None, None]})
    if not (isinstance(frame, dict) and len(frame) == 1 and next(iter(frame)) in {"rows", "range", "groups"}):
        raise Fault("BAD_FRAME", path, 'wanted {"rows" or "range" or "groups": [start, end]}')
    ((kind, ends),) = frame.items()
    if not (isinstance(ends, list) and len(ends) == 2):
        raise Fault("BAD_FRAME", (*path, kind), "wanted [start, end]; negative is before, 0 the row, null unbounded")
    _in_order(kind, ends, has_order, (*path, kind))
    start, start_side = _end(env, ends[0], "PRECEDING", (*path, kind, 0))
    end, end_side = _end(env, ends[1], "FOLLOWING", (*path, kind, 1))
    exclude = _exclude(node, path)
    return exp.WindowSpec(
        kind=kind.upper(), start=start, start_side=start_side, end=end, end_side=end_side, exclude=exclude
    )


def _in_order(kind: str, ends: list[Any], has_order: bool, path: Path) -> None:
    if kind != "rows" and not has_order:
        raise Fault("BAD_FRAME", path, f"a frame of {kind} needs an order")
    start, end = ends
    if isinstance(start, int) and isinstance(end, int) and start > end:
        raise Fault("BAD_FRAME", path, f"the frame ends ({end}) before it starts ({start})")


def _end(env: Env, value: Any, unbounded: str, path: Path) -> tuple[Any, str | None]:
    if value is None:
        return "UNBOUNDED", unbounded
    if isinstance(value, int) and not isinstance(value, bool):
        if value == 0:
            return "CURRENT ROW", None
        return exp.Literal.number(abs(value)), "PRECEDING" if value < 0 else "FOLLOWING"
    if isinstance(value, dict) and "interval" in value:
        return _interval_end(env, value, path)
    raise Fault("BAD_FRAME", path, 'an end of a frame is an integer, null, or {"interval": [n, unit]}')


def _interval_end(env: Env, value: dict[str, Any], path: Path) -> tuple[exp.Expr, str]:
    match value["interval"]:
        case [int(count), str(unit)]:
            size = attempt(env, {"interval": [abs(count), unit]}, path)
            return size.sql, "PRECEDING" if count < 0 else "FOLLOWING"
    raise Fault("BAD_FRAME", path, "an interval that ends a frame has a literal count")


def _exclude(node: dict[str, Any], path: Path) -> exp.Expr | None:
    found = node.get("exclude")
    if found is None:
        return None
    if found not in EXCLUDES:
        raise Fault("BAD_FRAME", (*path[:-1], "exclude"), f"there is no exclude {found!r}", EXCLUDES)
    return exp.Var(this=found.upper())
