"""Finds what a question says of time: spans to keep, periods and parts of days to group by, looks at the one before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tracewright.environments.analytics.questions.reading.dates import DATE, MONTHS, UNITS, Span, moved, span, start

UNIT = rf"({'|'.join(UNITS)})"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ADVERBS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}
_ADVERBS |= {"yearly": "year", "annual": "year", "annually": "year"}


@dataclass(frozen=True)
class Grain:
    """A period to group by; `change` where each is compared with the one before; `adverb` where no "by" is needed."""

    grain: str
    change: bool = False
    adverb: bool = False


@dataclass(frozen=True)
class Part:
    """A part of times to group by: the hour of the day, the day of the week."""

    part: str


@dataclass(frozen=True)
class Days:
    """Days of the week to keep, Monday is 1."""

    numbers: tuple[int, ...]


Moment = Span | Grain | Part | Days


@dataclass(frozen=True)
class Found:
    """A moment and where it stands in the text; `others` are further readings of the same words."""

    begin: int
    end: int
    moment: Moment
    others: tuple[Moment, ...] = ()


def moments(text: str, as_of: datetime | None) -> list[Found]:
    """Return all that is said of time in a text in normal spelling, none overlapping another, in order.

    Without `as_of` nothing that counts back from it is understood.
    """
    taken: list[Found] = []
    for found in _each(text, as_of):
        if all(found.end <= other.begin or other.end <= found.begin for other in taken):
            taken.append(found)
    return sorted(taken, key=lambda found: found.begin)


def _each(text: str, as_of: datetime | None) -> Iterator[Found]:
    for pattern, read in _RULES:
        for match in re.finditer(rf"\b(?:{pattern})(?![\w-])", text):
            readings = [reading for reading in read(match, as_of) if reading is not None]
            if readings:
                yield Found(match.start(), match.end(), readings[0], tuple(readings[1:]))


Read = Callable[[re.Match[str], datetime | None], list[Moment | None]]


def _change(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    return [Grain(next((group for group in match.groups() if group in UNITS), ""), change=True)]


def _sliding(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    return [] if as_of is None else [Span(moved(as_of, -int(match[1]), match[2]), as_of)]


def _last(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    """Read "last month" as the calendar's, "past month" as counted back; each is the other's second reading."""
    if as_of is None:
        return []
    begin = start(as_of, match[2])
    calendar = Span(moved(begin, -1, match[2]), begin)
    back = Span(moved(as_of, -1, match[2]), as_of)
    return [back, calendar] if match[1] == "past" else [calendar, back]


def _this(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    if as_of is None:
        return []
    begin = start(as_of, match[1])
    return [Span(begin, moved(begin, 1, match[1]))]


def _near(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    if as_of is None:
        return []
    day = moved(start(as_of, "day"), -1 if match[0].endswith("yesterday") else 0, "day")
    return [Span(day, moved(day, 1, "day"))]


def _dated(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    spans = [span(text, as_of) for text in match.groups()[1:] if text]
    if None in spans:
        return []
    first, last = spans[0], spans[-1]
    if first is None or last is None:
        return []
    match match[1].split()[:1]:
        case ["since" | "from" | "starting" | "beginning"] if len(spans) == 1:
            return [Span(first.begin, None)]
        case ["after"]:
            return [Span(first.end, None)]
        case ["before"]:
            return [Span(None, first.begin)]
        case ["until" | "till" | "through" | "up"]:
            return [Span(None, first.end)]
    return [Span(first.begin, last.end)]


def _grain(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    return [Grain(match[1], adverb=" by " in match[0])]


def _adverb(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    return [Grain(_ADVERBS[match[1]], adverb=True)]


def _any(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    return [Grain(grain, adverb=True) for grain in ("month", "week", "day")]


def _part(name: str) -> Read:
    return lambda match, as_of: [Part(name)]


def _days(match: re.Match[str], as_of: datetime | None) -> list[Moment | None]:
    if match[1].startswith("weekend"):
        return [Days((6, 7))]
    return [Days((_WEEK.index(match[1].removesuffix("s")) + 1,))]


_IN = r"(?:(?:in|over|during|within|for|from|of|across) )?(?:the )?"
_SURE = "|".join(month for month in MONTHS if month not in {"march", "may"})
_OPENING = (
    r"since|after|before|until|till|up to|through|from|starting in|starting|beginning"
    r"|in|on|during|for|of|within|throughout"
)
_TO = r"(?:and|to|until|till|through|up to)"
_AGAINST = (
    r"(?:compared|relative|in relation|in comparison|versus|vs|against|than|over|from)"
    r"(?: to| with)?(?: (?:that|those) of)?"
    rf"(?: the| its)? (?:previous|prior|preceding|last|earlier) (?:{UNIT}|one|period)"
)
_BEFORE = (
    r"(?:(?:compared|relative|in relation|in comparison) )?(?:(?:to|with|versus|vs|against|from|than|over|since) )?"
    rf"(?:the |that of the |one )?(?:{UNIT}|one|period) (?:before|earlier|prior|previous)(?! {DATE})"
)
_RULES: tuple[tuple[str, Read], ...] = (
    (rf"{UNIT}s? (?:over|on|to|after) \1", _change),
    (_AGAINST, _change),
    (rf"(?:the|its) (?:previous|prior|preceding) (?:{UNIT}|one|period)", _change),
    (_BEFORE, _change),
    (rf"{_IN}(?:last|past|previous|recent|most recent|final|latest|trailing|preceding) (\d+) {UNIT}s?", _sliding),
    (rf"{_IN}(last|past|previous) {UNIT}(?! of)", _last),
    (rf"(?:(?:in|during|within|for|of) )?(?:this|the current|current) {UNIT}", _this),
    (r"(?:from |of |on )?(?:yesterday|today)", _near),
    (rf"(between|from|in|during|over) ({DATE}) {_TO} ({DATE})(?: inclusive| included)?", _dated),
    (rf"({_OPENING}) (?:the )?(?:(?:month|year|start|beginning) (?:of )?)?({DATE})(?: on(?:wards?)?)?", _dated),
    (rf"(until|till|through|up to) (?:the )?end of ({DATE})", _dated),
    (rf"()({'|'.join(MONTHS)} 20\d\d|20\d\d-\d\d?(?:-\d\d?)?|{_SURE})", _dated),
    (r"(?:days? of (?:the |a )?week|week ?days?)", _part("isodow")),
    (r"(?:hours? of (?:the |a )?day|times? of (?:the )?day)", _part("hour")),
    (r"days? of (?:the |a )?month", _part("day")),
    (r"(?:months? of (?:the |a )?year|calendar months?)", _part("month")),
    (rf"(?:on|at|over|during)(?: the| a)? (weekends?|{'|'.join(f'{day}s?' for day in _WEEK)})", _days),
    (rf"{UNIT} by \1", _grain),
    (rf"({'|'.join(_ADVERBS)})", _adverb),
    (r"(?:over time|across time|through time)", _any),
    (rf"{UNIT}s?", _grain),
)
