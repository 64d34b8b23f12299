"""Finds denials that were not understood, and those about all rows of a thing, where a plan looks at each row."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.environments.analytics.questions.meaning import Meaning
from tracewright.environments.analytics.questions.reading.items import Item
from tracewright.environments.analytics.questions.reading.parts import Parts

DENYING = frozenset({"never", "not", "no", "without", "except", "excluding", "besides"})
ONLY = "only"


def lost(items: Sequence[Item], parts: Parts) -> str:
    """Return the first word that denies something of which nothing was kept, or nothing."""
    understood = {kept.item.begin for kept in parts.kept if kept.negated}
    for item in items:
        if item.begin not in understood:
            for word in item.lead:
                if word in DENYING:
                    return word
    return ""


def of_all_rows(items: Sequence[Item], parts: Parts, meaning: Meaning) -> bool:
    """Say whether things are counted or listed by what none, or all, of their rows are: orders without toys.

    A plan that leaves out the rows of toys still finds the orders that hold something else as well.
    """
    denied = any(kept.negated for kept in parts.kept) or any(ONLY in item.lead for item in items)
    things = not meaning.measures or any(measure.kind == "distinct" for measure in meaning.measures)
    return denied and things
