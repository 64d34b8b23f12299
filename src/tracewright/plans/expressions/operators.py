"""Arithmetic, comparison, logic, membership, text and choice: what each takes, what comes out, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.binding import (
    CAST_HINT,
    attempt,
    bind,
    data_type,
    joined,
    operand,
    same_type,
    several,
    text,
    wanted_type,
)
from tracewright.plans.families import (
    BOOL,
    DATE,
    FLOAT,
    INT,
    INTERVAL,
    NUMBERS,
    TEXT,
    TIMES,
    TS,
    UNKNOWN,
    Type,
    as_decimal,
    decimal,
    unify,
)
from tracewright.plans.faults import Fault, Path
from tracewright.plans.scope import Binder, Bound, Env

Tag = tuple[Binder, frozenset[str]]
NONE = frozenset[str]()


def arithmetic(sign: str, node: type[exp.Binary]) -> Binder:
    """Return the binder of one operator over two or more operands."""

    def binder(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
        found = several(env, value, path, 2, None if sign in "+*" else 2)
        if sign not in "+-*":
            _divisor(env, sign, value[1], path)

        def pair(left: Bound, right: Bound) -> Bound:
            kind = result_of(sign, left.type, right.type, path)
            return joined([left, right], node(this=operand(left), expression=operand(right)), kind)

        return reduce(pair, found)

    return binder


def _divisor(env: Env, sign: str, node: Any, path: Path) -> None:
    """Warn of a divisor that is zero, or that the data may make so."""
    if isinstance(node, int | float | Decimal) and not isinstance(node, bool) and node:
        return
    what = "is inf, or nan" if sign == "/" else "ends the run with DIVISION"
    hint = '{"ratio": [a, b]} is null where b is zero'
    env.work.lint("DIVISION", path, f"where the divisor is zero, this {what}", hint)


def result_of(sign: str, left: Type, right: Type, path: Path) -> Type:
    """Return the type of `left sign right` as the engine has it; raises TYPE_MISMATCH."""
    kind = _loose(left, right) or _numeric(sign, left, right) or _temporal(sign, left, right)
    if kind is None:
        hint = _text_hint(left, right) or CAST_HINT
        raise Fault("TYPE_MISMATCH", path, f"there is no {left} {sign} {right}", hint=hint)
    return kind


def _loose(left: Type, right: Type) -> Type | None:
    if not (left.loose or right.loose):
        return None
    known = right if left.loose else left
    return known if known.family in NUMBERS else UNKNOWN


def _numeric(sign: str, left: Type, right: Type) -> Type | None:
    if not (left.family in NUMBERS and right.family in NUMBERS):
        return None
    if sign == "/" or "float" in (left.family, right.family):
        return FLOAT
    if left.family == right.family == "int":
        return INT
    a, b = as_decimal(left), as_decimal(right)
    if sign == "*":
        return decimal(a.precision + b.precision, a.scale + b.scale)
    scale = max(a.scale, b.scale)
    whole = max(a.precision - a.scale, b.precision - b.scale)
    return decimal(whole + scale + (sign in "+-"), scale) if sign != "//" else FLOAT


def _temporal(sign: str, left: Type, right: Type) -> Type | None:
    match left.family, sign, right.family:
        case ("date", "-", "date"):
            return INT
        case ("date", "+" | "-", "int"):
            return DATE
        case ("int", "+", "date"):
            return DATE
        case ("date", "+" | "-", "interval") | ("interval", "+", "date"):
            return TS
        case ("ts" | "tstz" | "time", "+" | "-", "interval"):
            return left
        case ("interval", "+", "ts" | "tstz" | "time"):
            return right
        case ("ts" | "tstz" | "date", "-", "ts" | "tstz" | "date"):
            return INTERVAL
        case ("interval", "+" | "-", "interval") | ("interval", "*", "int" | "float"):
            return INTERVAL
        case ("int" | "float", "*", "interval"):
            return INTERVAL
    return None


def _text_hint(left: Type, right: Type) -> str:
    for one, other in ((left, right), (right, left)):
        if one.family in TIMES and other.family == "text":
            return f'a literal of the type is {{"lit": "2024-03-01", "as": "{one.family}"}}'
    return ""


def neg(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"neg": E}`."""
    found = bind(env, value, path)
    if not (found.type.loose or found.type.family in NUMBERS | {"interval"}):
        raise Fault("TYPE_MISMATCH", path, f"there is no minus of {found.type}")
    return joined([found], exp.Neg(this=operand(found)), found.type)


