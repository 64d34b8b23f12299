"""Gives every item of a question its part: measured, grouped by, looked for, kept by; what has none is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.items import (
    Compare,
    Item,
    Number,
    Percentile,
    Unknown,
    words,
)
from tracewright.environments.analytics.questions.reading.moments import Days, Grain, Part
from tracewright.environments.analytics.questions.reading.normal import stem
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


@dataclass(frozen=True)
class Asked:
    """Something to be measured: `kind` is how (empty: as usual), `at` the point of a percentile."""

    item: Item
    kind: str = ""
    at: float = 0.5


@dataclass(frozen=True)
class Kept:
    """A condition as it stands: whether it is denied, and how much it reads like the predicate of a share."""

    item: Item
    negated: bool
    predicate: int


@dataclass(frozen=True)
class Compared:
    """A comparison with a number, what it is about, and how that is measured (empty: each row by itself)."""

    compare: Compare
    about: Item
    kind: str = ""


@dataclass
class Parts:
    """A question taken apart; `pending` is what still looks for its object, with the point of a percentile."""

    measures: list[Asked] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)
    target: Item | None = None
    kept: list[Kept] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    spans: list[Item] = field(default_factory=list)
    context: list[Item] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    pending: list[tuple[str, float]] = field(default_factory=list)
    rows: int | None = None
    direction: str = ""
    superlative: str = ""
    share: bool = False
    change: bool = False
    change_grain: str = ""
    running: bool = False
    latest: bool = False
    penalty: int = 0

    def wants(self, *names: str) -> bool:
        """Say whether one of these still looks for its object."""
        return any(name in names for name, _ in self.pending)

    def take(self, *names: str) -> tuple[str, float] | None:
        """Return the last of these that still looks for its object; it has found it now."""
        for waiting in reversed(self.pending):
            if waiting[0] in names:
                self.pending.remove(waiting)
                return waiting
        return None

    def forget(self, item: Item) -> str:
        """Take back that something was to be measured, since it is compared with a number; return how it was."""
        kind = next((asked.kind for asked in self.measures if asked.item is item), "")
        self.measures = [asked for asked in self.measures if asked.item is not item]
        return kind


def parts_of(items: Sequence[Item]) -> Parts:
    """Take a question apart, from left to right."""
    parts = Parts()
    items = _own(items)
    for index, item in enumerate(items):
        parts.penalty += 2 * item.typo
        _place(parts, item, items[index - 1] if index else None, items[index + 1] if index + 1 < len(items) else None)
    _late(parts)
    return parts


def _own(items: Sequence[Item]) -> list[Item]:
    """Leave out what only repeats its neighbour: the column beside its value, words that go with a quantity."""
    beside = {stem(word) for item in items for sense in item.of(Quantity) for word in sense.beside}
    kept: list[Item] = []
    for index, item in enumerate(items):
        near = [*items[max(0, index - 1) : index], *items[index + 1 : index + 2]]
        valued = {sense.column for other in near if not other.of(Dimension) for sense in other.of(Condition)}
        repeats = valued & {sense.column for sense in item.of(Dimension)}
        if repeats and not item.of(Condition) and not grouped(item) and not _asking(item):
            continue
        vague = item.of(Unknown) or item.of(Grain) or (item.lead[-1:] == ("to",) and not item.of(Quantity))
        if vague and stem(item.text) in beside and not item.of(Thing):
            continue
        kept.append(item)
    return kept


def grouped(item: Item) -> bool:
    """Say whether an item is something that rows are told apart by, as the words before it have it."""
    lead = set(item.lead)
    return bool(lead & words().roles["by"]) and not (lead & {"across", "among"} and lead & {"all", "their"})


def denied(item: Item) -> bool:
    """Say whether the words before an item deny it."""
    return any(word in words().roles["not"] for word in item.lead)


def _asking(item: Item) -> bool:
    """Tell "which price", "who are our customers" from "what is the price"."""
    if not set(item.lead) & words().roles["which"]:
        return False
    return not {"is", "are", "was", "were"} & set(item.lead) or item.lead[0] == "who"


def _place(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    if item.of(Unknown):
        parts.missing.append(item.text)
    elif item.of(Span) or item.of(Days):
        parts.spans.append(item)
    elif item.of(Compare):
        _compared(parts, item, before, after)
    elif item.of(Number):
        _number(parts, item, before, after)
    elif item.of(Percentile):
        parts.pending.append(("percentile", item.of(Percentile)[0].at))
    elif item.of(Grain) or item.of(Part):
        _period(parts, item, before)
    elif _means_intent(item, after):
        _intent(parts, item, before)
    elif item.of(Rate):
        parts.measures.append(Asked(item, "rate"))
    else:
        _linked(parts, item, before, after)


def _means_intent(item: Item, after: Item | None) -> bool:
    """Choose between a word's two lives: "total" adds up what follows, or is itself what was spent."""
    if not item.of(Intent):
        return False
    if not (item.of(Quantity) or item.of(Thing)):
        return True
    return after is not None and bool(after.of(Quantity) or after.is_intent(*COUNTS)) and not grouped(after)


