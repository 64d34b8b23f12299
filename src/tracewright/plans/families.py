"""Type families: what inference knows of a value. Exact widths of integers and floats come from binding."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

NAMED = {
    "bool": ("boolean", "bool", "logical"),
    "int": (
        "bigint",
        "int",
        "integer",
        "tinyint",
        "smallint",
        "hugeint",
        "utinyint",
        "usmallint",
        "uinteger",
        "ubigint",
        "uhugeint",
        "int1",
        "int2",
        "int4",
        "int8",
        "long",
        "short",
    ),
    "float": ("double", "real", "float", "float4", "float8"),
    "text": ("varchar", "text", "string", "char", "bpchar"),
    "date": ("date",),
    "time": ("time",),
    "ts": ("timestamp", "ts", "datetime", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp_us"),
    "tstz": ("timestamptz", "tstz", "timestamp with time zone"),
    "interval": ("interval",),
    "uuid": ("uuid",),
    "blob": ("blob", "bytea"),
    "json": ("json",),
}
"""The written names of each family; the first is the one that the compiler writes for the family itself."""

FAMILY_OF = {name: family for family, names in NAMED.items() for name in names}
ENGINE_NAMES = {"text": "varchar", "string": "varchar", "char": "varchar", "bool": "boolean", "logical": "boolean"} | {
    "int": "bigint",
    "float": "double",
    "ts": "timestamp",
    "tstz": "timestamptz",
    "datetime": "timestamp",
}
"""Family names where the engine's own name differs: `float` is the family of doubles, not four bytes."""

NUMBERS = frozenset({"int", "dec", "float"})
TIMES = frozenset({"date", "ts", "tstz"})
MAX_PRECISION = 38


@dataclass(frozen=True, slots=True)
class Type:
    """A family, with precision and scale of decimals and the parts of nested types."""

    family: str
    precision: int = 0
    scale: int = 0
    items: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the family as error texts and schemas show it."""
        match self.family:
            case "dec":
                return f"dec({self.precision},{self.scale})"
            case "list":
                return f"list({self.items[0]})"
            case "map":
                return f"map({self.items[0]}, {self.items[1]})"
            case "struct":
                return "struct(" + ", ".join(f"{n} {t}" for n, t in zip(self.names, self.items, strict=True)) + ")"
        return self.family

    @property
    def loose(self) -> bool:
        """True for what fits everywhere: a bare null, or what another error already left unknown."""
        return self.family in {"null", "unknown"}


BOOL, INT, FLOAT, TEXT, DATE, TIME = (Type(name) for name in ("bool", "int", "float", "text", "date", "time"))
TS, TSTZ, INTERVAL, BLOB, JSON = (Type(name) for name in ("ts", "tstz", "interval", "blob", "json"))
NULL, UNKNOWN, OTHER = Type("null"), Type("unknown"), Type("other")
SINGLE = {t.family: t for t in (BOOL, INT, FLOAT, TEXT, DATE, TIME, TS, TSTZ, INTERVAL, BLOB, JSON, Type("uuid"))}


def decimal(precision: int, scale: int) -> Type:
    """Return a decimal type; precision is capped at what the engine holds."""
    return Type("dec", min(precision, MAX_PRECISION), scale)


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type("list", items=(item,))


@lru_cache(maxsize=1024)
def parse_type(text: str) -> Type | None:
    """Read a written type, the engine's or a family's; None where there is no such type."""
    name = " ".join(text.strip().lower().split())
    if name in FAMILY_OF:
        return SINGLE[FAMILY_OF[name]]
    if found := re.fullmatch(r"(?:decimal|dec|numeric)(?:\((\d{1,2})(?:, ?(\d{1,2}))?\))?", name):
        return _decimal_of(found[1], found[2])
    if re.fullmatch(r"(?:varchar|char|text|string)\(\d+\)|enum\(.*\)", name):
        return TEXT
    if found := re.fullmatch(r"(.*)\[\d*\]", name):
        item = parse_type(found[1])
        return list_of(item) if item else None
    return _nested(text.strip())


def _decimal_of(precision: str | None, scale: str | None) -> Type | None:
    wide, fine = int(precision or 18), int(scale or (0 if precision else 3))
    return Type("dec", wide, fine) if 1 <= wide <= MAX_PRECISION and fine <= wide else None


def _nested(text: str) -> Type | None:
    if not (found := re.fullmatch(r"(?is)(struct|map)\((.*)\)", text)):
        return None
    parts = list(_split(found[2]))
    if found[1].lower() == "map":
        items = [parse_type(part) for part in parts]
        return Type("map", items=tuple(item or OTHER for item in items)) if len(items) == 2 else None
    named = [_field(part) for part in parts]
    return Type("struct", items=tuple(kind for _, kind in named), names=tuple(name for name, _ in named))


def _field(text: str) -> tuple[str, Type]:
    found = re.fullmatch(r'(?s)\s*("(?:[^"]|"")*"|\S+)\s+(.*)', text)
    if not found:
        return text.strip(), OTHER
    name = found[1][1:-1].replace('""', '"') if found[1].startswith('"') else found[1]
    return name, parse_type(found[2]) or OTHER


def _split(text: str) -> Iterable[str]:
    depth, start = 0, 0
    for index, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def engine_name(text: str) -> str:
    """Return the name that the engine knows a written type by."""
    name = text.strip().lower()
    return ENGINE_NAMES.get(name, name)


def engine_type(kind: Type) -> str:
    """Return an engine type wide enough for a family."""
    if kind.family == "dec":
        return f"decimal({kind.precision},{kind.scale})"
    if kind.family == "list":
        return engine_type(kind.items[0]) + "[]"
    return NAMED[kind.family][0] if kind.family in NAMED else "varchar"


def comparable(one: Type, other: Type) -> bool:
    """Tell whether two types can be compared, put in one column, or stand in one list, without a cast."""
    return unify(one, other) is not None


def unify(one: Type, other: Type) -> Type | None:
    """Return the type that holds both, None where only a cast could join them."""
    if one == other or other.loose:
        return one
    if one.loose:
        return other
    if one.family in NUMBERS and other.family in NUMBERS:
        return _wider(one, other)
    if one.family in TIMES and other.family in TIMES:
        return one if _rank(one) >= _rank(other) else other
    if one.family == other.family and len(one.items) == len(other.items) and one.names == other.names:
        items = [unify(a, b) for a, b in zip(one.items, other.items, strict=True)]
        return None if None in items else Type(one.family, items=tuple(item for item in items if item), names=one.names)
    return None


def _rank(kind: Type) -> int:
    return ("date", "ts", "tstz").index(kind.family)


def _wider(one: Type, other: Type) -> Type:
    if "float" in (one.family, other.family):
        return FLOAT
    a, b = as_decimal(one), as_decimal(other)
    scale = max(a.scale, b.scale)
    return decimal(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def as_decimal(kind: Type) -> Type:
    """Return a number's type as a decimal; an integer of unknown width counts as 64 bits."""
    return kind if kind.family == "dec" else Type("dec", 19, 0)
