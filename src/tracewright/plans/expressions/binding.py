"""Turns the JSON of an expression into a bound tree: dispatch by tag, columns, parameters and literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlglot import exp

from tracewright.plans.document import MOST_ITEMS, Param
from tracewright.plans.families import (
    BOOL,
    FLOAT,
    INT,
    NULL,
    TEXT,
    UNKNOWN,
    Type,
    decimal,
    engine_name,
    list_of,
    parse_type,
    unify,
)
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.scope import Bound, Env, Scope, poison

FORMS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d\Z"),
    "time": re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?\Z"),
    "ts": re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?\Z"),
    "tstz": re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?\Z"),
    "int": re.compile(r"-?\d{1,39}\Z"),
    "dec": re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z"),
    "float": re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z|-?inf\Z|nan\Z"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
}
"""How the text of a typed literal must look, so that no cast of a literal can fail at the run."""

MOST_BOUND = 50_000
LOOSE_OPERANDS = (exp.Dot, exp.Bracket, exp.JSONExtract)


def bind(env: Env, node: Any, path: Path) -> Bound:
    """Bind one expression; raises the first Fault that keeps it from having a type at all."""
    env.work.bound += 1
    if env.work.bound > MOST_BOUND:  # a pivot, say, writes its expression once for each of its values
        raise Fault("LIMIT_EXCEEDED", path, f"a plan comes to at most {MOST_BOUND} expressions")
    if type(node) is str:
        return column(env, node, path)
    if type(node) is dict:
        tag = tag_of(env, node, path)
        if env.groups is not None and env.place == "measure" and (group := _group_of(env, node)) is not None:
            return group
        return env.work.tags[tag][0](env, node[tag], node, (*path, tag))
    if type(node) is list:
        raise Fault(
            "BAD_SHAPE", path, "an array is no expression", hint='a list value is {"lit": [..]} or {"list": [..]}'
        )
    return constant(node, path)


def tag_of(env: Env, node: dict[str, Any], path: Path) -> str:
    """Return the one tag key of a node; raises where there is none, a second, or a key that is no option of it."""
    tags = env.work.tags
    if len(node) == 1:
        (tag,) = node
        if tag in tags:
            return tag
    found = [key for key in node if key in tags]
    if not found:
        name = next(iter(node), "")
        hint = did_you_mean(name, list(tags)) or "an expression is one tag with its value"
        raise Fault("UNKNOWN_KEY", (*path, name) if name else path, f"{name!r} is no expression", hint=hint)
    for tag in found:
        spare = node.keys() - {tag} - tags[tag][1]
        if not spare:
            return tag
    options = sorted(tags[found[0]][1])
    name = next(key for key in node if key != found[0] and key not in options)
    message = f"{name!r} cannot stand beside {found[0]!r}"
    raise Fault("UNKNOWN_KEY", (*path, name), message, options, did_you_mean(name, options))


def _group_of(env: Env, node: Any) -> Bound | None:
    groups = env.groups
    for known, bound in groups.nodes if groups else ():
        if known == node:
            return copy_of(bound)
    return None


def copy_of(bound: Bound) -> Bound:
    """Return the same expression as a new tree."""
    return Bound(bound.sql.copy(), bound.type, bound.nullable, bound.aggregate, bound.window)


def attempt(env: Env, node: Any, path: Path) -> Bound:
    """Bind one expression; a fault is kept and something that fits everywhere is returned."""
    try:
        return bind(env, node, path)
    except Fault as fault:
        env.work.note(fault)
        return poison()


def column(env: Env, written: str, path: Path) -> Bound:
    """Return the column that a text names."""
    alias, dot, name = written.partition(".")
    if not dot:
        return named(env, None, written, path)
    if (alias, name) not in env.scope.qualified and written in env.scope.named:
        return named(env, None, written, path)
    return named(env, alias, name, path)


def named(env: Env, alias: str | None, name: str, path: Path) -> Bound:
    """Return the column of this alias and name, or of this bare name."""
    groups = env.groups if env.place == "measure" else None
    if groups is not None and alias is None and name in groups.named:
        return copy_of(groups.named[name])
    found = env.scope.find(alias, name, path)
    if groups is not None:
        if id(found) not in groups.columns:
            raise _not_grouped(name, groups.named, path)
        return copy_of(groups.columns[id(found)])
    sql = found.bare() if alias is None else found.own()
    return Bound(sql, found.type, found.nullable)


def _not_grouped(name: str, have: Any, path: Path) -> Fault:
    hint = f'put {name!r} under "by", or into an aggregate such as {{"max": "{name}"}}'
    return Fault("NOT_GROUPED", path, f"{name!r} has many values in one group", list(have), hint)


def several(env: Env, value: Any, path: Path, low: int, high: int | None = None) -> list[Bound]:
    """Bind an array of `low` to `high` expressions; raises ARITY."""
    if not isinstance(value, list):
        raise Fault("BAD_SHAPE", path, f"wanted an array of expressions, found {type(value).__name__}")
    if len(value) < low or (high is not None and len(value) > high):
        wanted = str(low) if high == low else f"{low} to {high}" if high else f"{low} or more"
        raise Fault("ARITY", path, f"wanted {wanted} items, found {len(value)}")
    return [attempt(env, item, (*path, index)) for index, item in enumerate(value)]


def joined(bounds: Sequence[Bound], sql: exp.Expr, kind: Type, *, nullable: bool | None = None) -> Bound:
    """Return an expression over others: an aggregate or window inside makes it one; null in, null out."""
    return Bound(
        sql,
        kind,
        any(bound.nullable for bound in bounds) if nullable is None else nullable,
        any(bound.aggregate for bound in bounds),
        any(bound.window for bound in bounds),
    )


def operand(bound: Bound) -> exp.Expr:
    """Return the tree so that it can stand beside an operator."""
    sql = bound.sql
    if isinstance(sql, exp.Binary | exp.Unary | exp.Between | exp.In | exp.Is) and not isinstance(sql, exp.Paren):
        return sql if isinstance(sql, LOOSE_OPERANDS) else exp.Paren(this=sql)
    return sql


def constant(value: Any, path: Path) -> Bound:
    """Return a number, a truth value or null."""
    match value:
        case None:
            return Bound(exp.Null(), NULL)
        case bool():
            return Bound(exp.Boolean(this=value), BOOL, nullable=False)
        case int():
            return Bound(_digits(str(value)), INT, nullable=False)
        case Decimal():
            return Bound(_digits(str(value)), decimal_type(value), nullable=False)
        case float():
            return Bound(_digits(repr(value)), FLOAT, nullable=False)
    raise Fault("BAD_SHAPE", path, f"a {type(value).__name__} is no expression")


def _digits(text: str) -> exp.Expr:
    if text.startswith("-"):
        return exp.Neg(this=exp.Literal(this=text[1:], is_string=False))
    return exp.Literal(this=text, is_string=False)


def decimal_type(value: Decimal) -> Type:
    """Return the type that the engine gives to these digits: 0.06 is DECIMAL(3,2)."""
    _, digits, exponent = value.as_tuple()
    scale = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    whole = max(len(digits) - scale, 1)
    return decimal(whole + scale, scale)


def text(value: str) -> exp.Expr:
    """Return a text literal."""
    return exp.Literal(this=value, is_string=True)


def typed(sql: exp.Expr, engine: str) -> exp.Expr:
    """Return a cast to an engine type."""
    return exp.Cast(this=sql, to=data_type(engine))


def data_type(engine: str) -> exp.DataType:
    """Return the tree of an engine type."""
    return _data_type(engine).copy()


@lru_cache(maxsize=256)
def _data_type(engine: str) -> exp.DataType:
    return exp.DataType.build(engine_name(engine), dialect="duckdb")


def bind_lit(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"lit": …}`, with `as` for a type that JSON does not have."""
    if "as" in node:
        return literal_as(value, node["as"], path)
    if isinstance(value, list):
        return _list_literal(value, path)
    if isinstance(value, dict):
        raise Fault("BAD_SHAPE", path, "an object is no literal", hint='write {"struct": [["name", E], …]}')
    return plain(value, path)


