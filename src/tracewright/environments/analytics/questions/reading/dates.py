"""Reads dates, months, quarters and years that stand in a question, as spans of time; the end is left out of a span."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")
YEAR_MONTHS = 12
_SHORT = {name[:3]: number for number, name in enumerate(MONTHS, start=1)}
_NAMES = "|".join([*MONTHS, "sept", *sorted(_SHORT)])
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_DAY = r"(?:the )?\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
DATE = (
    rf"(?:{_YEAR}-\d\d?-\d\d?|{_YEAR}-\d\d?|(?:{_NAMES}) {_DAY}(?: ,)?(?: {_YEAR})?(?!\d)"
    rf"|{_DAY}(?: of)? (?:{_NAMES})(?: ,)?(?: {_YEAR})?|(?:{_NAMES})(?: of)?(?: {_YEAR})?"
    rf"|q[1-4](?: of)?(?: {_YEAR})?|(?:the )?(?:first|second|third|fourth) quarter(?: of)?(?: {_YEAR})?|{_YEAR})"
)
"""A pattern for everything that `span` reads, in normal spelling."""


@dataclass(frozen=True)
class Span:
    """A stretch of time from `begin` on, before `end`; None is open."""

    begin: datetime | None
    end: datetime | None


def span(text: str, as_of: datetime | None) -> Span | None:
    """Return the span that a date text names; without a year the last such that had begun before `as_of`.

    None where the text names no day that there is, or would need `as_of` to tell its year.
    """
    words = text.replace(" of ", " ").replace("the ", "").replace(" ,", "").split()
    try:
        return _iso(words) or _quarter(words, as_of) or _named(words, as_of)
    except ValueError:
        return None  # the 31st of February


def _iso(words: list[str]) -> Span | None:
    if not re.fullmatch(rf"{_YEAR}(-\d\d?)*", words[0]):
        return None
    year, *rest = map(int, words[0].split("-"))
    if not rest:
        return _months(year, 1, YEAR_MONTHS)
    return _day(year, *rest) if len(rest) > 1 else _months(year, rest[0], 1)


def _quarter(words: list[str], as_of: datetime | None) -> Span | None:
    number = int(words[0][1]) if re.fullmatch("q[1-4]", words[0]) else _ORDINALS.get(words[0])
    if number is None:
        return None
    month = 3 * number - 2
    year = _year(words, month, as_of)
    return None if year is None else _months(year, month, 3)


def _named(words: list[str], as_of: datetime | None) -> Span | None:
    months = [_SHORT[word[:3]] for word in words if word[:3] in _SHORT]
    days = [int(digits[1]) for word in words if (digits := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word))]
    if not months:
        return None
    year = _year(words, months[0], as_of)
    if year is None:
        return None
    return _day(year, months[0], *days) if days else _months(year, months[0], 1)


def _year(words: list[str], month: int, as_of: datetime | None) -> int | None:
    for word in words:
        if re.fullmatch(_YEAR, word):
            return int(word)
    if as_of is None:
        return None
    begun = datetime(as_of.year, month, 1) < as_of  # noqa: DTZ001 -- times in tables bear no zone
    return as_of.year if begun else as_of.year - 1


def _day(year: int, month: int, day: int) -> Span:
    begin = datetime(year, month, day)  # noqa: DTZ001 -- likewise
    return Span(begin, begin + timedelta(days=1))


def _months(year: int, month: int, count: int) -> Span:
    begin = datetime(year, month, 1)  # noqa: DTZ001 -- likewise
    return Span(begin, moved(begin, count, "month"))


def moved(time: datetime, count: int, unit: str) -> datetime:
    """Return a time some units later; months clamp to the last day of theirs."""
    match unit:
        case "year":
            return moved(time, YEAR_MONTHS * count, "month")
        case "quarter":
            return moved(time, 3 * count, "month")
        case "month":
            years, month = divmod(time.month - 1 + count, YEAR_MONTHS)
            first = time.replace(year=time.year + years, month=month + 1, day=1)
            return first + timedelta(days=min(time.day, _length(first)) - 1)
    return time + timedelta(**{f"{unit}s": count})


def _length(first: datetime) -> int:
    following = (first + timedelta(days=31)).replace(day=1)
    return (following - first).days


def start(time: datetime, unit: str) -> datetime:
    """Return the start of the period of a calendar that holds a time; weeks begin on Monday."""
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "minute":
            return time.replace(second=0, microsecond=0)
        case "hour":
            return time.replace(minute=0, second=0, microsecond=0)
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day
