"""Lists, structs, what lies inside them, and paths into JSON."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.binding import (
    attempt,
    bind,
    data_type,
    joined,
    same_type,
    several,
    text,
    wanted_type,
)
from tracewright.plans.expressions.operators import Tag
from tracewright.plans.families import JSON, TEXT, UNKNOWN, Type, list_of
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.scope import Bound, Env, new_name, quoted

JSON_PATH = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\.\"[^\"]+\"|\[\d+\]|\[\*\])*\Z")


def bind_list(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"list": [E, …]}`."""
    items = several(env, value, path, 1)
    kind = list_of(same_type(items, path))
    return joined(items, exp.Array(expressions=[item.sql for item in items]), kind, nullable=False)


def bind_struct(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"struct": [[name, E], …]}`."""
    if not (isinstance(value, list) and value and all(isinstance(pair, list) and len(pair) == 2 for pair in value)):
        raise Fault("BAD_SHAPE", path, "wanted [[name, E], …]")
    names = tuple(new_name(pair[0], (*path, index, 0)) for index, pair in enumerate(value))
    items = [attempt(env, pair[1], (*path, index, 1)) for index, pair in enumerate(value)]
    pairs = zip(names, items, strict=True)
    fields = [exp.PropertyEQ(this=quoted(name), expression=item.sql) for name, item in pairs]
    kind = Type("struct", items=tuple(item.type for item in items), names=names)
    return joined(items, exp.Struct(expressions=fields), kind, nullable=False)


def bind_get(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"get": [x, key]}`: a field of a struct, an item of a list (counted from 1), a map's value."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [x, key]")
    found = attempt(env, value[0], (*path, 0))
    match found.type.family:
        case "struct":
            return _field(found, value[1], (*path, 1))
        case "list" | "map":
            key = bind(env, value[1], (*path, 1))
            name = "list_extract" if found.type.family == "list" else "map_extract_value"
            sql = exp.Anonymous(this=name, expressions=[found.sql, key.sql])
            return joined([found, key], sql, found.type.items[-1], nullable=True)
        case "unknown" | "null":
            return Bound(exp.Null(), UNKNOWN)
    raise Fault("TYPE_MISMATCH", (*path, 0), f"there is nothing inside of {found.type}", hint="JSON is read with json")


def _field(found: Bound, key: Any, path: Path) -> Bound:
    name = key.get("lit") if isinstance(key, dict) else key
    if name not in found.type.names:
        names = found.type.names
        raise Fault("UNKNOWN_COLUMN", path, f"there is no field {name!r}", names, did_you_mean(str(name), names))
    kind = found.type.items[found.type.names.index(name)]
    sql = exp.Anonymous(this="struct_extract", expressions=[found.sql, text(str(name))])
    return joined([found], sql, kind, nullable=True)


def bind_json(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"json": [x, "$.a.b"], "to": type}`: text unless another type is asked for."""
    if not (isinstance(value, list) and len(value) == 2):
        raise Fault("ARITY", path, "wanted [x, path]")
    found = attempt(env, value[0], (*path, 0))
    if not (found.type.loose or found.type.family in {"json", "text"}):
        raise Fault("TYPE_MISMATCH", (*path, 0), f"wanted JSON, found {found.type}")
    if not (isinstance(value[1], str) and JSON_PATH.match(value[1])):
        raise Fault("BAD_SHAPE", (*path, 1), f"{value[1]!r} is no path such as '$.a.b' or '$.items[0]'")
    to = node.get("to", "varchar")
    kind = wanted_type(to, (*path[:-1], "to"))
    name = "json_extract" if kind == JSON else "json_extract_string"
    sql: exp.Expr = exp.Anonymous(this=name, expressions=[found.sql, text(value[1])])
    if kind not in (JSON, TEXT):
        sql = exp.Cast(this=sql, to=data_type(str(to)))
    return joined([found], sql, kind, nullable=True)


TAGS: dict[str, Tag] = {
    "list": (bind_list, frozenset[str]()),
    "struct": (bind_struct, frozenset[str]()),
    "get": (bind_get, frozenset[str]()),
    "json": (bind_json, frozenset({"to"})),
}
