"""A plan as it is written: read strictly, closed to unknown keys, hashed by its canonical JSON (RFC 8785)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracewright.plans.faults import Fault, Path, PlanError, did_you_mean
from tracewright.records.base import digest

MOST_BYTES = 256 * 1024
MOST_DEPTH = 64
MOST_NODES = 5_000
MOST_STEPS = 64
MOST_LETS = 32
MOST_COLUMNS = 400
MOST_ITEMS = 1_000
EXACT_INTEGER = 2**53


class Closed(BaseModel):
    """A frozen part of a plan that refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Shape = TypeVar("Shape", bound=Closed)


class Param(Closed):
    """A value that is bound, never spliced; without `value` it must be given at the run."""

    type: str
    value: Any = None


class Body(Closed):
    """A source and the steps that follow it, in order."""

    source: Any = Field(alias="from")
    steps: tuple[Any, ...] = ()


class Chart(Closed):
    """How the result may be drawn; it refers to output columns only and means nothing to the result."""

    mark: Literal["bar", "line", "area", "point", "arc", "rect", "tick"]
    x: str
    y: str
    color: str | None = None


class QueryPlan(Closed):
    """A query as data. `notes` and `chart` lie outside its hash."""

    plan: Literal[1]
    dataset: str = ""
    timezone: str = "UTC"
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    fiscal_start: int = Field(default=1, ge=1, le=12)
    params: dict[str, Param] = Field(default_factory=dict)
    let: dict[str, Body] = Field(default_factory=dict)
    source: Any = Field(alias="from")
    steps: tuple[Any, ...] = ()
    chart: Chart | None = None
    notes: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the plan's JSON as it is written: keys at their default are left out, `plan` stays."""
        data = self.model_dump(by_alias=True, exclude_defaults=True)
        return {"plan": 1, **jsonable(data)}

    def sha256(self) -> str:
        """Return the hash of what the plan means: its canonical JSON without `notes` and `chart`."""
        return digest({key: value for key, value in self.plain().items() if key not in {"notes", "chart"}})


def read_plan(source: str | bytes | Mapping[str, Any]) -> QueryPlan:
    """Read a plan from JSON text or from what JSON text was parsed to; raises PlanError with everything amiss."""
    try:
        data = _parsed(source) if isinstance(source, str | bytes) else source
        value = _Reader().read(data, (), 0)
    except Fault as fault:
        raise PlanError([fault.told()]) from None
    return _modelled(value)


def _modelled(value: Any) -> QueryPlan:
    if isinstance(value, dict) and value.get("plan") != 1:
        found = f"found {value['plan']!r}" if "plan" in value else "found no key 'plan'"
        raise PlanError([Fault("PLAN_VERSION", ("plan",), f"wanted 1, the version of this language, {found}").told()])
    faults = []
    try:
        plan = QueryPlan.model_validate(value)
    except ValidationError as error:
        raise PlanError(fault.told() for fault in shape_faults(QueryPlan, error, ())) from None
    if len(plan.let) > MOST_LETS:
        faults.append(Fault("LIMIT_EXCEEDED", ("let",), f"a plan has at most {MOST_LETS} lets, found {len(plan.let)}"))
    if faults:
        raise PlanError(fault.told() for fault in faults)
    return plan