def plain(value: Any, path: Path) -> Bound:
    """Return a value in value position, where a text is a text."""
    return Bound(text(value), TEXT, nullable=False) if isinstance(value, str) else constant(value, path)


def literal_as(value: Any, kind: Any, path: Path) -> Bound:
    """Return a typed literal; raises TYPE_MISMATCH where the text cannot be of the type."""
    family = wanted_type(kind, (*path[:-1], "as"))
    if isinstance(value, list):
        items = [literal_as(item, kind, (*path, index)) for index, item in enumerate(value)]
        return Bound(exp.Array(expressions=[item.sql for item in items]), list_of(family), nullable=False)
    if value is None:
        return Bound(typed(exp.Null(), kind), family)
    form = FORMS.get(family.family)
    if isinstance(value, str) and form is not None and not form.match(value):
        raise Fault("TYPE_MISMATCH", path, f"{value!r} is no {family}")
    return Bound(typed(plain(value, path).sql, kind), family, nullable=False)


def wanted_type(written: Any, path: Path) -> Type:
    """Return the type that a plan writes; raises TYPE_MISMATCH."""
    kind = parse_type(written) if isinstance(written, str) and len(written) <= 200 else None
    if kind is None or kind.family == "other":
        hint = "types are boolean, bigint, decimal(p,s), double, varchar, date, time, timestamp, interval, json, T[] …"
        raise Fault("TYPE_MISMATCH", path, f"there is no type {written!r}", hint=hint)
    return kind