def ratio(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"ratio": [a, b]}`: null where b is zero, never inf, nan or an error."""
    a, b = several(env, value, path, 2, 2)
    result_of("/", a.type, b.type, path)
    below = exp.Nullif(this=b.sql, expression=exp.Literal.number(0))
    return joined([a, b], exp.Div(this=operand(a), expression=below), FLOAT, nullable=True)


def comparison(node: type[exp.Binary]) -> Binder:
    """Return the binder of a comparison of two."""

    def binder(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
        a, b = several(env, value, path, 2, 2)
        fits(a.type, b.type, path)
        if node in (exp.EQ, exp.NEQ) and "float" in (a.type.family, b.type.family):
            env.work.lint("FLOAT_EQUALITY", path, "equality of floats depends on rounding", "compare a difference")
        never_null = False if node in (exp.NullSafeEQ, exp.NullSafeNEQ) else None
        return joined([a, b], node(this=operand(a), expression=operand(b)), BOOL, nullable=never_null)

    return binder


def fits(left: Type, right: Type, path: Path) -> None:
    """Raise TYPE_MISMATCH where two types can only be compared after a cast."""
    if unify(left, right) is None:
        raise Fault(
            "TYPE_MISMATCH", path, f"cannot compare {left} with {right}", hint=_text_hint(left, right) or CAST_HINT
        )


def between(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"between": [x, low, high]}`, both ends included."""
    x, low, high = several(env, value, path, 3, 3)
    fits(x.type, low.type, (*path, 1))
    fits(x.type, high.type, (*path, 2))
    return joined([x, low, high], exp.Between(this=operand(x), low=operand(low), high=operand(high)), BOOL)


def is_null(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"is_null": E}`."""
    found = bind(env, value, path)
    return joined([found], exp.Is(this=operand(found), expression=exp.Null()), BOOL, nullable=False)


def not_null(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"not_null": E}`."""
    found = bind(env, value, path)
    sql = exp.Not(this=exp.Is(this=operand(found), expression=exp.Null()))
    return joined([found], sql, BOOL, nullable=False)


def connective(node: type[exp.Connector]) -> Binder:
    """Return the binder of `and` or `or` over two or more."""

    def binder(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
        found = several(env, value, path, 2)
        for index, bound in enumerate(found):
            truth(bound, (*path, index))
        sql = reduce(lambda a, b: node(this=a, expression=b), [_term(bound.sql, node) for bound in found])
        return joined(found, sql, BOOL)

    return binder


def _term(sql: exp.Expr, node: type[exp.Connector]) -> exp.Expr:
    return exp.Paren(this=sql) if isinstance(sql, exp.Connector) and not isinstance(sql, node) else sql


def truth(bound: Bound, path: Path) -> Bound:
    """Return a condition; raises TYPE_MISMATCH for anything that is not true, false or null."""
    if not (bound.type.loose or bound.type.family == "bool"):
        raise Fault("TYPE_MISMATCH", path, f"wanted a condition, found {bound.type}", hint='compare it: {"ne": [E, 0]}')
    return bound


def negation(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"not": E}`."""
    found = truth(bind(env, value, path), path)
    return joined([found], exp.Not(this=operand(found)), BOOL)


def membership(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"in": [x, items]}`; items are a literal list or an array of expressions; an empty one holds nothing."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [x, items]")
    x = attempt(env, value[0], (*path, 0))
    items = [attempt(env, item, (*path, 1, index)) for index, item in enumerate(_items(value[1], (*path, 1)))]
    if not items:
        return joined([x], exp.Boolean(this=False), BOOL, nullable=False)
    for index, item in enumerate(items):
        fits(x.type, item.type, (*path, 1, index))
    return joined([x, *items], exp.In(this=operand(x), expressions=[item.sql for item in items]), BOOL)


def _items(value: Any, path: Path) -> list[Any]:
    match value:
        case list():
            return value
        case {"lit": list() as items}:
            kind = {"as": value["as"]} if "as" in value else {}
            return [{"lit": item, **kind} for item in items]
    hint = 'write {"lit": [..]}, an array of expressions, or {"plan": Body}'
    raise Fault("BAD_SHAPE", path, "the items of in are a list", hint=hint)


def text_test(name: str) -> Binder:
    """Return the binder of a function over two texts that answers true or false."""

    def binder(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
        found = several(env, value, path, 2, 2)
        texts(found, path)
        return joined(found, exp.Anonymous(this=name, expressions=[bound.sql for bound in found]), BOOL)

    return binder


def texts(bounds: list[Bound], path: Path) -> None:
    """Raise TYPE_MISMATCH for anything that is no text."""
    for index, bound in enumerate(bounds):
        if not (bound.type.loose or bound.type.family == "text"):
            hint = 'write {"cast": E, "to": "varchar"}'
            raise Fault("TYPE_MISMATCH", (*path, index), f"wanted text, found {bound.type}", hint=hint)


def like(node: type[exp.Binary]) -> Binder:
    """Return the binder of LIKE or ILIKE, with `escape` where a pattern has one."""

    def binder(env: Env, value: Any, options: dict[str, Any], path: Path) -> Bound:
        found = several(env, value, path, 2, 2)
        texts(found, path)
        sql: exp.Expr = node(this=operand(found[0]), expression=operand(found[1]))
        if "escape" in options:
            mark = options["escape"]
            if not (isinstance(mark, str) and len(mark) == 1):
                raise Fault("BAD_SHAPE", (*path[:-1], "escape"), "wanted one character")
            sql = exp.Escape(this=sql, expression=text(mark))
        return joined(found, sql, BOOL)

    return binder


def concat(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"concat": [..]}`: null in, null out; written with the operator, because the function skips nulls."""
    found = several(env, value, path, 2)
    texts(found, path)
    sql = reduce(lambda a, b: exp.DPipe(this=a, expression=b), [operand(bound) for bound in found])
    return joined(found, sql, TEXT)


