"""Random draws that come out alike on every machine: integers, comparisons and `Random.random`, nothing from libm.

Python promises the sequence of `random()` for an integer seed; it promises nothing of `choices`, `gauss` or `shuffle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Value = TypeVar("Value")


def stream(seed: int, table: int) -> Random:
    """Return the generator of one table; no table of a set shares its draws with another."""
    return Random(seed * 100 + table)  # noqa: S311  # made-up data, no secret


def below(rng: Random, count: int) -> int:
    """Draw one of 0 … count - 1."""
    return int(rng.random() * count)


def between(rng: Random, low: int, high: int) -> int:
    """Draw an integer from low to high, both included."""
    return low + below(rng, high - low + 1)


def chance(rng: Random, percent: float) -> bool:
    """Say yes in `percent` of the cases."""
    return rng.random() * 100 < percent


def weighted(rng: Random, choices: Sequence[tuple[Value, int]]) -> Value:
    """Draw a value by integer weights."""
    left = below(rng, sum(weight for _, weight in choices))
    for value, weight in choices:
        left -= weight
        if left < 0:
            return value
    raise ValueError("wanted at least one choice with a weight, found none")


def exponential(rng: Random) -> float:
    """Draw from the exponential distribution with mean 1, by comparisons alone.

    Von Neumann, "Various techniques used in connection with random digits" (1951): no logarithm, so no last digit that
    depends on the machine.
    """
    whole = 0
    while True:
        first = last = rng.random()
        falling = 1
        while (draw := rng.random()) < last:
            last = draw
            falling += 1
        if falling % 2:
            return whole + first
        whole += 1


def shuffled(rng: Random, values: Sequence[Value]) -> list[Value]:
    """Return the values in a random order (Fisher and Yates)."""
    mixed = list(values)
    for end in range(len(mixed) - 1, 0, -1):
        other = below(rng, end + 1)
        mixed[end], mixed[other] = mixed[other], mixed[end]
    return mixed
