"""Gives every item of a question its part: measured, grouped by, looked for, kept by; what has none is missing."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.environments.analytics.questions.meaning import equals
from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.items import (
    Compare,
    Item,
    Number,
    Percentile,
    Unknown,
    words,
)
from tracewright.environments.analytics.questions.reading.keeping import comparison
from tracewright.environments.analytics.questions.reading.moments import Days, Grain, Part
from tracewright.environments.analytics.questions.reading.normal import stem
from tracewright.environments.analytics.questions.reading.parts import Asked, Compared, Kept, Parts, denied, grouped
from tracewright.environments.analytics.questions.reading.senses import (
    Act,
    Condition,
    Dimension,
    Intent,
    Quantity,
    Rate,
    Thing,
)

AGGREGATES = ("avg", "sum", "median", "max", "min", "stddev", "percentile")
COUNTS = ("howmany", "distinct")
MOSTS = ("most", "fewest", "least", "busiest", "quietest")
"""Superlatives that stand before what is counted, not before who is ranked."""
EQUALLY = {"of", "is", "was", "a", "an", "at", "equal", "to", "with", "were", "are"}


def parts_of(items: Sequence[Item]) -> Parts:
    """Take a question apart, from left to right."""
    parts = Parts()
    items = _own(items)
    for index, item in enumerate(items):
        parts.penalty += 2 * item.typo
        _place(parts, item, items[index - 1] if index else None, items[index + 1] if index + 1 < len(items) else None)
        parts.things += [item] if item.is_a(Thing) else []
        parts.trail = parts.trail | set(item.lead) if item.is_a(Thing, Act) and not grouped(item) else set()
    _late(parts)
    return parts


def _own(items: Sequence[Item]) -> list[Item]:
    """Leave out what only repeats its neighbour: the column beside its value, words that go with a quantity."""
    beside = {stem(word) for item in items for sense in item.of(Quantity) for word in sense.beside}
    kept: list[Item] = []
    for index, item in enumerate(items):
        near = [*items[max(0, index - 1) : index], *items[index + 1 : index + 2]]
        valued = {sense.column for other in near if not other.is_a(Dimension) for sense in other.of(Condition)}
        repeats = valued & {sense.column for sense in item.of(Dimension)}
        listed = item.lead[:1] in {("and",), (",",)} and _lists(items[max(0, index - 1)])
        if repeats and not (item.is_a(Condition) or grouped(item) or listed or _asking(item)):
            continue
        vague = item.is_a(Unknown, Grain) or (item.lead[-1:] == ("to",) and not item.is_a(Quantity))
        if vague and stem(item.text) in beside and not item.is_a(Thing):
            continue
        following = items[index + 1] if index + 1 < len(items) else None
        if following and not following.lead and _same_number(item, following):
            continue  # "took a resolution time": said twice
        kept.append(item)
    return kept


def _same_number(item: Item, other: Item) -> bool:
    return any(quantity in other.of(Quantity) for quantity in item.of(Quantity))


def _lists(item: Item) -> bool:
    """Say whether an item may be one of a list of groups."""
    return grouped(item) and item.is_a(Dimension, Thing, Grain, Part)


def _asking(item: Item) -> bool:
    """Tell "which price", "who are our customers" from "what is the price"."""
    if not set(item.lead) & words().roles["which"]:
        return False
    return not {"is", "are", "was", "were"} & set(item.lead) or item.lead[0] == "who"


def _place(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    if item.is_a(Unknown):
        parts.missing.append(item.text)
    elif item.is_a(Span, Days):
        parts.spans.append(item)
    elif item.is_a(Compare):
        _compared(parts, item, before, after)
    elif item.is_a(Number):
        _number(parts, item, before, after)
    elif item.is_a(Percentile):
        parts.pending.append(("percentile", item.of(Percentile)[0].at))
    elif item.is_a(Grain, Part):
        _period(parts, item, before)
    elif _means_intent(item, after):
        _intent(parts, item, before)
    elif item.is_a(Rate):
        parts.measures.append(Asked(item, "rate"))
    else:
        _linked(parts, item, before, after)


def _means_intent(item: Item, after: Item | None) -> bool:
    """Choose between a word's two lives: "total" adds up what follows, or is itself what was spent."""
    if not item.is_a(Intent):
        return False
    if not item.is_a(Quantity, Thing):
        return True
    return after is not None and (after.is_a(Quantity) or after.is_intent(*COUNTS)) and not grouped(after)


