"""Draws lie where they should and come out alike: their first values are recorded."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.tables.draws import below, between, exponential, shuffled, stream, weighted


def test_the_first_draws_of_a_stream_are_the_ones_recorded() -> None:
    rng = stream(42, 1)
    assert [below(rng, 1000) for _ in range(5)] == [489, 717, 343, 438, 666]


def test_two_tables_share_no_draws() -> None:
    assert [below(stream(42, 1), 10**9)] != [below(stream(42, 2), 10**9)]


@given(seed=st.integers(0, 1000), low=st.integers(-50, 50), width=st.integers(0, 50))
def test_a_draw_lies_between_its_bounds(seed: int, low: int, width: int) -> None:
    assert low <= between(stream(seed, 1), low, low + width) <= low + width


def test_both_bounds_are_drawn() -> None:
    rng = stream(7, 1)
    assert {between(rng, 1, 3) for _ in range(100)} == {1, 2, 3}


def test_the_exponential_has_mean_and_variance_one() -> None:
    rng = stream(7, 2)
    drawn = [exponential(rng) for _ in range(20_000)]
    assert mean(drawn) == pytest.approx(1, abs=0.03)
    assert mean(x * x for x in drawn) == pytest.approx(2, abs=0.15)
    assert mean(x > 3 for x in drawn) == pytest.approx(0.0498, abs=0.006)


def test_what_weighs_nothing_is_never_drawn() -> None:
    rng = stream(7, 3)
    assert {weighted(rng, (("a", 1), ("b", 0), ("c", 2))) for _ in range(200)} == {"a", "c"}


def test_no_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        weighted(stream(7, 4), ())


@given(values=st.lists(st.integers()), seed=st.integers(0, 1000))
def test_shuffling_keeps_every_value(values: list[int], seed: int) -> None:
    assert sorted(shuffled(stream(seed, 1), values)) == sorted(values)
