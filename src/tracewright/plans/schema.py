"""The JSON Schema of plans, made of the same shapes that the compiler reads: for editors, and for models that write.

It knows shapes alone: which names exist and which types fit, only compiling tells.
"""

from __future__ import annotations

from typing import Any

from tracewright.plans.bodies import CORE, TAGS
from tracewright.plans.document import MOST_ITEMS, MOST_LETS, MOST_STEPS, Chart, Closed, Param, QueryPlan
from tracewright.plans.macros import MACROS, behaviour, columns, periods, spread
from tracewright.plans.steps import aggregate, joining, recursion, sets, sources
from tracewright.records.base import SCHEMA_VERSION

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

SHAPES: dict[str, type[Closed]] = {
    "join": joining.Join, "aggregate": aggregate.Aggregate, "pivot": aggregate.Pivot, "unpivot": sets.Unpivot,
    "union": sets.SetStep, "intersect": sets.SetStep, "except": sets.SetStep, "nulls": columns.Nulls,
    "top": columns.Top, "first": columns.One, "last": columns.One, "dedupe": columns.Dedupe, "share": columns.Share,
    "fill": periods.Fill, "compare": periods.Compare, "to_date": periods.ToDate, "rolling": periods.Rolling,
    "cumulative": periods.Cumulative, "percentile": spread.Percentile, "histogram": spread.Histogram,
    "outliers": spread.Outliers, "sample": spread.Sample, "cohort": behaviour.Cohort,
    "retention": behaviour.Retention, "funnel": behaviour.Funnel, "visits": behaviour.Visits,
    "islands": behaviour.Islands,
}  # fmt: skip
"""The steps whose value is an object with keys of its own."""


def plan_schema() -> Json:
    """Return the schema of a whole plan."""
    defs = {
        "expression": _expression(),
        "named": _closed({"as": {"type": "string"}, "expr": _ref("expression")}, ["as", "expr"]),
        "item": {"anyOf": [{"type": "string"}, _ref("named"), _ref("expression")]},
        "order": {"anyOf": [_ref("expression"), _direction("asc"), _direction("desc")]},
        "source": _source(),
        "step": {"oneOf": [_step(kind) for kind in (*CORE, *MACROS)]},
        **{part.__name__: _of(part) for part in (sources.ValueColumn, sources.Bounds)},
        "body": _closed({"from": _ref("source"), "steps": _steps()}, ["from"]),
    }
    top = _of(QueryPlan)
    known = {"from": _ref("source"), "steps": _steps(), "let": _each("body", MOST_LETS), "plan": {"const": 1}}
    parts = {"params": {"type": "object", "additionalProperties": _of(Param)}, "chart": _of(Chart)}
    whole = _closed({**top["properties"], **known, **parts}, ["plan", "from"])
    return {"$schema": DIALECT, "schema_version": SCHEMA_VERSION, "title": "QueryPlan", **whole, "$defs": defs}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _closed(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(name: str, least: int = 0) -> Json:
    return {"type": "array", "items": _ref(name), "minItems": least, "maxItems": MOST_ITEMS}


def _each(name: str, most: int) -> Json:
    return {"type": "object", "additionalProperties": _ref(name), "maxProperties": most}


def _steps() -> Json:
    return {"type": "array", "items": _ref("step"), "maxItems": MOST_STEPS}


def _of(shape: type[Closed]) -> Json:
    """Return the schema of a shape, without the titles that repeat its names."""
    found = shape.model_json_schema(by_alias=True)
    return {key: value for key, value in found.items() if key not in {"title", "description", "$defs"}}


def _expression() -> Json:
    options = {tag: sorted(beside) for tag, (_, beside) in sorted(TAGS.items())}
    tagged = [_closed({tag: {}, **{key: {} for key in beside}}, [tag]) for tag, beside in options.items()]
    return {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, *tagged]}


def _direction(way: str) -> Json:
    return _closed({way: _ref("expression"), "nulls": {"enum": ["first", "last"]}}, [way])


def _source() -> Json:
    recursions = _closed({"recurse": _of(recursion.Recursion), "as": {"type": "string"}}, ["recurse"])
    joined = _closed({"joined": _ref("body")}, ["joined"])
    kinds = [_of(kind) for kind in sources.KINDS.values()]
    return {"anyOf": [{"type": "string"}, *kinds, joined, recursions]}


def _step(kind: str) -> Json:
    beside = {"replace": {"type": "boolean"}} if kind == "derive" else {}
    return _closed({kind: _value(kind), **beside}, [kind])


def _value(kind: str) -> Json:
    if kind in SHAPES:
        return _of(SHAPES[kind])
    match kind:
        case "filter":
            return _ref("expression")
        case "derive":
            return _list("named", 1)
        case "select":
            every = _closed({"all": {"type": "string"}, "except": {"type": "array"}}, ["all"])
            return {"type": "array", "items": {"anyOf": [_ref("item"), every]}, "minItems": 1}
        case "window":
            order, measures = _list("order"), _list("named", 1)
            parts = {"partition": _list("expression"), "order": order, "frame": {}, "exclude": {}, "measures": measures}
            return _closed(parts, ["measures"])
        case "distinct":
            return {"anyOf": [{"const": True}, _closed({"on": _list("expression"), "order": _list("order")}, ["on"])]}
        case "sort":
            return _list("order", 1)
        case "limit":
            return {"type": ["integer", "object"]}
        case "drop":
            return {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
