"""Shares by weight."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.datasets.mixture import apportion, quotas
from tracewright.errors import DatasetError

NAMES = st.sampled_from("abcd")


def test_equal_remainders_go_to_the_name_that_sorts_first() -> None:
    halves = {"b": Fraction(1, 2), "a": Fraction(1, 2)}
    assert apportion(halves, 3) == {"a": 2, "b": 1}


@given(weights=st.dictionaries(NAMES, st.floats(0.01, 100), min_size=1), total=st.integers(0, 500))
def test_shares_sum_to_the_total_and_lie_within_one_of_the_exact_share(weights: dict[str, float], total: int) -> None:
    whole = sum(map(Fraction, weights.values()))
    shares = {name: Fraction(weight) / whole for name, weight in weights.items()}
    counts = apportion(shares, total)
    assert sum(counts.values()) == total
    assert all(abs(counts[name] - share * total) < 1 for name, share in shares.items())


@given(
    weights=st.dictionaries(NAMES, st.floats(0.1, 10), min_size=1),
    amount=st.integers(1, 60),
    limit=st.none() | st.integers(1, 50),
)
def test_quotas_stay_within_supply_and_limit_and_are_the_largest_that_do(
    weights: dict[str, float], amount: int, limit: int | None
) -> None:
    supply = {name: amount + place for place, name in enumerate(weights)}
    found = quotas(weights, supply, limit)
    assert all(count <= supply[name] for name, count in found.items())
    total = sum(found.values())
    whole = sum(map(Fraction, weights.values()))
    shares = {name: Fraction(weight) / whole for name, weight in weights.items()}
    bound = sum(supply.values()) if limit is None else limit
    larger = (apportion(shares, more) for more in range(total + 1, bound + 1))
    assert total <= bound
    assert not any(all(count <= supply[name] for name, count in more.items()) for more in larger)


def test_an_environment_with_nothing_to_give_is_named() -> None:
    with pytest.raises(DatasetError, match="wants traces of cards"):
        quotas({"astgrep": 1.0, "cards": 1.0}, {"astgrep": 5}, None)