def case(env: Env, value: Any, options: dict[str, Any], path: Path) -> Bound:
    """Bind `{"case": [[condition, value], …], "else": E}`, or the simple form with `of`."""
    if not (isinstance(value, list) and value and all(isinstance(arm, list) and len(arm) == 2 for arm in value)):
        raise Fault("BAD_SHAPE", path, "wanted [[condition, value], …]")
    subject = attempt(env, options["of"], (*path[:-1], "of")) if "of" in options else None
    when = [_when(env, arm[0], subject, (*path, index, 0)) for index, arm in enumerate(value)]
    then = [attempt(env, arm[1], (*path, index, 1)) for index, arm in enumerate(value)]
    other = attempt(env, options["else"], (*path[:-1], "else")) if "else" in options else None
    results = [*then, other] if other is not None else then
    kind = same_type(results, path)
    sql = exp.Case(
        this=subject.sql if subject else None,
        ifs=[exp.If(this=a.sql, true=b.sql) for a, b in zip(when, then, strict=True)],
        default=other.sql if other else None,
    )
    nullable = other is None or any(bound.nullable for bound in results)
    return joined([*when, *results, *([subject] if subject else [])], sql, kind, nullable=nullable)


def _when(env: Env, node: Any, subject: Bound | None, path: Path) -> Bound:
    found = attempt(env, node, path)
    if subject is None:
        return truth(found, path)
    fits(subject.type, found.type, path)
    return found


def coalesce(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"coalesce": [..]}`."""
    found = several(env, value, path, 2)
    sql = exp.Coalesce(this=found[0].sql, expressions=[bound.sql for bound in found[1:]])
    return joined(found, sql, same_type(found, path), nullable=all(bound.nullable for bound in found))


def nullif(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"nullif": [a, b]}`."""
    a, b = several(env, value, path, 2, 2)
    fits(a.type, b.type, path)
    return joined([a, b], exp.Nullif(this=a.sql, expression=b.sql), a.type, nullable=True)


def cast(node: type[exp.Cast]) -> Binder:
    """Return the binder of a cast that raises at the run, or of one that gives null."""

    def binder(env: Env, value: Any, options: dict[str, Any], path: Path) -> Bound:
        to = options.get("to")
        kind = wanted_type(to, (*path[:-1], "to"))
        found = bind(env, value, path)
        sql = node(this=found.sql, to=data_type(str(to)))
        return joined([found], sql, kind, nullable=True if node is exp.TryCast else None)

    return binder


_ARITHMETIC: list[tuple[str, str, type[exp.Binary]]] = [
    ("add", "+", exp.Add), ("sub", "-", exp.Sub), ("mul", "*", exp.Mul),
    ("div", "/", exp.Div), ("idiv", "//", exp.IntDiv), ("mod", "%", exp.Mod),
]  # fmt: skip
_COMPARISONS: list[tuple[str, type[exp.Binary]]] = [
    ("eq", exp.EQ), ("ne", exp.NEQ), ("lt", exp.LT), ("lte", exp.LTE), ("gt", exp.GT), ("gte", exp.GTE),
    ("same", exp.NullSafeEQ), ("differs", exp.NullSafeNEQ),
]  # fmt: skip
_TEXT = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with", "matches": "regexp_matches"}
_OTHERS: dict[str, Callable[[Env, Any, dict[str, Any], Path], Bound]] = {
    "neg": neg, "ratio": ratio, "between": between, "is_null": is_null, "not_null": not_null,
    "and": connective(exp.And), "or": connective(exp.Or), "not": negation, "in": membership,
    "concat": concat, "coalesce": coalesce, "nullif": nullif,
}  # fmt: skip

TAGS: dict[str, Tag] = {
    **{tag: (arithmetic(sign, node), NONE) for tag, sign, node in _ARITHMETIC},
    **{tag: (comparison(node), NONE) for tag, node in _COMPARISONS},
    **{tag: (text_test(name), NONE) for tag, name in _TEXT.items()},
    **{tag: (binder, NONE) for tag, binder in _OTHERS.items()},
    "like": (like(exp.Like), frozenset({"escape"})),
    "ilike": (like(exp.ILike), frozenset({"escape"})),
    "case": (case, frozenset({"of", "else"})),
    "cast": (cast(exp.Cast), frozenset({"to"})),
    "try_cast": (cast(exp.TryCast), frozenset({"to"})),
}