def _list_literal(value: list[Any], path: Path) -> Bound:
    if len(value) > MOST_ITEMS:
        raise Fault("LIMIT_EXCEEDED", path, f"a list has at most {MOST_ITEMS} items, found {len(value)}")
    items = [plain(item, (*path, index)) for index, item in enumerate(value)]
    kind = same_type(items, path)
    return Bound(exp.Array(expressions=[item.sql for item in items]), list_of(kind), nullable=False)


def same_type(bounds: Sequence[Bound], path: Path) -> Type:
    """Return the type that holds all of these; raises TYPE_MISMATCH, because nothing is cast in silence."""
    kind = NULL
    for index, bound in enumerate(bounds):
        wider = unify(kind, bound.type)
        if wider is None:
            raise Fault("TYPE_MISMATCH", (*path, index), f"{bound.type} and {kind} do not fit together", hint=CAST_HINT)
        kind = wider
    return kind


CAST_HINT = 'say which is meant with {"cast": E, "to": "…"}'


def bind_col(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"col": [alias, name]}`, the form for names with dots."""
    match value:
        case [str(name)]:
            return named(env, None, name, path)
        case [str(alias), str(name)]:
            return named(env, alias, name, path)
    raise Fault("BAD_SHAPE", path, "wanted [alias, name] or [name]")


def bind_param(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"param": name}` as a bound value under a cast to its declared type."""
    found = env.work.params.get(value) if isinstance(value, str) else None
    if found is None and value == "now":
        found = Param(type="timestamp")  # filled by the clock policy of the run
    if found is None:
        names = [*env.work.params, "now"]
        raise Fault(
            "UNKNOWN_PARAM", path, f"no parameter {value!r} is declared", names, did_you_mean(str(value), names)
        )
    env.work.used_params[value] = found
    kind = parse_type(found.type) or UNKNOWN
    return Bound(typed(exp.Placeholder(this=value), found.type), kind, nullable=found.value is None)


def bind_outer(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"outer": column}`: a column of the plan around this one, `up` levels away."""
    up = node.get("up", 1)
    around: Env | None = env
    for _ in range(up if isinstance(up, int) and 0 < up <= 16 else 1):
        around = around.outer if around is not None else None
    if around is None:
        raise Fault("UNKNOWN_COLUMN", path, f"no plan around this one has {value!r}", hint="write the column by itself")
    found = around.place if around.place != "inside" else "row"
    return bind(around.at(found, around.groups), value, path)


def scope_names(scope: Scope) -> list[str]:
    """Return the names in sight, for messages."""
    return scope.names()


TAGS = {
    "lit": (bind_lit, frozenset({"as"})),
    "col": (bind_col, frozenset[str]()),
    "param": (bind_param, frozenset[str]()),
    "outer": (bind_outer, frozenset({"up"})),
}
