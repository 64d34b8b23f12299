"""Ranks what was measured: the first few groups, the highest number, the rows that have it."""

from __future__ import annotations

from tracewright.environments.analytics.questions.meaning import (
    Expression,
    Rank,
)
from tracewright.environments.analytics.questions.reading.choices import (
    Choice,
    UnfitError,
    thing_at,
)
from tracewright.environments.analytics.questions.reading.drafts import Draft
from tracewright.environments.analytics.questions.reading.items import Item
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.measuring import (
    counted,
    groups_of,
    measured,
    quantity_at,
)
from tracewright.environments.analytics.questions.reading.parts import Asked, Parts
from tracewright.environments.analytics.questions.reading.senses import Act, Quantity, Thing

VAGUE = {"best", "worst", "top", "bottom", "leading", "strongest", "weakest", "greatest"}
"""Superlatives that say nothing without a number."""


def ranking(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> Rank | None:
    """Return what ranks the groups of a draft, None where nothing does; a maximum becomes its measure."""
    if not parts.direction and parts.rows is None:
        return None
    descending = parts.direction != "asc"
    if not draft.target and (not draft.groups or _extreme(parts)):
        return _peak(draft, parts, choice, lexicon, descending)
    by = _row_number(parts, choice, lexicon)
    if by is not None and draft.target:
        draft.measures = []
        return Rank(rows=parts.rows or 1, descending=descending, by=by)
    if not draft.measures:
        count_something(draft, parts, choice, lexicon)
    per = tuple(group.name for group in draft.groups) if draft.target else ()
    return Rank(rows=parts.rows or 1, descending=descending, per=per)


def _extreme(parts: Parts) -> bool:
    """Tell "the highest temperature of each zone" from "the zones of the highest revenue": what adds up is ranked."""
    asked = next((each for each in parts.measures if each.item.of(Quantity)), None)
    return parts.rows is None and asked is not None and not asked.kind and asked.item.of(Quantity)[0].usual != "sum"


def _peak(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon, descending: bool) -> Rank | None:
    """Read "the highest temperature" as the maximum, "the five highest orders" as rows."""
    asked = next((each for each in parts.measures if each.item.is_a(Quantity) and not each.kind), None)
    if asked is None:
        raise UnfitError(f"it is not said by what “{parts.superlative}” is told")
    # "The order of the highest total", "the most expensive order"; not "the highest total of orders".
    near = [item for item in parts.context if item.begin <= asked.item.end + 1]
    context = next((item for item in near if item.is_a(Thing)), None)
    if parts.rows is not None or (
        context is not None and not draft.groups and not parts.kept and parts.superlative and _single(context, choice)
    ):
        if context is None:
            raise UnfitError(f"it is not said by what “{parts.superlative}” is told")
        draft.target = groups_of(context, choice, lexicon)[0]
        draft.measures = []
        return Rank(rows=parts.rows or 1, descending=descending, by=quantity_at(asked.item, choice)[1])
    kind = "max" if descending else "min"
    found = next(measured(Asked(asked.item, kind), choice, lexicon))
    draft.measures = [found[0]]
    return None


def _single(item: Item, choice: Choice) -> bool:
    return thing_at(item, choice.base)[1].of is None


def _row_number(parts: Parts, choice: Choice, lexicon: Lexicon) -> Expression:
    """Return what single rows are ranked by, where rows of the base themselves are looked for; else None."""
    if parts.target is None or not parts.target.is_a(Thing) or parts.groups:
        return None
    if thing_at(parts.target, choice.base)[1].of is not None:
        return None
    asked = next((each.item for each in parts.measures if each.item.is_a(Quantity)), None)
    if asked is not None:
        return quantity_at(asked, choice)[1]
    if parts.measures:
        return None
    for senses in lexicon.phrases.values():
        for quantity in senses:
            if isinstance(quantity, Quantity) and quantity.ways[0].base == choice.base:
                return quantity.ways[0].of
    return None


def count_something(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    """Count what is spoken of, else what the set is about; raises UnfitError where nobody says what the best have."""
    if parts.superlative in VAGUE:
        raise UnfitError(f"it is not said by what “{parts.superlative}” is told")
    spoken = [thing for item in parts.context for thing in [*item.of(Thing), *(act.thing for act in item.of(Act))]]
    for thing in (*spoken, *([lexicon.main] if lexicon.main else [])):
        found = next(counted(thing, choice.base), None)
        if found:
            draft.measures.append(found[0])
            draft.filters += found[1]
            return
    raise UnfitError("it is not said what to count")
