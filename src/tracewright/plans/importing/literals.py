"""Literals and the names of types: digits are kept, and a value that JSON would change is written as text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tracewright.plans.document import EXACT_INTEGER
from tracewright.plans.expressions.binding import FORMS
from tracewright.plans.families import MAX_PRECISION, Type, engine_type
from tracewright.plans.importing.refusal import refusal

LONG_INTEGER = 2**63
JSON_DIGITS = 15
NARROW = {"int": "integer", "float": "real", "text": "varchar", "int128": "hugeint", "timestampntz": "timestamp"}
"""Types whose short names mean a wider type in a plan, or nothing."""


def number(node: exp.Expr) -> Any:
    """Return a number as a plan writes it, of the type that the engine gives to its digits."""
    text = str(node.this).replace("_", "")
    if "e" in text.lower():
        return {"lit": text, "as": "double"}
    if "." in text:
        return _fraction(text)
    whole = int(text)
    if whole <= EXACT_INTEGER:
        return whole
    return {"lit": str(whole), "as": "bigint" if whole < LONG_INTEGER else "hugeint"}


def _fraction(text: str) -> Any:
    whole, _, fine = text.partition(".")
    if fine and not fine.endswith("0") and len(whole) + len(fine) <= JSON_DIGITS:
        return Decimal(text)
    precision = max(len(whole.lstrip("0")), 1 if whole else 0) + len(fine)
    if precision > MAX_PRECISION:
        return {"lit": text, "as": "double"}
    return {"lit": f"{whole or '0'}.{fine}" if fine else whole, "as": f"decimal({precision},{len(fine)})"}


def digits(node: exp.Expr) -> Decimal:
    """Return the value of a number."""
    return Decimal(str(node.this).replace("_", ""))


def type_name(node: exp.Expr) -> str:
    """Return a type as a plan writes it; widths are kept."""
    name = node.sql(dialect="duckdb").lower()
    return re.sub(r"\b(int128|timestampntz|int|float|text)\b", lambda found: NARROW[found[0]], name)


def as_type(text: str, kind: Type) -> Any:
    """Return a text that the engine would read as another type, as a literal of that type."""
    form = FORMS.get(kind.family)
    if kind.family == "int" and form is not None and form.match(text) and abs(int(text)) <= EXACT_INTEGER:
        return int(text)
    if kind.loose or kind.family in {"text", "other", "list", "struct", "map"}:
        raise refusal("TYPE_MISMATCH", f"a text stands where a {kind} is wanted")
    if kind.family != "int" and form is not None and form.match(text):
        return {"lit": text, "as": engine_type(kind)}
    return {"cast": {"lit": text}, "to": engine_type(kind)}
