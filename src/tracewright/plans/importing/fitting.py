"""Writes out the casts that the engine would make in silence, because the plan language makes none.

What DuckDB casts was measured on the pinned version; SQLite's rule is column affinity (sqlite.org/datatype3.html, 3.2
and 4.2). Where a comparison would depend on more than that, the text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from tracewright.plans.families import NUMBERS, TEXT, engine_type, unify
from tracewright.plans.importing.frames import Import, is_stored
from tracewright.plans.importing.kinds import is_text, kind
from tracewright.plans.importing.literals import as_type
from tracewright.plans.importing.refusal import refusal

Said = tuple[exp.Expr, Any]
"""An expression and the plan node that it became."""

NUMBER = r"^[ \t\n\v\f\r]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t\n\v\f\r]*$"
"""What SQLite's affinities take for a number (sqlite.org/datatype3.html, 3)."""

CAST_FROM_TEXT = {"int", "float", "dec", "date", "ts", "tstz", "time", "bool"}


def alike(run: Import, one: Said, other: Said) -> tuple[Any, Any]:
    """Return two nodes that are compared, with the cast of the side that the engine would cast."""
    a, b = kind(run, one[0]), kind(run, other[0])
    if unify(a, b) is not None:
        return one[1], other[1]
    fit = _affine if run.sqlite else _cast
    if (fitted := fit(run, one, other)) is not None:
        return fitted, other[1]
    if (fitted := fit(run, other, one)) is not None:
        return one[1], fitted
    raise refusal("TYPE_MISMATCH", f"a {a} is compared with a {b}, and what that means is not settled", one[0])


def _cast(run: Import, said: Said, other: Said) -> Any:
    """Return the node as the type that it is compared with, None where not this side is cast."""
    (node, plain), have, wanted = said, kind(run, said[0]), kind(run, other[0])
    if is_text(node):
        return as_type(str(node.this), wanted)
    if have.family == "text" and wanted.family in CAST_FROM_TEXT:
        return {"cast": plain, "to": engine_type(wanted)}
    if have.family == "bool" and wanted.family in NUMBERS:
        return {"cast": plain, "to": "integer"}
    return None


def _affine(run: Import, said: Said, other: Said) -> Any:
    """Return the node with the affinity of the column that SQLite compares it with, None where it takes none."""
    (node, plain), have, wanted = said, kind(run, said[0]), kind(run, other[0])
    if not is_stored(run, other[0]):
        return None
    if wanted == TEXT and have.family == "int" and not is_stored(run, node):
        return {"lit": str(node.this)} if isinstance(node, exp.Literal) else {"cast": plain, "to": "varchar"}
    if have != TEXT or (is_text(node) and wanted.family in {"date", "ts"}):
        return as_type(str(node.this), wanted) if is_text(node) else None
    if wanted.family not in NUMBERS:
        return None
    if is_text(node) and _numeric(str(node.this)):
        return as_type(str(node.this), wanted)
    return _as_number(plain)


def _as_number(plain: Any) -> Any:
    """Return a text as the number that it is written as; any other text is more than every number, as NaN is."""
    number = [{"matches": [plain, {"lit": NUMBER}]}, {"cast": plain, "to": "double"}]
    return {"case": [number, [{"not_null": plain}, {"lit": "nan", "as": "double"}]]}


def _numeric(text: str) -> bool:
    return re.search(NUMBER, text) is not None


def blended(run: Import, said: Sequence[Said]) -> list[Any]:
    """Return the nodes of a choice, with texts in quotes as what the others are."""
    kinds = [kind(run, node) for node, _ in said if not is_text(node)]
    wanted = next((one for one in kinds if not one.loose), TEXT)
    if wanted == TEXT or run.sqlite:
        return [plain for _, plain in said]
    return [as_type(str(node.this), wanted) if is_text(node) else plain for node, plain in said]


def as_text(run: Import, said: Said) -> Any:
    """Return a node as text, where `||` makes it one."""
    found = kind(run, said[0])
    if found.loose or found.family == "text":
        return said[1]
    if run.sqlite and found.family != "int":
        raise refusal("TYPE_MISMATCH", "how SQLite writes a number as text is not settled", said[0])
    return {"cast": said[1], "to": "varchar"}


def as_truth(run: Import, said: Said) -> Any:
    """Return a node as a condition."""
    return {"ne": [said[1], 0]} if kind(run, said[0]).family in NUMBERS else said[1]


def as_time(said: Said, family: str = "timestamp") -> Any:
    """Return a node as a time, where it is a text in quotes."""
    return {"lit": str(said[0].this), "as": family} if is_text(said[0]) else said[1]