def _intent(parts: Parts, item: Item, before: Item | None) -> None:
    if item.is_intent("desc", "asc"):
        parts.direction = "desc" if item.is_intent("desc") else "asc"
        parts.superlative = item.text
        # "Spent the most" has its object before it.
        if not any(asked.item is before for asked in parts.measures):
            parts.pending.append(("rank", 0.0))
        return
    parts.share |= item.is_intent("share")
    parts.change |= item.is_intent("change")
    parts.running |= item.is_intent("running")
    parts.latest |= item.is_intent("latest")
    for name in (*AGGREGATES, *COUNTS):
        if item.is_intent(name):
            parts.pending.append((name, 0.5))


def _number(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    value = item.of(Number)[0].value
    named = after is not None and bool(after.is_intent("desc", "asc") or after.of(Thing) or after.of(Dimension))
    if before is not None and before.of(Quantity) and set(item.lead) <= EQUALLY:
        parts.forget(before)
        parts.compared.append(Compared(Compare("eq", (value,)), before))
    elif (named or parts.wants("rank")) and value >= 1 and value == int(value):
        parts.rows = int(value)
    else:
        parts.missing.append(item.text)


def _compared(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    compare = item.of(Compare)[0]
    measured = next((asked.item for asked in reversed(parts.measures) if asked.item.of(Quantity)), None)
    if before is not None and before.of(Quantity):
        parts.compared.append(Compared(compare, before, parts.forget(before)))
    elif after is not None and (after.of(Thing) or after.of(Quantity)) and not grouped(after):
        parts.compared.append(Compared(compare, after, "follows"))
    elif measured is not None:
        parts.compared.append(Compared(compare, measured, parts.forget(measured)))
    else:
        parts.missing.append(item.text)


def _period(parts: Parts, item: Item, before: Item | None) -> None:
    grains = item.of(Grain)
    if grains and grains[0].change:
        parts.change, parts.change_grain = True, grains[0].grain or parts.change_grain
    elif _asking(item) and parts.target is None and not parts.measures:
        parts.target = item
    elif grouped(item) or (grains and grains[0].adverb) or item.of(Part) or _goes_on(parts, item, before):
        parts.groups.append(item)
    elif parts.wants("rank") and parts.target is None:
        parts.target = item
    else:
        parts.missing.append(item.text)


def _goes_on(parts: Parts, item: Item, before: Item | None) -> bool:
    """Say whether an item goes on with a list of groups: "by priority and channel"."""
    lead = set(item.lead)
    linking = bool(lead & {"and", ",", "then"}) and lead <= {"and", ",", "then", "the", "for", "in", "by"}
    return linking and any(before is group for group in parts.groups)


def _linked(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    only_act = item.of(Act) and not (item.of(Thing) or item.of(Quantity) or item.of(Condition))
    if only_act:
        parts.context.append(item)
        parts.missing += [f"not {item.text}"] if denied(item) else []
    elif any(compared.about is item for compared in parts.compared):
        parts.take(*COUNTS)
    elif item.of(Condition) and not _as_group(parts, item, before):
        _condition(parts, item)
    elif item.of(Quantity) and not (parts.wants(*COUNTS) and item.of(Thing)):
        parts.take("howmany")
        parts.take("rank")
        parts.measures.append(Asked(item, *(parts.take(*AGGREGATES) or ())))
    elif item.of(Thing):
        _thing(parts, item, before, after)
    else:
        _dimension(parts, item, before)


def _as_group(parts: Parts, item: Item, before: Item | None) -> bool:
    """Say whether what could be a condition stands for a group instead, or for what is counted."""
    if item.of(Thing):
        return not (parts.share and (parts.context or parts.measures))
    if item.of(Dimension):
        return (grouped(item) or _goes_on(parts, item, before)) and not denied(item)
    ranges = any(condition.group for condition in item.of(Condition))
    return ranges and (grouped(item) or (_asking(item) and parts.target is None and not parts.share))


def _condition(parts: Parts, item: Item) -> None:
    lead, roles = set(item.lead), words().roles
    predicate = 2
    if lead & roles["apart"]:
        predicate = -3
    elif lead & {"that", "which", "who", "whose"}:
        predicate = -1
    elif lead & roles["relative"]:
        predicate = -2
    last = parts.kept[-1] if parts.kept else None
    # What denies the first of a list denies the rest: "not cancelled or returned".
    goes_on = last is not None and last.negated and bool(lead) and lead <= {"and", "or", ",", "nor"}
    parts.kept.append(Kept(item, denied(item) or goes_on, predicate))


def _thing(parts: Parts, item: Item, before: Item | None, after: Item | None) -> None:
    open_target = parts.target is None and not parts.measures
    if grouped(item) and not parts.wants(*COUNTS):
        parts.groups.append(item)
    elif parts.wants(*COUNTS):
        parts.take(*COUNTS)
        over = parts.take("avg", "median", "max", "min", "sum")
        parts.measures.append(Asked(item, "count" if over is None or over[0] == "sum" else f"{over[0]}_count"))
    elif (open_target and (_asking(item) or (parts.rows is not None and not parts.wants("avg")))) or (open_target and parts.wants("rank") and parts.superlative not in MOSTS):
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
    else:
        parts.context.append(item)


def _dimension(parts: Parts, item: Item, before: Item | None) -> None:
    if parts.wants(*COUNTS) and not grouped(item):
        parts.take(*COUNTS)
        parts.measures.append(Asked(item, "distinct"))
    elif grouped(item) or _goes_on(parts, item, before) or parts.share or parts.target is not None:
        parts.groups.append(item)
    elif _asking(item) or parts.wants("rank") or parts.rows is not None:
        parts.target = item
    else:
        parts.groups.append(item)
        parts.penalty += 1


def _late(parts: Parts) -> None:
    """Settle what was said late: "revenue on average"; "orders: how many"; "sensors with a low battery"."""
    usual = next((index for index, asked in enumerate(parts.measures) if not asked.kind), None)
    waiting = parts.take(*AGGREGATES)
    if waiting and usual is not None:
        parts.measures[usual] = Asked(parts.measures[usual].item, *waiting)
    elif waiting and waiting[0] != "sum" and all(asked.kind != waiting[0] for asked in parts.measures):
        parts.missing.append(f"what to take the {waiting[0]} of")
    counted = [item for item in (*parts.context, parts.target) if item is not None and item.of(Thing)]
    if parts.wants(*COUNTS) and not parts.share and not parts.measures and counted:
        parts.take(*COUNTS)
        parts.measures.append(Asked(counted[0], "count"))
        parts.target = None if counted[0] is parts.target else parts.target
    nothing = not (parts.measures or parts.share or parts.groups or parts.direction)
    if parts.target is None and nothing:
        parts.target = next((item for item in parts.context if item.of(Thing)), None)
