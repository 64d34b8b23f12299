"""Function calls, aggregates and windows, each typed by the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.binding import attempt, bind, joined, several
from tracewright.plans.expressions.operators import NONE, Tag, truth
from tracewright.plans.expressions.windows import bind_frame, bind_order, ordered, telling_keys
from tracewright.plans.families import INT, Type
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.functions import BOUNDED, Function, catalogue, result_type
from tracewright.plans.scope import Binder, Bound, Env, column_of

AGGREGATE_OPTIONS = frozenset({"where", "distinct", "order"})
NEVER_NULL = {"count", "approx_count_distinct", "regr_count"}


def find(name: Any, kinds: Sequence[str], path: Path) -> Function:
    """Return a function of the catalogue; raises UNKNOWN_FUNCTION with near names."""
    function = catalogue().get(name) if isinstance(name, str) else None
    if function is None or function.kind not in kinds:
        names = [known.name for known in catalogue().values() if known.kind in kinds]
        what = f"{name!r} is no {' or '.join(kinds)} function"
        raise Fault("UNKNOWN_FUNCTION", path, what, hint=did_you_mean(str(name), names))
    return function


def typed_call(function: Function, args: list[Bound], nodes: Sequence[Any], path: Path) -> Type:
    """Return the type of a call; raises ARITY, TYPE_MISMATCH, and LIMIT_EXCEEDED where a size has no small bound."""
    low, high = function.arity
    if len(args) < low or (high is not None and len(args) > high):
        wanted = str(low) if low == high else f"{low} to {high}" if high else f"{low} or more"
        raise Fault("ARITY", path, f"{function.name} takes {wanted} arguments, found {len(args)}")
    if (kind := result_type(function, [arg.type for arg in args])) is None:
        ways = " or ".join(f"({', '.join(takes)})" for takes, _ in function.ways)
        found = ", ".join(str(arg.type) for arg in args)
        raise Fault("TYPE_MISMATCH", path, f"{function.name} takes {ways}, found ({found})")
    _bounded(function, nodes, path)
    return _rounded(kind, nodes[1]) if function.name == "round" and len(nodes) == 2 else kind


def _rounded(kind: Type, digits: Any) -> Type:
    """Return the type of a number rounded to so many digits: a decimal keeps no more of them."""
    if kind.family != "dec" or not isinstance(digits, int):
        return kind
    return Type("dec", kind.precision, max(0, min(kind.scale, digits)))


def _bounded(function: Function, nodes: Sequence[Any], path: Path) -> None:
    for index in function.literals:
        node = nodes[index] if index < len(nodes) else None
        if index < len(nodes) and not isinstance(node, int | float | None) and not _is_literal(node):
            raise Fault("BAD_SHAPE", (*path, index), f"this argument of {function.name} must be a literal")
    if function.bounded is None or function.bounded >= len(nodes):
        return
    size = nodes[function.bounded]
    if not (isinstance(size, int) and not isinstance(size, bool) and -BOUNDED <= size <= BOUNDED):
        where = (*path, function.bounded)
        raise Fault("LIMIT_EXCEEDED", where, f"the size given to {function.name} is a literal up to {BOUNDED}")


def _is_literal(node: Any) -> bool:
    return node is None or not isinstance(node, str | list | dict) or (isinstance(node, dict) and "lit" in node)


def bind_call(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"call": name, "args": [..]}`."""
    function = find(value, ("scalar",), path)
    args = several(env, node.get("args", []), (*path[:-1], "args"), 0)
    kind = typed_call(function, args, node.get("args", []), (*path[:-1], "args"))
    sql = exp.Anonymous(this=function.name, expressions=[arg.sql for arg in args])
    return joined(args, sql, kind, nullable=_nullable(function, args))


def _nullable(function: Function, args: Sequence[Bound]) -> bool | None:
    match function.nulls:
        case "maybe":
            return True
        case "never":
            return False
        case "all":
            return all(arg.nullable for arg in args)
    return None


