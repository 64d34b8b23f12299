"""What is still open when a question is taken apart: which table its rows are of, which reading of a word is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tracewright.environments.analytics.questions.lowering import reachable
from tracewright.environments.analytics.questions.meaning import Expression, columns_in
from tracewright.environments.analytics.questions.reading.items import Item
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.parts import Parts
from tracewright.environments.analytics.questions.reading.senses import Condition, Quantity, Thing, Way


class UnfitError(Exception):
    """This choice does not make a question of it; the message says what is in the way."""


@dataclass(frozen=True)
class Choice:
    """One way to settle what is open; `penalty` is how far it lies from the first.

    `numerator` is the condition that a share is of, `reading` that of the times, `listed` takes enumerated values for
    groups, `nested` averages over groups.
    """

    base: str
    numerator: int = -1
    reading: int = 0
    listed: bool = False
    nested: bool = False
    penalty: int = 0


def choices(parts: Parts, lexicon: Lexicon) -> Iterator[Choice]:
    """Yield every way to settle what is open."""
    numerators = _numerators(parts)
    readings = range(max([len(item.senses) for item in (*parts.spans, *parts.groups)], default=1))
    listings = _listings(parts, lexicon)
    nestings = _nestings(parts)
    for table in lexicon.tables.tables:
        for (rank, numerator), reading, (late, listed), (later, nested) in product(
            enumerate(numerators), readings, enumerate(listings), enumerate(nestings)
        ):
            penalty = rank + 2 * reading + 2 * late + 2 * later + parts.penalty
            yield Choice(table.name, numerator, reading, listed, nested, penalty=penalty)


def _numerators(parts: Parts) -> list[int]:
    """Return the conditions that a share may be of, those first that read like its predicate."""
    if not parts.share or not parts.kept:
        return [-1]
    order = sorted(range(len(parts.kept)), key=lambda index: (-parts.kept[index].predicate, -index))
    found = [index for index in order if parts.kept[index].predicate > -3] or order
    clear = any(parts.kept[index].predicate > (-1 if parts.measures else -2) for index in found)
    # "What share of the revenue does each status have for books": of all revenue for books.
    return found if clear or not parts.groups else [-1, *found]


def _listings(parts: Parts, lexicon: Lexicon) -> tuple[bool, ...]:
    """Say whether values of one column are listed to see each: "on email, chat and phone".

    That comes first where all values of the column are listed, since to keep them all would say nothing.
    """
    if parts.groups or parts.share or parts.target:
        return (False,)
    valued = [condition for kept in parts.kept if not kept.negated for condition in _valued(kept.item)[:1]]
    columns = [condition.column for condition in valued]
    repeated = {column for column in columns if columns.count(column) > 1}
    if not repeated:
        return (False,)
    named = {condition.value for condition in valued if condition.column in repeated}
    every = {value for column in repeated for value in lexicon.values_of(column)}
    return (True, False) if named == every else (False, True)


def _valued(item: Item) -> list[Condition]:
    return [condition for condition in item.of(Condition) if condition.column]


def _nestings(parts: Parts) -> tuple[bool, ...]:
    """Say whether an average of sums may be meant: "average revenue per customer"."""
    for asked in parts.measures:
        additive = any(quantity.usual == "sum" for quantity in asked.item.of(Quantity))
        if asked.kind.endswith(("_count", "_sum")):
            return (True,)
        if additive and asked.kind in {"avg", "median"} and parts.groups:
            per = "per" in parts.groups[0].lead
            return (per, not per)
    return (False,)


def way_of(ways: tuple[Way, ...], base: str) -> Way:
    """Return the way from a base; raises UnfitError where there is none."""
    for way in ways:
        if way.base == base:
            return way
    raise UnfitError(f"not to be had from {base}")


def within(expression: Expression, base: str, lexicon: Lexicon) -> bool:
    """Say whether all columns of an expression can be joined to a base."""
    tables = {column.split(".")[0] for column in columns_in(expression)}
    return reachable(base, tables, lexicon.tables.relationships)


def clock(base: str, lexicon: Lexicon) -> str:
    """Return the column of time that goes with the rows of a base; raises UnfitError where there is none."""
    own = lexicon.clock(base)
    if own:
        return own
    for table in lexicon.tables.tables:
        column = lexicon.clock(table.name)
        if column and within(column, base, lexicon):
            return column
    raise UnfitError(f"{base} has no times")


def thing_at(item: Item, base: str) -> tuple[Thing, Way]:
    """Return what an item may mean, as it is had from a base: what has a key goes before mere rows; or UnfitError."""
    found = [(thing, way) for thing in item.of(Thing) for way in thing.ways if way.base == base]
    for thing, way in sorted(found, key=lambda pair: pair[1].of is None):
        return thing, way
    raise UnfitError(f"{item.text} is not to be had from {base}")
