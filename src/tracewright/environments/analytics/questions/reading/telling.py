"""Says in words how a question was read, so that whoever asked can see whether it was meant so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracewright.environments.analytics.questions.meaning import Expression, Meaning, Measure

_SIGNS = {"eq": "is", "ne": "is not", "gt": "above", "gte": "at least", "lt": "below", "lte": "at most"}
_FOLLOWS = {
    "change": "with the change from the period before",
    "share": "with the share of the whole",
    "running": "added up over time",
    "difference": "with the difference",
}


def told(meaning: Meaning) -> str:
    """Return one sentence without an end."""
    return ", ".join(part for part in _parts(meaning) if part)


def _parts(meaning: Meaning) -> Iterator[str]:
    names = [group.name for group in meaning.groups]
    if meaning.measures:
        of = f" of {meaning.base}" if all(measure.kind != "count" for measure in meaning.measures) else ""
        yield " and ".join(_measure(measure, meaning.base) for measure in meaning.measures) + of
    else:
        yield f"the different {' and '.join(names)} of {meaning.base}"
    if meaning.outer:
        yield f"for each {meaning.inner[0].name}, then the {meaning.outer} of that"
    if meaning.measures and names:
        yield f"by {' and '.join(names)}"
    if meaning.latest:
        yield f"of the latest row of each {_short(meaning.latest.per)}"
    if meaning.filters:
        yield "where " + " and ".join(map(_condition, meaning.filters))
    if meaning.having:
        yield "kept where " + " and ".join(map(_condition, meaning.having))
    yield _FOLLOWS.get(meaning.follow, "")
    if meaning.rank:
        yield f"the {'first' if meaning.rank.descending else 'last'} {meaning.rank.rows}"


def _measure(measure: Measure, base: str) -> str:
    where = f" where {_condition(measure.where)}" if measure.where is not None else ""
    of = _short(measure.of) if isinstance(measure.of, str) else measure.name.removeprefix(f"{measure.kind}_")
    match measure.kind:
        case "count":
            return f"number of {base}{where}"
        case "distinct":
            return f"number of different {of}{where}"
        case "share":
            return f"share{where}"
        case "portion":
            return f"part of the {of}{where}"
        case "percentile":
            return f"{round(100 * measure.at)}th percentile of {of}"
    return f"{measure.kind} of {of}{where}"


def _condition(expression: Expression) -> str:
    match expression:
        case {"and": parts}:
            return " and ".join(map(_condition, parts))
        case {"not": part}:
            return f"not ({_condition(part)})"
        case {"in": [column, values]}:
            return f"{_short(column)} is one of {_short(values)}"
        case {"between": [column, low, high]}:
            return f"{_short(column)} from {_short(low)} to {_short(high)}"
        case {"not_null": column}:
            return f"{_short(column)} is there"
        case {"is_null": column}:
            return f"{_short(column)} is not there"
        case {"starts_with": [column, text]}:
            return f"{_short(column)} starts with {_short(text)}"
        case dict() if (sign := next(iter(expression))) in _SIGNS:
            left, right = expression[sign]
            return f"{_short(left)} {_SIGNS[sign]} {_short(right)}"
    return _short(expression)


def _short(expression: Any) -> str:
    match expression:
        case str():
            return expression.split(".")[-1]
        case {"lit": [*values]}:
            return ", ".join(map(str, values))
        case {"lit": value}:
            return str(value)
        case {"part": [column, part]}:
            return f"{part} of {_short(column)}"
        case dict():
            inner = next(iter(expression.values()))
            return f"{next(iter(expression))} of {_short(inner[0] if isinstance(inner, list) else inner)}"
        case list():
            return " and ".join(map(_short, expression))
    return str(expression)