def aggregate(name: str) -> Binder:
    """Return the binder of an aggregate with a tag of its own: `{"sum": E}`, `{"count": "*"}`."""

    def binder(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
        return bind_aggregate(env, catalogue()[name], [value], node, path)

    return binder


def bind_agg(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind the general form `{"agg": name, "args": [..]}`."""
    function = find(value, ("aggregate",), path)
    nodes = node.get("args", [])
    if not isinstance(nodes, list):
        raise Fault("BAD_SHAPE", (*path[:-1], "args"), "wanted an array of expressions")
    return bind_aggregate(env, function, nodes, node, (*path[:-1], "args"))


def count_distinct(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"count_distinct": E}`."""
    return bind_aggregate(env, catalogue()["count"], [value], {**node, "distinct": True}, path)


def bind_aggregate(env: Env, function: Function, nodes: list[Any], node: dict[str, Any], path: Path) -> Bound:
    """Bind an aggregate with its options; raises AGGREGATE_PLACE and NESTED_AGGREGATE."""
    if env.place == "inside":
        raise Fault("NESTED_AGGREGATE", path, f"{function.name} stands inside another aggregate", hint="use two steps")
    if env.place != "measure":
        hint = 'put it into {"aggregate": {"by": [..], "measures": [..]}} or under {"over": ..}'
        raise Fault("AGGREGATE_PLACE", path, f"{function.name} is an aggregate and stands in no measure", hint=hint)
    inside = env.at("inside")
    sql, kind, args = _aggregate_call(inside, function, nodes, node, path)
    if "where" in node:
        where = (*path[:-1], "where")
        condition = truth(attempt(inside, node["where"], where), where)
        sql = exp.Filter(this=sql, expression=exp.Where(this=condition.sql))
    nullable = function.name not in NEVER_NULL and (_maybe_empty(env, node) or any(arg.nullable for arg in args))
    return Bound(sql, kind, nullable, aggregate=True)


def _maybe_empty(env: Env, node: dict[str, Any]) -> bool:
    """Tell whether an aggregate may see no row at all: over all rows, or with a condition of its own."""
    return "where" in node or env.groups is None or env.groups.whole


def _aggregate_call(
    env: Env, function: Function, nodes: list[Any], node: dict[str, Any], path: Path
) -> tuple[exp.Expr, Type, list[Bound]]:
    if function.name == "count" and nodes == ["*"]:
        return exp.Anonymous(this="count", expressions=[exp.Star()]), INT, []
    args = [attempt(env, item, (*path, index) if len(nodes) > 1 else path) for index, item in enumerate(nodes)]
    kind = typed_call(function, args, nodes, path)
    if function.name == "sum" and (column := column_of(env.scope, args[0].sql)) is not None and column.repeated:
        hint = "aggregate before the join, or sum over the table of many rows"
        env.work.lint(
            "FANOUT_RISK", path, f"a join repeats the rows of {column.name!r}, so that its sum counts some twice", hint
        )
    inner = [arg.sql for arg in args]
    if node.get("distinct"):
        inner = [exp.Distinct(expressions=inner[:1]), *inner[1:]]
    if "order" in node:
        where = (*path[:-1], "order")
        order = [ordered(key.sql, *way) for key, *way in telling_keys(env, node["order"], where)]
        inner[-1] = exp.Order(this=inner[-1], expressions=order)
    elif function.ordered:
        env.work.lint("ORDER_DEPENDENT", path, f"{function.name} depends on an order that is not given", 'add "order"')
    return exp.Anonymous(this=function.name, expressions=inner), kind, args


def grouping(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"grouping": [..]}`, the bit mask of rolled-up keys; only keys of this aggregate may be named."""
    if env.place != "measure" or env.groups is None:
        raise Fault("AGGREGATE_PLACE", path, "grouping belongs into the measures of an aggregate with sets")
    keys = several(env, value, path, 1)
    return Bound(exp.Anonymous(this="grouping", expressions=[key.sql for key in keys]), INT, False, aggregate=True)


def over(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"over": aggregate or call, "partition": [E], "order": [O], "frame": F}`."""
    if not env.windows:
        hint = 'derive it first: {"derive": [{"as": "…", "expr": {"over": ..}}]}, then use the column'
        raise Fault("WINDOW_PLACE", path, "a window function cannot stand here", hint=hint)
    row = env.at("row")
    call = _windowed(row, value, node, path)
    partition = several(row, node.get("partition", []), (*path[:-1], "partition"), 0)
    order = bind_order(row, node.get("order", []), (*path[:-1], "order"))
    spec = bind_frame(row, node, bool(order), (*path[:-1], "frame"))
    window = exp.Window(
        this=call.sql,
        partition_by=[key.sql for key in partition],
        order=exp.Order(expressions=order) if order else None,
        spec=spec,
        over="OVER",
    )
    return Bound(window, call.type, call.nullable, window=True)


def _windowed(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    if isinstance(value, dict) and "call" in value:
        function = find(value["call"], ("window",), (*path, "call"))
        nodes = value.get("args", [])
        where = (*path, "args")
        args = several(env, nodes, where, 0)
        kind = typed_call(function, args, nodes, where)
        if function.ordered and not node.get("order"):
            env.work.lint("ORDER_DEPENDENT", path, f"{function.name} depends on an order that is not given")
        elif function.name == "row_number" and not _total(env, node):
            hint = "add a key of the rows to the order"
            env.work.lint("NO_TOTAL_ORDER", path, "rows that are equal in this order are numbered by chance", hint)
        call = _call(function.name, [arg.sql for arg in args], ignore_nulls=node.get("ignore_nulls") is True, path=path)
        return Bound(call, kind, function.nulls != "never")
    found = bind(env.at("measure"), value, path)
    if not isinstance(found.sql, exp.Filter | exp.Anonymous) or not found.aggregate:
        raise Fault(
            "BAD_SHAPE", path, "over takes one aggregate or one call", hint="reckon with its result in a later item"
        )
    return found


def _total(env: Env, node: dict[str, Any]) -> bool:
    """Tell whether partition and order together hold a key of the rows."""
    order = [key.get("asc", key.get("desc")) if isinstance(key, dict) else key for key in node.get("order", [])]
    named = set()
    for item in [*node.get("partition", []), *order]:
        if isinstance(item, str) or (isinstance(item, dict) and "col" in item):
            named.add(column_of(env.scope, attempt(env, item, ()).sql))
    return env.scope.fuzzy or any(key <= named for key in env.scope.keys)


# The writer knows only of its own nodes that they may ignore nulls.
_IGNORING: dict[str, tuple[type[exp.Func], tuple[str, ...]]] = {
    "first_value": (exp.FirstValue, ("this",)),
    "last_value": (exp.LastValue, ("this",)),
    "nth_value": (exp.NthValue, ("this", "offset")),
    "lag": (exp.Lag, ("this", "offset", "default")),
    "lead": (exp.Lead, ("this", "offset", "default")),
}


def _call(name: str, args: list[exp.Expr], *, ignore_nulls: bool, path: Path) -> exp.Expr:
    if not ignore_nulls:
        return exp.Anonymous(this=name, expressions=args)
    if name not in _IGNORING:
        raise Fault("BAD_SHAPE", path, f"{name} has no nulls to ignore", _IGNORING)
    node, names = _IGNORING[name]
    return exp.IgnoreNulls(this=node(**dict(zip(names, args, strict=False))))


_DIRECT = ("count", "sum", "avg", "min", "max", "median")

TAGS: dict[str, Tag] = {
    **{name: (aggregate(name), AGGREGATE_OPTIONS) for name in _DIRECT},
    "count_distinct": (count_distinct, AGGREGATE_OPTIONS),
    "agg": (bind_agg, AGGREGATE_OPTIONS | {"args"}),
    "call": (bind_call, frozenset({"args"})),
    "grouping": (grouping, NONE),
    "over": (over, frozenset({"partition", "order", "frame", "exclude", "ignore_nulls"})),
}