def _intent(parts: Parts, item: Item, before: Item | None) -> None:
    plain = parts.target is None or parts.direction or {"a", "an", "by", "where"} & set(item.lead)
    if item.is_intent("max", "min") and plain:
        parts.pending.append(("max" if item.is_intent("max") else "min", 0.5))
        return
    if item.is_intent("howmany") and before is not None and before.is_a(Thing) and not item.lead and parts.drop(before):
        # "Ticket count", and not the count of what follows.
        parts.measures.append(Asked(before, "count"))
        return
    if item.is_intent("desc", "asc"):
        parts.direction = "desc" if item.is_intent("desc") else "asc"
        parts.superlative = item.text
        # "Spent the most" has its object before it.
        if not any(asked.item is before for asked in parts.measures):
            parts.pending.append(("rank", 0.0))
        return
    parts.share |= item.is_intent("share")
    parts.change |= item.is_intent("change")
    parts.trend |= item.is_intent("trend")
    parts.running |= item.is_intent("running")
    parts.latest |= item.is_intent("latest")
    for name in (*AGGREGATES, *COUNTS):
        if item.is_intent(name):
            parts.pending.append((name, 0.5))


def _number(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    value = item.of(Number)[0].value
    ranked = before is not None and before.is_intent("desc", "asc")
    named = after is not None and (after.is_intent("desc", "asc") or after.is_a(Thing, Dimension, Grain, Part))
    if before is not None and not item.lead and (numbered := _numbered(before, value)):
        parts.kept.append(Kept(Item(before.begin, item.end, f"{before.text} {item.text}", numbered), denied(before), 2))
        parts.drop(before)
    elif before is not None and before.is_a(Quantity) and set(item.lead) <= EQUALLY:
        parts.forget(before)
        parts.compared.append(Compared(Compare("eq", (value,)), before))
    elif (named or ranked or parts.wants("rank")) and value >= 1 and value == int(value):
        parts.rows = int(value)
    else:
        parts.unfinished.append(_unclear(item))


def _numbered(item: Item, value: float) -> tuple[Condition, ...]:
    """Return the conditions that "agent 105" may stand for: a name and the number that goes by it."""
    columns = [way.of if isinstance(way.of, str) else thing.show[0] for thing in item.of(Thing) for way in thing.ways]
    if value != int(value) or value < 0:
        return ()
    return tuple(Condition(equals(column, int(value)), column, int(value)) for column in dict.fromkeys(columns))


def _unclear(item: Item) -> str:
    return f"it is unclear what “{item.text}” belongs to"


def _compared(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    compare = item.of(Compare)[0]
    measured = next((asked.item for asked in reversed(parts.measures) if asked.item.is_a(Quantity)), None)
    if before is not None and parts.share and before.lead and (holds := _compares(before, compare)):
        parts.forget(before)
        whole = Item(before.begin, item.end, f"{before.text} {item.text}", holds, before.lead)
        parts.kept.append(Kept(whole, denied(before), _predicate(whole, before, parts)))
    elif before is not None and before.is_a(Quantity):
        parts.compared.append(Compared(compare, before, parts.forget(before)))
    elif before is not None and any(asked.item is before and asked.kind == "count" for asked in parts.measures):
        parts.forget(before)
        parts.compared.append(Compared(compare, before, "follows"))
    elif after is not None and after.is_a(Thing, Quantity) and not grouped(after):
        parts.compared.append(Compared(compare, after, "follows"))
    elif before is not None and before.is_a(Thing) and before in parts.context:
        # "Orders above 500" are those whose own number is, whatever is measured of them.
        parts.compared.append(Compared(compare, before, "worth"))
    elif measured is not None:
        parts.compared.append(Compared(compare, measured, parts.forget(measured)))
    else:
        parts.unfinished.append(_unclear(item))


def _compares(item: Item, compare: Compare) -> tuple[Condition, ...]:
    """Return the conditions that a number of a row compares so, for every way to have it."""
    pairs = [(quantity, way) for quantity in item.of(Quantity) for way in quantity.ways]
    return tuple(Condition(comparison(way.of, compare, quantity)) for quantity, way in pairs)


def _period(parts: Parts, item: Item, before: Item | None) -> None:
    grains = item.of(Grain)
    if grains and grains[0].change:
        parts.change, parts.change_grain = True, grains[0].grain or parts.change_grain
    elif (
        parts.target is None
        and not parts.measures
        and (_asking(item) or (parts.rows is not None and not grouped(item)))
    ):
        parts.target = item
    elif grouped(item) or (grains and grains[0].adverb) or item.is_a(Part) or _goes_on(parts, item, before):
        parts.groups.append(item)
    elif parts.wants("rank") and parts.target is None:
        parts.target = item
    else:
        parts.unfinished.append(_unclear(item))


def _goes_on(parts: Parts, item: Item, before: Item | None) -> bool:
    """Say whether an item goes on with a list of groups: "by priority and channel"."""
    lead = set(item.lead)
    linking = bool(lead & {"and", ",", "then"}) and lead <= {"and", ",", "then", "the", "for", "in", "by"}
    return linking and any(before is group for group in parts.groups)


def _linked(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    only_act = item.of(Act) and not item.is_a(Thing, Quantity, Condition)
    if only_act:
        parts.context.append(item)
        parts.unfinished += [f"rows only tell what was {item.text}, not what was not"] if denied(item) else []
    elif any(compared.about is item for compared in parts.compared):
        parts.take(*COUNTS)
    elif item.is_a(Quantity) and item.is_a(Dimension) and parts.rows and _free(parts, item):
        parts.target = item
    elif item.is_a(Condition) and not _as_group(parts, item, before):
        _condition(parts, item, before)
    elif item.is_a(Quantity) and item.is_a(Dimension) and (_lists(item) or _goes_on(parts, item, before)):
        parts.groups.append(item)
    elif item.is_a(Quantity) and not (parts.wants(*COUNTS) and item.is_a(Thing)):
        parts.take("howmany")
        parts.take("rank")
        if parts.wants("sum") and parts.wants("avg", "median"):
            parts.take("sum")
            over = parts.take("avg", "median")
            parts.measures.append(Asked(item, f"{over[0]}_sum" if over else "sum"))
            return
        parts.measures.append(Asked(item, *(parts.take(*AGGREGATES) or ())))
    elif item.is_a(Thing):
        _thing(parts, item, before, after)
    else:
        _dimension(parts, item, before)


def _free(parts: Parts, item: Item) -> bool:
    """Say whether an item may be what the first few are looked for of: the top 3 discounts by …."""
    return parts.target is None and not parts.measures and not item.lead


def _as_group(parts: Parts, item: Item, before: Item | None) -> bool:
    """Say whether what could be a condition stands for a group instead, or for what is counted."""
    if item.is_a(Thing):
        return not (parts.share and (parts.context or parts.measures))
    if item.is_a(Dimension):
        return (grouped(item) or _goes_on(parts, item, before)) and not denied(item)
    ranges = any(condition.group for condition in item.of(Condition))
    return ranges and (grouped(item) or (_asking(item) and parts.target is None and not parts.share))


def _predicate(item: Item, before: Item | None, parts: Parts) -> int:
    """Return how much a condition reads like what a share is of: "are open" does, "among open tickets" does not."""
    roles, lead = words().roles, set(item.lead)
    if before is not None and before.is_intent("share"):
        return 1
    if not lead & {"are", "is", "was", "were", "had", "have", "has"}:
        lead = lead | (parts.trail - {"of"})
    if lead & roles["apart"]:
        return -3
    if lead & {"that", "which", "who", "whose"}:
        return -1
    return -2 if lead & roles["relative"] else 2


def _condition(parts: Parts, item: Item, before: Item | None) -> None:
    lead, predicate = set(item.lead), _predicate(item, before, parts)
    last = parts.kept[-1] if parts.kept else None
    # What denies the first of a list denies the rest: "not cancelled or returned".
    goes_on = last is not None and last.negated and bool(lead) and lead <= {"and", "or", ",", "nor"}
    joined = last is not None and last.item.end + 1 == item.begin
    if parts.share and joined and last is not None and not last.negated and item.is_a(Thing):
        # "High temperature anomalies" are one thing, whatever share they are.
        parts.kept[-1] = Kept(_both(last.item, item), last.negated, last.predicate)
        return
    parts.kept.append(Kept(item, denied(item) or goes_on, predicate))


def _both(first: Item, second: Item) -> Item:
    """Return an item that means both of two conditions."""
    pairs = [(a, b) for a in first.of(Condition) for b in second.of(Condition)]
    senses = tuple(Condition({"and": [a.holds, b.holds]}) for a, b in pairs)
    return Item(first.begin, second.end, f"{first.text} {second.text}", senses, first.lead)


def _thing(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    open_target = parts.target is None and not parts.measures
    if grouped(item) and not parts.wants(*COUNTS):
        parts.groups.append(item)
    elif parts.wants(*COUNTS):
        parts.take(*COUNTS)
        parts.take("rank")
        over = parts.take("avg", "median", "max", "min", "sum")
        parts.measures.append(Asked(item, "count" if over is None or over[0] == "sum" else f"{over[0]}_count"))
    elif (open_target and (_asking(item) or (parts.rows is not None and not parts.wants("avg")))) or (
        open_target and parts.wants("rank") and parts.superlative not in MOSTS
    ):
        parts.target = item
        parts.take("rank")
    elif parts.wants("rank"):
        parts.take("rank")
        parts.measures.append(Asked(item, "count"))
    elif parts.wants("avg", "median") and after is not None and "per" in after.lead:
        over = parts.take("avg", "median")
        parts.measures.append(Asked(item, f"{over[0]}_count" if over else "count"))
    elif _goes_on(parts, item, before):
        parts.groups.append(item)
    elif before is not None and not item.lead and any(grain.adverb for grain in before.of(Grain)):
        parts.measures.append(Asked(item, "count"))  # "daily orders"
    else:
        parts.context.append(item)


def _dimension(parts: Parts, item: Item, before: Item | None) -> None:
    if parts.wants(*COUNTS) and not grouped(item):
        parts.take(*COUNTS)
        parts.measures.append(Asked(item, "distinct"))
    elif grouped(item) or _goes_on(parts, item, before) or parts.share or parts.target is not None:
        parts.groups.append(item)
    elif _asking(item) or parts.wants("rank") or parts.rows is not None or (parts.direction and not item.lead):
        parts.target = item
    else:
        parts.groups.append(item)
        parts.penalty += 1


def _late(parts: Parts) -> None:
    """Settle what was said late: "revenue on average"; "orders: how many"; "sensors with a low battery"."""
    usual = next((index for index, asked in enumerate(parts.measures) if not asked.kind), None)
    waiting = parts.take(*AGGREGATES)
    only = parts.measures[0] if len(parts.measures) == 1 and parts.groups else None
    if waiting and waiting[0] in {"avg", "median"} and only and only.kind == "count":
        parts.measures[0] = Asked(only.item, f"{waiting[0]}_count")  # "how many orders per customer on average"
        return
    if waiting and usual is not None:
        parts.measures[usual] = Asked(parts.measures[usual].item, *waiting)
    elif waiting and waiting[0] != "sum" and all(asked.kind != waiting[0] for asked in parts.measures):
        parts.unfinished.append(f"it is not said of what to take the {waiting[0]}")
    counted = [item for item in (*parts.context, parts.target) if item is not None and item.of(Thing)]
    if parts.wants(*COUNTS) and not parts.share and not parts.measures and counted:
        parts.take(*COUNTS)
        parts.measures.append(Asked(counted[0], "count"))
        parts.target = None if counted[0] is parts.target else parts.target
    nothing = not (parts.measures or parts.share or parts.groups or parts.direction)
    if parts.target is None and nothing:
        parts.target = next((item for item in parts.context if item.is_a(Thing)), None)
