"""Says whether an answer is the result that was wanted, by rule; and where it is not, how much of it is there.

Columns are matched by name (letter case and punctuation aside) where the answer has all of them and no others, else by
place. Numbers count by their value whatever their type, within a tolerance; a date equals its midnight. Rows are a
multiset; where an order was asked for, the columns that carry it must come in the same sequence: ties may fall anyhow.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tracewright.tables.results import Row, same

TOLERANCE = 1e-6
"""Relative: far above what the order of a sum can change, far below what any question could mean."""
LEAST = 1e-9
"""Numbers nearer to nothing than this are nothing: what is left of a difference of equals."""
DIGITS = 4
"""Significant digits by which rows are put side by side before they are compared."""
MOST_TRIED = 64
"""Rows that differ in their floats alone are tried one by one up to so many."""
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00:00(\.0+)?")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d*?[1-9])?(\.?0*)")


@dataclass(frozen=True)
class Rows:
    """A result: names of columns, and rows in order."""

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Match:
    """How an answer stands to what was wanted; `found` counts wanted columns whose values the answer has somewhere."""

    equal: bool
    ordered: bool
    same_shape: bool
    found: int
    by: str


def match(wanted: Rows, answer: Rows, order: Sequence[str] = ()) -> Match:
    """Compare an answer with what was wanted; `order` names the wanted columns whose sequence means something."""
    ours = Rows(wanted.columns, [tuple(map(_common, row)) for row in wanted.rows])
    theirs = Rows(answer.columns, [tuple(map(_common, row)) for row in answer.rows])
    shape = (len(ours.columns), len(ours.rows)) == (len(theirs.columns), len(theirs.rows))
    by, places = _places(ours.columns, theirs.columns)
    held = shape and bool(by)
    rows = [tuple(row[place] for place in places) for row in theirs.rows] if held else []
    held = held and _alike(ours.rows, rows)
    ordered = held and _in_order(ours, rows, order)
    return Match(held and ordered, ordered, shape, _found(ours, theirs), by)


def _places(wanted: Sequence[str], given: Sequence[str]) -> tuple[str, Sequence[int]]:
    """Return by what the columns are matched, and where each wanted one stands in the answer; "" where they are not."""
    if len(wanted) != len(given):
        return "", ()
    ours, theirs = [_plain(name) for name in wanted], [_plain(name) for name in given]
    if len(set(ours)) == len(ours) and sorted(ours) == sorted(theirs):
        return "name", [theirs.index(name) for name in ours]
    return "place", range(len(given))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def _common(value: Any) -> Any:
    """Return a cell in the one form that values of different types share."""
    match value:
        case bool() | None:
            return value
        case int() | Decimal() | float():
            return _number(value)
        case str():
            return _written(value)
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return _written(moment.isoformat())
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return tuple(map(_common, value))
        case Mapping():
            return tuple(
                (str(key), _common(item)) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))
            )
    return str(value)


def _number(value: float | Decimal) -> float | str:
    number = float(value)
    if isinstance(value, int) and abs(value) >= 2**53:
        return str(value)  # a float would lose digits that keys may need
    return 0.0 if abs(number) < LEAST else number


def _written(text: str) -> str:
    """Return a text; one that writes a moment in the form that moments have here."""
    if found := MIDNIGHT.fullmatch(text):
        return found[1]
    if found := MOMENT.fullmatch(text):
        return f"{found[1]}T{found[2]}{found[3] or ''}"
    return text


def _alike(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Say whether two multisets of rows are the same: groups by all that is no number, then number by number."""
    ours, theirs = _grouped(left), _grouped(right)
    return ours.keys() == theirs.keys() and all(_group_alike(rows, theirs[key]) for key, rows in ours.items())


def _grouped(rows: Sequence[Row]) -> Mapping[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(repr(cell) for cell in row if type(cell) is not float)].append(row)
    return groups


def _group_alike(left: list[Row], right: list[Row]) -> bool:
    if len(left) != len(right):
        return False
    left, right = sorted(left, key=_coarse), sorted(right, key=_coarse)
    if same(left, right, ordered=True, tolerance=TOLERANCE):
        return True
    if len(left) > MOST_TRIED:
        return False
    # Noise can put two rows that are nearly equal the wrong way round.
    for row in left:
        place = next((n for n, other in enumerate(right) if same([row], [other], True, TOLERANCE)), None)
        if place is None:
            return False
        right.pop(place)
    return True


def _coarse(row: Row) -> list[tuple[bool, float, float]]:
    """Return where a row stands among those that differ from it in numbers alone; NaN stands behind every number."""
    numbers = [cell for cell in row if type(cell) is float]
    rounded = [0.0 if math.isnan(n) or math.isinf(n) else float(f"{n:.{DIGITS}g}") for n in numbers]
    exact = [0.0 if math.isnan(n) else n for n in numbers]
    return [(math.isnan(n), coarse, fine) for n, coarse, fine in zip(numbers, rounded, exact, strict=True)]


def _in_order(wanted: Rows, rows: Sequence[Row], order: Sequence[str]) -> bool:
    places = [list(wanted.columns).index(name) for name in order if name in wanted.columns]
    ours = [tuple(row[place] for place in places) for row in wanted.rows]
    theirs = [tuple(row[place] for place in places) for row in rows]
    return same(ours, theirs, ordered=True, tolerance=TOLERANCE)


def _found(wanted: Rows, answer: Rows) -> int:
    """Count the wanted columns that some column of the answer equals as a multiset; none is counted twice."""
    left = list(range(len(answer.columns)))
    found = 0
    for place in range(len(wanted.columns)):
        ours = [(row[place],) for row in wanted.rows]
        equal = next((n for n in left if ours and _alike(ours, [(row[n],) for row in answer.rows])), None)
        if equal is not None:
            left.remove(equal)
            found += 1
    return found
