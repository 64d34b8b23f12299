"""Builds what is measured and what rows are told apart by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracewright.environments.analytics.questions.meaning import Expression, Group, Kind, Measure
from tracewright.environments.analytics.questions.reading.choices import (
    Choice,
    UnfitError,
    clock,
    thing_at,
    way_of,
    within,
)
from tracewright.environments.analytics.questions.reading.items import Item
from tracewright.environments.analytics.questions.reading.keeping import condition_at
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.moments import Grain, Part
from tracewright.environments.analytics.questions.reading.parts import Asked
from tracewright.environments.analytics.questions.reading.senses import Condition, Dimension, Quantity, Rate, Thing

KINDS: dict[str, Kind] = {
    "avg": "avg", "sum": "sum", "median": "median", "max": "max", "min": "min", "stddev": "stddev",
    "percentile": "percentile",
}  # fmt: skip
FINE = {"minute", "hour"}
"""Periods that a date has none of."""


def groups_of(item: Item, choice: Choice, lexicon: Lexicon) -> tuple[list[Group], list[Expression]]:
    """Return the columns that an item tells rows apart by, and the conditions that come with it."""
    if item.is_a(Grain, Part):
        return [_period(item, choice, lexicon)], []
    for dimension in item.of(Dimension):
        if within(dimension.column, choice.base, lexicon):
            return [Group(name=dimension.name, expr=dimension.column)], []
    if item.is_a(Condition):
        condition = condition_at(item, choice.base, lexicon)
        if not condition.group:
            raise UnfitError(f"{item.text} tells nothing apart")
        return [Group(name=condition.group.split(".")[1], expr=condition.group)], [condition.holds]
    return _of_thing(item, choice, lexicon)


def _of_thing(item: Item, choice: Choice, lexicon: Lexicon) -> tuple[list[Group], list[Expression]]:
    thing, way = thing_at(item, choice.base)
    kept = [] if way.where is None else [way.where]
    shown = thing.show[:1] if lexicon.keys_only else thing.show
    if all(within(column, choice.base, lexicon) for column in shown):
        return [Group(name=column.split(".")[1], expr=column) for column in shown], kept
    if isinstance(way.of, str):
        return [Group(name=way.of.split(".")[1], expr=way.of)], kept
    raise UnfitError(f"{item.text} cannot be shown from {choice.base}")


def _period(item: Item, choice: Choice, lexicon: Lexicon) -> Group:
    moment = item.senses[min(choice.reading, len(item.senses) - 1)]
    column = clock(choice.base, lexicon)
    if isinstance(moment, Part):
        return _part(moment.part, column, lexicon)
    if isinstance(moment, Grain):
        return bucket(moment.grain, column, lexicon)
    raise UnfitError(f"{item.text} is no period")


def bucket(grain: str, column: str, lexicon: Lexicon) -> Group:
    """Return the group of periods; raises UnfitError where the column is too coarse."""
    if grain in FINE and _is_date(column, lexicon):
        raise UnfitError(f"{column} holds days, no {grain}s")
    return Group(name=grain, expr={"bucket": [column, grain]}, grain=grain)


def _part(part: str, column: str, lexicon: Lexicon) -> Group:
    number = {"part": [column, part]}
    match part:
        case "isodow":
            return Group(name="weekday", expr={"call": "dayname", "args": [column]}, order=number)
        case "hour" if _is_date(column, lexicon):
            raise UnfitError(f"{column} holds days, no hours")
        case "hour":
            return Group(name="hour", expr=number)
    return Group(name=f"{part}_number", expr=number)


def _is_date(column: str, lexicon: Lexicon) -> bool:
    return lexicon.type_of(column) == "DATE"


def measured(asked: Asked, choice: Choice, lexicon: Lexicon) -> Iterator[tuple[Measure, list[Expression]]]:
    """Yield the measures that an item may mean, with the conditions that come with each; none where none fits."""
    item = asked.item
    if asked.kind == "rate":
        for rate in item.of(Rate):
            if rate.base == choice.base:
                yield Measure(name="share", kind="share", where=rate.where), [] if rate.among is None else [rate.among]
    elif asked.kind == "distinct" and item.is_a(Dimension):
        for dimension in item.of(Dimension):
            if within(dimension.column, choice.base, lexicon):
                yield Measure(name=f"{dimension.name}s", kind="distinct", of=dimension.column), []
    elif item.of(Quantity) and not asked.kind.endswith("count"):
        yield from _quantities(asked, choice)
    else:
        for thing in item.of(Thing):
            yield from counted(thing, choice.base)


def _quantities(asked: Asked, choice: Choice) -> Iterator[tuple[Measure, list[Expression]]]:
    for quantity in asked.item.of(Quantity):
        kind = "sum" if asked.kind.endswith("_sum") else KINDS.get(asked.kind, quantity.usual)
        for way in quantity.ways:
            if way.base == choice.base:
                yield Measure(name=_name(quantity, kind, asked.at), kind=kind, of=way.of, at=asked.at), []


def _name(quantity: Quantity, kind: str, at: float) -> str:
    if kind == "sum":
        return quantity.name
    return f"p{round(100 * at)}_{quantity.name}" if kind == "percentile" else f"{kind}_{quantity.name}"


def counted(thing: Thing, base: str) -> Iterator[tuple[Measure, list[Expression]]]:
    """Yield how a thing is counted from a base."""
    for way in thing.ways:
        if way.base == base:
            kept = [] if way.where is None else [way.where]
            yield Measure(name=thing.name, kind="count" if way.of is None else "distinct", of=way.of), kept


def quantity_at(item: Item, choice: Choice) -> tuple[Quantity, Expression]:
    """Return the first quantity that an item may mean, as it is had from a base; raises UnfitError."""
    for quantity in item.of(Quantity):
        try:
            return quantity, way_of(quantity.ways, choice.base).of
        except UnfitError:
            continue
    raise UnfitError(f"{item.text} is not to be had from {choice.base}")


def distinct_groups(groups: Sequence[Group]) -> list[Group]:
    """Return the groups without repetitions, in order."""
    found: list[Group] = []
    for group in groups:
        if all(group.name != other.name for other in found):
            found.append(group)
    return found
