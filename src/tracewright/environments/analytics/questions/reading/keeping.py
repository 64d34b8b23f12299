"""Builds what rows must fulfil: conditions, values, spans of time, comparisons with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tracewright.environments.analytics.questions.meaning import Expression, equals
from tracewright.environments.analytics.questions.reading.choices import Choice, UnfitError, clock, within
from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.items import Compare, Item
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.moments import Days
from tracewright.environments.analytics.questions.reading.own import NUMERIC
from tracewright.environments.analytics.questions.reading.parts import Kept
from tracewright.environments.analytics.questions.reading.senses import Condition, Quantity

HOURS = {"minut": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0}
"""Units of time by their stem, in hours."""


def conditions(kept: Sequence[Kept], choice: Choice, lexicon: Lexicon) -> Iterator[Expression]:
    """Yield the conditions; several values of one column are alternatives."""
    values: dict[str, list[str | int]] = {}
    for each in kept:
        found = condition_at(each.item, choice.base, lexicon)
        if each.negated or not found.column or found.value is None:
            yield denial(found) if each.negated else found.holds
        else:
            values.setdefault(found.column, []).append(found.value)
    for column, alternatives in values.items():
        yield equals(column, alternatives[0]) if len(alternatives) == 1 else {"in": [column, {"lit": alternatives}]}


def condition_at(item: Item, base: str, lexicon: Lexicon) -> Condition:
    """Return the first condition that an item may mean whose columns go with a base."""
    for condition in item.of(Condition):
        if within(condition.holds, base, lexicon) and _fits(condition, lexicon):
            return condition
    raise UnfitError(f"{item.text} cannot be told of {base}")


def _fits(condition: Condition, lexicon: Lexicon) -> bool:
    """Say whether a column can hold the number that it is to hold: "sensor 7" is no text."""
    return not isinstance(condition.value, int) or bool(NUMERIC.match(lexicon.type_of(condition.column)))


def denial(condition: Condition) -> Expression:
    """Return the opposite of a condition."""
    if condition.column and condition.value is not None:
        return {"ne": equals(condition.column, condition.value)["eq"]}
    return {"not": condition.holds}


def spans(items: Sequence[Item], choice: Choice, lexicon: Lexicon) -> Iterator[Expression]:
    """Yield the conditions that keep what lies within the spans of time."""
    for item in items:
        column = clock(choice.base, lexicon)
        yield during(column, item.senses[min(choice.reading, len(item.senses) - 1)], lexicon)


def during(column: str, moment: object, lexicon: Lexicon) -> Expression:
    """Return the condition that a time lies within a span or falls on some days of the week."""
    if isinstance(moment, Days):
        part = {"part": [column, "isodow"]}
        return (
            equals(part, moment.numbers[0])
            if len(moment.numbers) == 1
            else {"in": [part, {"lit": list(moment.numbers)}]}
        )
    if not isinstance(moment, Span):
        raise UnfitError("no span of time")
    ends = []
    if moment.begin:
        ends.append({"gte": [column, _literal(moment.begin, column, lexicon)]})
    if moment.end:
        ends.append({"lt": [column, _literal(moment.end, column, lexicon)]})
    return ends[0] if len(ends) == 1 else {"and": ends}


def _literal(time: datetime, column: str, lexicon: Lexicon) -> Expression:
    if lexicon.type_of(column) == "DATE":
        return {"lit": time.date().isoformat(), "as": "date"}
    return {"lit": time.isoformat(), "as": "timestamp"}


def comparison(operand: Expression, compare: Compare, quantity: Quantity | None = None) -> Expression:
    """Return a comparison; a number that was said in other units of time is brought to those of the quantity."""
    numbers = [_number(number * _factor(compare, quantity)) for number in compare.numbers]
    if compare.op == "between":
        return {"between": [operand, *numbers]}
    return {compare.op: [operand, numbers[0]]}


def _factor(compare: Compare, quantity: Quantity | None) -> float:
    if quantity is None or "hour" not in quantity.units:
        return 1.0
    return HOURS.get(compare.unit, 1.0)


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
