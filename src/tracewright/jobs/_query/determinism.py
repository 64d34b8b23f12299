"""What would make two runs of one query differ: clocks and dice, samples without a seed, orders that nobody gave.

It does not tell whether an order is total, nor whether sums of floats depend on their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.reviewed import REVIEWED

CLOCK = "clock"
RANDOM = "random"

Warned = tuple[str, str]
"""A code and a sentence."""


def of_sample(sample: Mapping[str, Any]) -> Refusal | None:
    """Return why a sample is refused that draws differently each time."""
    if sample["repeatable"] and sample["seed"] >= 0:
        return None
    return Refusal("NONDETERMINISTIC", "A sample needs a seed: USING SAMPLE 10 ROWS (reservoir, 42).")


def of_aggregate(name: str, ordered: bool, strict: bool) -> Refusal | Warned | None:
    """Return a warning about a function whose value hangs on the order of the rows; a refusal where `strict`."""
    if ordered or name not in REVIEWED.order_dependent:
        tied = name in REVIEWED.ties
        return ("ORDER_DEPENDENT", f"{name} may choose among equals; give it a tie-breaker.") if tied else None
    sentence = f"{name} depends on the order of rows; write {name}(… ORDER BY …) with a key."
    if strict:
        return Refusal("NONDETERMINISTIC", sentence)
    return "ORDER_DEPENDENT", sentence


def of_window(name: str, ordered: bool) -> Warned | None:
    """Return a warning about a window function that counts rows in no given order."""
    if ordered or name not in {"row_number", "lag", "lead", "ntile", "first_value", "last_value", "nth_value", "fill"}:
        return None
    return "NO_TOTAL_ORDER", f"{name} has no ORDER BY in its window; which row is which is left to the engine."


def of_modifiers(kinds: set[str]) -> Warned | None:
    """Return a warning about a LIMIT of rows in no given order."""
    if "LIMIT_MODIFIER" not in kinds or "ORDER_MODIFIER" in kinds:
        return None
    return "NO_TOTAL_ORDER", "LIMIT without ORDER BY: which rows are kept is left to the engine."
