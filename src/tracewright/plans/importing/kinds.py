"""The type of a settled expression, by the compiler's own tables; UNKNOWN where nothing depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from tracewright.plans.expressions.binding import decimal_type
from tracewright.plans.expressions.operators import result_of
from tracewright.plans.families import (
    BOOL,
    FLOAT,
    INT,
    INTERVAL,
    NULL,
    TEXT,
    TIMES,
    TS,
    TSTZ,
    UNKNOWN,
    Type,
    list_of,
    parse_type,
    unify,
)
from tracewright.plans.faults import Fault
from tracewright.plans.functions import catalogue, result_type
from tracewright.plans.importing.frames import Import, type_of_column
from tracewright.plans.importing.literals import digits, type_name
from tracewright.plans.importing.reading import name_of

SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.IntDiv: "//", exp.Mod: "%",
}  # fmt: skip
SINGLE: dict[type[exp.Expr], Type] = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is), BOOL),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape), BOOL),
    **dict.fromkeys((exp.Exists, exp.Boolean), BOOL),
    **dict.fromkeys((exp.DPipe, exp.Substring, exp.Trim), TEXT),
    exp.Null: NULL, exp.Interval: INTERVAL, exp.Extract: INT, exp.Grouping: INT, exp.Pow: FLOAT,
    exp.StrPosition: INT,
}  # fmt: skip
THROUGH = (exp.Neg, exp.Nullif, exp.Filter, exp.Window, exp.Order, exp.IgnoreNulls)


def kind(run: Import, node: exp.Expr) -> Type:
    """Return the type of an expression; of a sub-query only after it was imported."""
    if type(node) in SINGLE:
        return SINGLE[type(node)]
    if type(node) in SIGNS:
        return _reckoned(run, node)
    match node:
        case exp.Column():
            return type_of_column(run, node)
        case exp.Literal():
            return _literal(node)
        case exp.Cast():
            return parse_type(type_name(node.to)) or UNKNOWN
        case exp.Anonymous():
            return called(run, node)
        case exp.Subquery():
            return run.types.get(id(node), UNKNOWN)
        case exp.Distinct():
            return kind(run, node.expressions[0])
        case exp.Case():
            arms = [arm.args["true"] for arm in node.args["ifs"]]
            return widest(run, [*arms, *([node.args["default"]] if node.args.get("default") else [])])
        case exp.If():
            return widest(run, [node.args["true"], *([node.args["false"]] if node.args.get("false") else [])])
        case exp.Coalesce():
            return widest(run, [node.this, *node.expressions])
    return kind(run, node.this) if isinstance(node, THROUGH) else _nested(run, node)


def _literal(node: exp.Literal) -> Type:
    if node.is_string:
        return TEXT
    if "e" in str(node.this).lower():
        return FLOAT
    return decimal_type(digits(node)) if "." in str(node.this) else INT


def _nested(run: Import, node: exp.Expr) -> Type:
    match node:
        case exp.Array():
            return list_of(widest(run, node.expressions))
        case exp.Struct() if all(isinstance(item, exp.PropertyEQ) for item in node.expressions):
            items = tuple(kind(run, item.expression) for item in node.expressions)
            return Type("struct", items=items, names=tuple(name_of(item) for item in node.expressions))
        case exp.Bracket():
            outer = kind(run, node.this)
            return outer.items[-1] if outer.items else UNKNOWN
        case exp.StructExtract() | exp.Dot():
            return _field(kind(run, node.this), name_of(node.expression))
    return UNKNOWN


def _field(outer: Type, name: str) -> Type:
    return outer.items[outer.names.index(name)] if name in outer.names else UNKNOWN


def _reckoned(run: Import, node: exp.Expr) -> Type:
    left, chain = node, []
    while type(left) is type(node):  # long sums lean to the left
        chain.append(left.expression)
        left = left.this
    sign = SIGNS[type(node)]
    try:
        return reduce(lambda a, b: result_of(sign, a, kind(run, b), ()), reversed(chain), kind(run, left))
    except Fault:
        return UNKNOWN


def widest(run: Import, nodes: Sequence[exp.Expr]) -> Type:
    """Return the type that a choice between these has; texts in quotes take the type of the others."""
    found = [kind(run, node) for node in nodes if not is_text(node)] or [TEXT]
    whole = found[0]
    for one in found[1:]:
        whole = unify(whole, one) or UNKNOWN
    return TEXT if whole.loose and any(is_text(node) for node in nodes) else whole


def is_text(node: exp.Expr) -> bool:
    """Tell whether an expression is a text in quotes, which takes the type that it is compared with."""
    return isinstance(node, exp.Literal) and bool(node.is_string)


def called(run: Import, node: exp.Anonymous) -> Type:
    """Return the type of a call, by the catalogue."""
    name = name_of(node)
    args = [kind(run, arg) for arg in node.expressions if not isinstance(arg, exp.Star)]
    match name:
        case "count" | "date_diff":
            return INT
        case "date_trunc" | "time_bucket" | "date_add":
            times = [arg for arg in args if arg.family in TIMES]
            return TSTZ if times[:1] == [TSTZ] else TS
        case "list_extract" | "map_extract_value":
            return args[0].items[-1] if args and args[0].items else UNKNOWN
        case "struct_extract" if is_text(node.expressions[-1]):
            return _field(args[0], str(node.expressions[-1].this))
    function = catalogue().get(name)
    return (result_type(function, args) or UNKNOWN) if function is not None else UNKNOWN
