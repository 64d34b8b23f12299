"""When two results are the same: by their hashes, and row by row within a tolerance."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tracewright.tables.results import Hashes, difference, hashes, same

COLUMNS = [("name", "text"), ("many", "int"), ("share", "float")]
cells = st.tuples(
    st.none() | st.text(max_size=5),
    st.none() | st.integers(),
    st.none() | st.floats(),
)
results = st.lists(cells, max_size=8)


class MonthDayNano(NamedTuple):
    """An interval in the shape in which Arrow hands it over."""

    months: int
    days: int
    nanoseconds: int


def hashed(rows: Sequence[Any], ordered: bool = False) -> Hashes:
    return hashes(COLUMNS, rows, ordered)


def one(value: Any, family: str = "any") -> str:
    return hashes([("c", family)], [[value]], ordered=True).logical


@given(results, st.randoms(use_true_random=False))
def test_rows_without_an_order_hash_alike_in_any(rows: list[Any], chance: random.Random) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert hashed(shuffled) == hashed(rows)


@given(results, st.randoms(use_true_random=False))
def test_rows_with_an_order_hash_alike_in_that_order_alone(rows: list[Any], chance: random.Random) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)
    alike = [hashed([row], True).logical for row in shuffled] == [hashed([row], True).logical for row in rows]
    ours, theirs = hashed(rows, ordered=True), hashed(shuffled, ordered=True)
    assert (ours.logical == theirs.logical) is alike
    assert ours.multiset == theirs.multiset


@given(results.filter(len), st.data())
def test_a_changed_cell_changes_the_hash(rows: list[Any], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(cells)
    assume(not same([rows[index]], [other], ordered=True, tolerance=0.0))
    changed = [*rows[:index], other, *rows[index + 1 :]]
    assert hashed(changed).logical != hashed(rows).logical
    assert not same(rows, changed, ordered=True, tolerance=0.0)


@given(results.filter(len))
def test_a_row_more_or_twice_changes_the_hash(rows: list[Any]) -> None:
    assert hashed([*rows, rows[0]]).logical != hashed(rows).logical
    assert not same(rows, [*rows, rows[0]], ordered=False)


@given(st.floats(1e-100, 1e100), st.sampled_from([-1, 1]))
def test_floats_that_differ_in_their_last_bits_have_one_rounded_hash(value: float, way: int) -> None:
    near = math.nextafter(value, way * math.inf)
    digits = f"{value:.16g}".replace(".", "").split("e")[0].ljust(16, "0")[12:]
    assume("0010" < digits < "4990" or "5010" < digits < "9990")  # no edge of a rounding is near
    ours, theirs = hashed([("a", 1, value)]), hashed([("a", 1, near)])
    assert ours.rounded == theirs.rounded
    assert ours.logical != theirs.logical


def test_floats_on_the_edge_of_a_rounding_are_the_same_row_by_row() -> None:
    below, above = math.nextafter(0.1234567890125, 0), math.nextafter(0.1234567890125, 1)
    assert hashed([("a", 1, below)]).rounded != hashed([("a", 1, above)]).rounded
    assert same([("a", 1, below)], [("a", 1, above)], ordered=True)
    assert not same([("a", 1, 1.0)], [("a", 1, 1.00001)], ordered=True)


@given(results, st.randoms(use_true_random=False))
def test_rows_are_paired_whatever_their_order(rows: list[Any], chance: random.Random) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert same(rows, shuffled, ordered=False)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0.0, -0.0),
        (Decimal(7), 7),
        (datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), datetime(2024, 1, 1, tzinfo=UTC)),
        (UUID(int=7), str(UUID(int=7))),
        ([("b", 1), ("a", 2)], [("a", 2), ("b", 1)]),
        (timedelta(days=2, seconds=3), MonthDayNano(0, 2, 3_000_000_000)),
        (math.nan, -math.nan),
    ],
    ids=["zeros", "wide integers", "zones", "uuids", "maps", "intervals", "nans"],
)
def test_one_value_has_one_form(left: Any, right: Any) -> None:
    assert one(left) == one(right)


def test_values_that_look_alike_have_forms_of_their_own() -> None:
    values = [
        *(None, math.nan, math.inf, -math.inf, "", "n", 0, False, 0.0, "0", b"", b"0"),
        *(1, True, Decimal("1.0"), Decimal("1.00"), 1.0, "1.0"),
        *(date(2024, 1, 1), datetime.fromisoformat("2024-01-01"), datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01"),
        *(time(1), "01:00:00.000000", [], {}, [None], {"a": None}, {"b": None}, [1, 2], [2, 1], [[1], 2], [[1, 2]]),
        *(MonthDayNano(1, 0, 0), MonthDayNano(0, 30, 0)),
    ]
    assert len({one(value) for value in values}) == len(values)


def test_names_and_families_belong_to_the_hash() -> None:
    found = {hashes([column], [], ordered=False).logical for column in [("a", "int"), ("a", "dec"), ("b", "int")]}
    assert len(found) == 3


def test_cells_cannot_run_into_each_other() -> None:
    pair = [("a", "text"), ("b", "text")]
    assert hashes(pair, [["ab", "c"]], ordered=True) != hashes(pair, [["a", "bc"]], ordered=True)


def test_a_value_of_no_engine_is_refused() -> None:
    with pytest.raises(TypeError, match="no result holds a object"):
        one(object())


def test_a_hash_is_made_as_the_documentation_says() -> None:
    rows = sorted(hashlib.sha256(form).digest() for form in (b"s1:xf3:1.5", b"nf3:0.0"))
    wanted = hashlib.sha256(b"h4:s1:as4:texts1:bs5:float" + b"".join(rows)).hexdigest()
    assert hashes([("a", "text"), ("b", "float")], [["x", 1.5], [None, -0.0]], ordered=False).logical == wanted


def test_a_difference_counts_rows_and_pairs_those_of_one_key() -> None:
    left = [("a", 1), ("b", 2), ("c", 3), ("c", 3)]
    right = [("a", 1), ("b", 5), ("c", 3), ("d", 4)]
    found = difference(left, right, key=[0])
    assert (found.only_left, found.only_right, found.changed) == (1, 1, 1)
    assert found.left == (("c", 3),)
    assert found.right == (("d", 4),)
    assert found.pairs == ((("b", 2), ("b", 5)),)


def test_without_a_key_a_changed_row_is_one_less_and_one_more() -> None:
    found = difference([("a", 1)], [("a", 2)], key=[])
    assert (found.only_left, found.only_right, found.changed) == (1, 1, 0)
