"""When an answer is what was wanted: by name or place, as a multiset, within a tolerance, in the order asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.tables.answers import Match, Rows, match

WANTED = Rows(["category", "revenue"], [("Books", 10.5), ("Home", 20.25), ("Toys", None)])


def compared(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], order: Sequence[str] = (), wanted: Rows = WANTED
) -> Match:
    return match(wanted, Rows(columns, [tuple(row) for row in rows]), order)


def test_the_same_rows_in_any_order_are_the_answer() -> None:
    assert compared(WANTED.columns, WANTED.rows[::-1]).equal


def test_where_an_order_was_asked_for_another_is_wrong() -> None:
    wanted = Rows(["name", "n"], [("a", 3), ("b", 2), ("c", 1)])
    right, wrong = wanted.rows, wanted.rows[::-1]
    assert compared(wanted.columns, right, ["n"], wanted).equal
    found = compared(wanted.columns, wrong, ["n"], wanted)
    assert (found.equal, found.ordered, found.same_shape) == (False, False, True)


def test_ties_may_fall_anyhow() -> None:
    wanted = Rows(["name", "n"], [("a", 3), ("b", 2), ("c", 2)])
    assert compared(wanted.columns, [("a", 3), ("c", 2), ("b", 2)], ["n"], wanted).equal


def test_renamed_columns_are_matched_by_their_place() -> None:
    found = compared(["kind", "money"], WANTED.rows)
    assert (found.equal, found.by) == (True, "place")


def test_columns_in_another_order_are_matched_by_their_names() -> None:
    found = compared(["Revenue", "CATEGORY"], [(value, name) for name, value in WANTED.rows])
    assert (found.equal, found.by) == (True, "name")


def test_renamed_columns_in_another_order_are_wrong() -> None:
    assert not compared(["money", "kind"], [(value, name) for name, value in WANTED.rows]).equal


def test_an_extra_column_is_wrong_but_what_is_there_is_found() -> None:
    found = compared(["category", "revenue", "n"], [(*row, 1) for row in WANTED.rows])
    assert (found.equal, found.same_shape, found.found) == (False, False, 2)


def test_a_missing_column_is_wrong() -> None:
    found = compared(["category"], [(name,) for name, _ in WANTED.rows])
    assert (found.equal, found.found) == (False, 1)


@pytest.mark.parametrize("factor", [1 + 1e-9, 1 - 3e-8])
def test_noise_in_floats_is_nothing(factor: float) -> None:
    assert compared(WANTED.columns, [(name, value and value * factor) for name, value in WANTED.rows]).equal


def test_what_is_left_of_a_difference_of_equals_is_zero() -> None:
    wanted = Rows(["x"], [(0.0,)])
    assert compared(["x"], [(5.6e-17,)], (), wanted).equal


def test_a_value_that_differs_is_wrong() -> None:
    assert not compared(WANTED.columns, [(name, value and value * 1.001) for name, value in WANTED.rows]).equal


def test_null_is_neither_zero_nor_a_text() -> None:
    for instead in (0, "", "null"):
        assert not compared(WANTED.columns, [*WANTED.rows[:2], ("Toys", instead)]).equal


def test_duplicates_count() -> None:
    wanted = Rows(["x"], [(1,), (1,), (2,)])
    assert not compared(["x"], [(1,), (2,), (2,)], (), wanted).equal
    assert not compared(["x"], [(1,), (2,)], (), wanted).equal
    assert compared(["x"], [(2,), (1,), (1,)], (), wanted).equal


def test_no_rows_are_not_some_rows() -> None:
    found = compared(WANTED.columns, [])
    assert (found.equal, found.found) == (False, 0)


def test_numbers_count_by_value_whatever_their_type() -> None:
    wanted = Rows(["n", "d"], [(3, Decimal("12.50"))])
    assert compared(["n", "d"], [(3.0, 12.5)], (), wanted).equal


def test_true_is_not_one() -> None:
    assert not compared(["x"], [(1,)], (), Rows(["x"], [(True,)])).equal


def test_large_keys_keep_their_digits() -> None:
    wanted = Rows(["id"], [(2**60,)])
    assert compared(["id"], [(2**60,)], (), wanted).equal
    assert not compared(["id"], [(2**60 + 1,)], (), wanted).equal


@pytest.mark.parametrize(
    "written", ["2025-11-01", "2025-11-01T00:00:00", "2025-11-01 00:00:00.000000", dt.date(2025, 11, 1)]
)
def test_a_date_is_its_midnight_however_it_is_written(written: Any) -> None:
    wanted = Rows(["month"], [(dt.datetime(2025, 11, 1),)])  # noqa: DTZ001  # it has none
    assert compared(["month"], [(written,)], (), wanted).equal


def test_rows_whose_numbers_differ_by_noise_alone_are_paired() -> None:
    wanted = Rows(["a", "b"], [(1.0, 5.0), (1.0 + 1e-9, 3.0)])
    assert compared(["a", "b"], [(1.0 + 1e-9, 5.0), (1.0, 3.0)], (), wanted).equal


def test_two_columns_of_one_name_are_matched_by_place() -> None:
    wanted = Rows(["x", "x"], [(1, 2)])
    assert compared(["x", "x"], [(1, 2)], (), wanted).equal
    assert not compared(["x", "x"], [(2, 1)], (), wanted).equal


CELLS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-9, 9, width=16) | st.sampled_from("abc")


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.randoms(use_true_random=False))
def test_any_result_is_itself_in_any_order(rows: list[tuple[Any, Any]], random: Any) -> None:
    mixed = random.sample(rows, len(rows))
    assert compared(["a", "b"], mixed, (), Rows(["a", "b"], rows)).equal


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_a_result_without_one_of_its_rows_is_not_itself(rows: list[tuple[Any, Any]]) -> None:
    assert not compared(["a", "b"], rows[1:], (), Rows(["a", "b"], rows)).equal
