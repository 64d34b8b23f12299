"""The functions that a plan may call: a reviewed data file, read once, and the typing of a call by its signature.

A signature reads `num, int? -> T`: `?` may be left out, `...` repeats the last, `T` is the first argument's type,
`U` the type that holds all arguments, `item` what the first argument's list holds. Ways to call are parted by ` | `.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from tracewright.plans.families import FLOAT, INT, NUMBERS, SINGLE, TIMES, Type, list_of, unify

BOUNDED = 10_000
"""The largest literal size that a size-bounded function takes."""

CLASSES = {"num": NUMBERS, "when": TIMES, "moment": TIMES | {"time"}, "whole": frozenset({"int"})}


Ways = tuple[tuple[tuple[str, ...], str], ...]
"""The ways to call a function: what it takes, and what it gives for that."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the catalogue.

    `kind` is scalar, aggregate, window or table; `arity` is how many arguments it takes at least and at most; `nulls`
    is `strict` (null in, null out), `maybe` (may always be null), `never`, or `all` (null when all are); `bounded` is
    the argument that must be a small literal; `ordered` ones mean nothing without an order.
    """

    name: str
    kind: str
    ways: Ways
    arity: tuple[int, int | None]
    nulls: str = "strict"
    bounded: int | None = None
    ordered: bool = False
    literals: tuple[int, ...] = ()


@cache
def catalogue() -> dict[str, Function]:
    """Return the reviewed functions by name."""
    data = json.loads(files("tracewright.plans").joinpath("functions.json").read_text())
    return {name: _function(name, entry) for name, entry in sorted(data["offered"].items())}


def _function(name: str, entry: dict[str, object]) -> Function:
    rest = {key: value for key, value in entry.items() if key in {"nulls", "bounded", "ordered"}}
    literals = entry.get("literals", [])
    ways = tuple(_way(way) for way in str(entry["is"]).split(" | "))
    given = tuple(literals) if isinstance(literals, list) else ()
    return Function(name=name, kind=str(entry["kind"]), ways=ways, arity=_arity(ways), literals=given, **rest)  # type: ignore[arg-type]  # the file is ours


def _arity(ways: Ways) -> tuple[int, int | None]:
    low = min(sum(not part.endswith(("?", "...")) for part in takes) for takes, _ in ways)
    endless = any(part.endswith("...") for takes, _ in ways for part in takes)
    return low, None if endless else max(len(takes) for takes, _ in ways)


def _way(text: str) -> tuple[tuple[str, ...], str]:
    takes, _, gives = text.partition("->")
    return tuple(part.strip() for part in takes.split(",") if part.strip()), gives.strip()


def result_type(function: Function, given: Sequence[Type]) -> Type | None:
    """Return what a call gives for arguments of these types, None where it takes none such."""
    for takes, gives in function.ways:
        if _takes(takes, given):
            return _gives(gives, given)
    return None


def _takes(takes: tuple[str, ...], given: Sequence[Type]) -> bool:
    position = 0
    for part in takes:
        kind = part.rstrip("?.")
        if part.endswith("..."):
            return all(_fits(kind, one, given) for one in given[position:])
        if position == len(given):
            if not part.endswith("?"):
                return False
            continue
        if not _fits(kind, given[position], given):
            return False
        position += 1
    return position == len(given)


def _fits(wanted: str, given: Type, all_given: Sequence[Type]) -> bool:
    if wanted == "any" or given.loose:
        return True
    if wanted == "T":
        return unify(all_given[0], given) is not None
    if wanted == "item":
        first = all_given[0]
        return first.loose or (bool(first.items) and unify(first.items[0], given) is not None)
    if wanted in CLASSES:
        return given.family in CLASSES[wanted]
    if wanted == "float":
        return given.family in NUMBERS
    return given.family == wanted


def summed(kind: Type) -> Type:
    """Return the type of a sum: integers stay integers of more width, decimals get all the digits there are."""
    return Type("dec", 38, kind.scale) if kind.family == "dec" else kind


def _gives(gives: str, given: Sequence[Type]) -> Type:
    first = given[0] if given else INT
    match gives:
        case "T":
            return first
        case "U":
            return _unified(given)
        case "list(T)":
            return list_of(first)
        case "list(U)":
            return list_of(_unified(given))
        case "item":
            return first.items[0] if first.items else first
        case "sum":
            return summed(first)
        case "itemsum":
            return summed(first.items[0]) if first.items else first
        case "whole":
            return Type("dec", first.precision, 0) if first.family == "dec" else first
        case "value":
            return first.items[-1] if first.items else first
        case "key":
            return first.items[0] if first.items else first
    return _written(gives)


@lru_cache(maxsize=256)
def _written(gives: str) -> Type:
    if gives.startswith("list("):
        return list_of(_written(gives[5:-1]))
    return SINGLE.get(gives, FLOAT)


def _unified(given: Sequence[Type]) -> Type:
    kind = given[0]
    for one in given[1:]:
        kind = unify(kind, one) or kind
    return kind
