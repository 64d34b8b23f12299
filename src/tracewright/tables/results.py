"""Says when two results are the same: by hashes of what they hold, and row by row within a tolerance where they differ.

How a value is written down, and so every hash, is told in `docs/capsules.md`; only the standard library is imported
here, because the jail computes these hashes as well.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tracewright.records.job import Sha256

DIGITS = 12
"""Sums of doubles over several threads differed in their last bits, and never in twelve digits."""
TOLERANCE = 1e-9
"""Relative; for values that lie on the edge of a rounding."""
SAMPLES = 20

Row = Sequence[Any]


@dataclass(frozen=True)
class Hashes:
    """What a result hashes to: `logical` and `rounded` heed the order of rows where it means something."""

    rows: int
    logical: Sha256
    multiset: Sha256
    rounded: Sha256


@dataclass(frozen=True)
class Difference:
    """How many rows only one side has, and some of them; `changed` are rows of one key, which count on neither side."""

    only_left: int
    only_right: int
    changed: int
    left: tuple[Row, ...]
    right: tuple[Row, ...]
    pairs: tuple[tuple[Row, Row], ...]


def hashes(columns: Iterable[tuple[str, str]], rows: Iterable[Row], ordered: bool) -> Hashes:
    """Hash rows under columns of (name, family): one value has one form, however wide it was stored.

    `rounded` has floats at twelve significant digits. Rows that come in no order give the same hashes in any.
    """
    exact, coarse = [], []
    for row in rows:
        exact.append(_row_hash(row, _shortest))
        coarse.append(_row_hash(row, _rounded))
    head = _joined("h", [_text(part) for column in columns for part in column])
    kept = _hash_of(head, exact)
    multiset = _hash_of(head, sorted(exact))
    rounded = _hash_of(head, coarse if ordered else sorted(coarse))
    return Hashes(len(exact), kept if ordered else multiset, multiset, rounded)


def same(left: Sequence[Row], right: Sequence[Row], ordered: bool, tolerance: float = TOLERANCE) -> bool:
    """Say whether two results hold the same rows with floats within a relative tolerance.

    Without an order, rows are paired by all that is no float, then by their floats from small to large.
    """
    if len(left) != len(right):
        return False
    if not ordered:
        left, right = sorted(left, key=_place), sorted(right, key=_place)
    return all(_near_rows(a, b, tolerance) for a, b in zip(left, right, strict=True))


def difference(left: Sequence[Row], right: Sequence[Row], key: Sequence[int]) -> Difference:
    """Return what either side has more of, as multisets; `key` are the columns by which rows are one row changed."""
    ours, theirs = [_row_hash(row, _shortest) for row in left], [_row_hash(row, _shortest) for row in right]
    lost, found = list(_beyond(left, ours, Counter(theirs))), list(_beyond(right, theirs, Counter(ours)))
    pairs = _paired(lost, found, key)
    gone, come = {id(a) for a, _ in pairs}, {id(b) for _, b in pairs}
    lost, found = [row for row in lost if id(row) not in gone], [row for row in found if id(row) not in come]
    return Difference(
        *(len(lost), len(found), len(pairs)),
        *(tuple(lost[:SAMPLES]), tuple(found[:SAMPLES]), tuple(pairs[:SAMPLES])),
    )


def _beyond(rows: Sequence[Row], forms: Sequence[bytes], others: Counter[bytes]) -> Iterator[Row]:
    """Yield the rows that the other side does not have, or not so often."""
    for row, form in zip(rows, forms, strict=True):
        if others[form]:
            others[form] -= 1
        else:
            yield row


def _paired(lost: Sequence[Row], found: Sequence[Row], key: Sequence[int]) -> list[tuple[Row, Row]]:
    """Return the rows of one key, where the key names a row on both sides."""
    ours, theirs = _by_key(lost, key), _by_key(found, key)
    if not key or len(ours) != len(lost) or len(theirs) != len(found):
        return []
    return [(row, theirs[name]) for name, row in ours.items() if name in theirs]


def _by_key(rows: Sequence[Row], key: Sequence[int]) -> dict[bytes, Row]:
    return {_row_hash([row[index] for index in key], _shortest): row for row in rows}


def _near_rows(left: Row, right: Row, tolerance: float) -> bool:
    return len(left) == len(right) and all(_near(a, b, tolerance) for a, b in zip(left, right, strict=True))


def _near(left: Any, right: Any, tolerance: float) -> bool:
    match left, right:
        case float(), float():
            return left == right or (left != left and right != right) or math.isclose(left, right, rel_tol=tolerance)
        case list() | tuple(), list() | tuple():
            return _near_rows(left, right, tolerance)
        case Mapping(), Mapping():
            return [*left] == [*right] and _near_rows([*left.values()], [*right.values()], tolerance)
    return _form(left, _shortest) == _form(right, _shortest)


def _place(row: Row) -> tuple[bytes, list[tuple[bool, float]]]:
    """Return where a row stands among others when no order was given: floats last, NaN behind every number."""
    floats = [(value != value, 0.0 if value != value else value) for value in row if type(value) is float]
    return b"".join(_form(value, lambda _: "") for value in row), floats


def _hash_of(head: bytes, rows: Iterable[bytes]) -> Sha256:
    whole = hashlib.sha256(head)
    for row in rows:
        whole.update(row)
    return whole.hexdigest()


Written = Callable[[float], str]
"""How a float is written."""


def _row_hash(row: Row, written: Written) -> bytes:
    return hashlib.sha256(b"".join([_form(value, written) for value in row])).digest()


def _form(value: Any, written: Written) -> bytes:
    """Return a value as a tag, a length and its text; raises TypeError for what no result holds."""
    match value:
        case None:
            return b"n"
        case float():
            return _tagged("f", written(value + 0.0))  # -0.0 and 0.0 are one value
        case list() | tuple() if not hasattr(value, "months"):
            return _list(value, written)
        case Mapping():
            items = [part for name, item in value.items() for part in (_text(str(name)), _form(item, written))]
            return _joined("o", items)
    return _plain(value)


def _plain(value: Any) -> bytes:
    match value:
        case bool():
            return _tagged("b", str(int(value)))
        case int():
            return _tagged("i", str(value))
        case str():
            return _text(value)
        case Decimal():
            return _decimal(value)
        case datetime() | date() | time():
            return _moment(value)
        case bytes():
            return _tagged("x", value.hex())
        case UUID():
            return _text(str(value))  # engines hand one over as either
        case timedelta():
            return _interval(0, value.days, value.seconds * 1_000_000 + value.microseconds)
    if hasattr(value, "months"):
        return _interval(value.months, value.days, value.nanoseconds // 1000)
    raise TypeError(f"no result holds a {type(value).__name__}")


def _list(items: Sequence[Any], written: Written) -> bytes:
    """Return the form of a list; a map comes as a list of pairs and has no order of its own."""
    forms = [_form(item, written) for item in items]
    pairs = bool(items) and all(type(item) is tuple and len(item) == 2 for item in items)
    return _joined("m", sorted(forms)) if pairs else _joined("l", forms)


def _decimal(value: Decimal) -> bytes:
    # Wide integers come as decimals without a fraction; the family in the head says which they are.
    tag = "i" if value.as_tuple().exponent == 0 else "d"
    return _tagged(tag, format(value, "f"))


def _moment(value: date | time) -> bytes:
    match value:
        case datetime(tzinfo=None):
            return _tagged("t", value.isoformat(timespec="microseconds"))
        case datetime():
            return _tagged("z", value.astimezone(UTC).isoformat(timespec="microseconds"))
        case time():
            return _tagged("c", value.isoformat(timespec="microseconds"))
    return _tagged("a", value.isoformat())


def _interval(months: int, days: int, microseconds: int) -> bytes:
    return _tagged("v", f"{months},{days},{microseconds}")


def _shortest(value: float) -> str:
    return repr(value)


def _rounded(value: float) -> str:
    return repr(float(f"{value:.{DIGITS}g}") + 0.0)


def _text(value: str) -> bytes:
    return _tagged("s", value)


def _tagged(tag: str, text: str) -> bytes:
    raw = text.encode()
    return b"%s%d:%s" % (tag.encode(), len(raw), raw)


def _joined(tag: str, parts: Sequence[bytes]) -> bytes:
    return b"%s%d:%s" % (tag.encode(), len(parts), b"".join(parts))