def read_shape(kind: type[Shape], value: Any, path: Path) -> Shape:
    """Read one closed part of a plan; raises the first Fault of its shape."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise shape_faults(kind, error, path)[0] from None


def shape_faults(kind: type[BaseModel], error: ValidationError, path: Path) -> list[Fault]:
    """Return what pydantic found as faults of ours, each with its place."""
    known = [field.alias or name for name, field in kind.model_fields.items()]
    return [_shape_fault(found, known, path) for found in error.errors(include_url=False)]


def _shape_fault(found: Any, known: list[str], path: Path) -> Fault:
    where = (*path, *found["loc"])
    name = str(found["loc"][-1]) if found["loc"] else ""
    match found["type"]:
        case "extra_forbidden":
            have = known if len(found["loc"]) == 1 else []
            return Fault("UNKNOWN_KEY", where, f"there is no key {name!r} here", have, did_you_mean(name, have))
        case "missing":
            return Fault("BAD_SHAPE", where[:-1], f"the key {name!r} is missing", known)
    return Fault("BAD_SHAPE", where, f"{found['msg']}, found {json.dumps(found['input'], default=str)[:80]}")


def _parsed(source: str | bytes) -> Any:
    raw = source.encode() if isinstance(source, str) else source
    if len(raw) > MOST_BYTES:
        raise Fault("LIMIT_EXCEEDED", (), f"a plan has at most {MOST_BYTES} bytes, found {len(raw)}")
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Fault("PLAN_JSON", (), f"the plan is no JSON: {str(error)[:200]}") from None


def _constant(name: str) -> NoReturn:
    raise Fault("PLAN_JSON", (), f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Fault("PLAN_JSON", (), f"the key {twice!r} stands twice in one object; arrays carry order and repeats")
    return found


class _Reader:
    """Walks a value once: bounds it, and gives every number the form that its canonical JSON will have."""

    def __init__(self) -> None:
        self.nodes = 0

    def read(self, value: Any, path: Path, depth: int) -> Any:
        self.nodes += 1
        if depth > MOST_DEPTH or self.nodes > MOST_NODES:
            limit = f"{MOST_DEPTH} levels" if depth > MOST_DEPTH else f"{MOST_NODES} nodes"
            raise Fault("LIMIT_EXCEEDED", path, f"a plan has at most {limit}")
        match value:
            case str() | bool() | None:
                return value
            case dict():
                return {self._key(key, path): self.read(item, (*path, key), depth + 1) for key, item in value.items()}
            case list() | tuple():
                return self._items(value, path, depth)
            case int() | float() | Decimal():
                return number(value, path)
        raise Fault("PLAN_JSON", path, f"a {type(value).__name__} is no JSON value")

    def _key(self, key: Any, path: Path) -> str:
        if not isinstance(key, str):
            raise Fault("PLAN_JSON", path, f"keys of an object are texts, found {key!r}")
        return key

    def _items(self, value: list[Any] | tuple[Any, ...], path: Path, depth: int) -> list[Any]:
        most = MOST_STEPS if path and path[-1] == "steps" else MOST_ITEMS
        if len(value) > most:
            what = "steps in one body" if most == MOST_STEPS else "items in one list"
            raise Fault("LIMIT_EXCEEDED", path, f"a plan has at most {most} {what}, found {len(value)}")
        return [self.read(item, (*path, index), depth + 1) for index, item in enumerate(value)]


def number(value: float | Decimal, path: Path) -> int | float | Decimal:
    """Return a JSON number in the form that its shortest digits have; refuses digits that a double would lose."""
    if isinstance(value, int):
        if abs(value) > EXACT_INTEGER:
            raise Fault("BAD_SHAPE", path, "integers beyond 2**53 lose digits in JSON", hint=_as_text(value, "hugeint"))
        return value
    double = float(value)
    if double != double or double in (float("inf"), float("-inf")):
        raise Fault("PLAN_JSON", path, f"{value} is no JSON number")
    if isinstance(value, Decimal) and Decimal(repr(double)) != value:
        raise Fault("BAD_SHAPE", path, "a JSON number keeps 17 digits", hint=_as_text(value, "decimal(38,18)"))
    if double.is_integer() and abs(double) <= EXACT_INTEGER:
        return int(double)
    return double if "e" in repr(double) else Decimal(repr(double))


def _as_text(value: Any, kind: str) -> str:
    return f'write {{"lit": "{value}", "as": "{kind}"}}'


def jsonable(value: Any) -> Any:
    """Return a part of a plan as plain JSON values."""
    match value:
        case dict():
            return {key: jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case Decimal():
            return float(value)
    return value
