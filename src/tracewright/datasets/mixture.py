"""Shares a dataset out among environments by weight: largest remainders (Hamilton's method), exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from tracewright.errors import DatasetError


def quotas(weights: Mapping[str, float], supply: Mapping[str, int], limit: int | None) -> dict[str, int]:
    """Return how many traces each environment gives: as many in all as its weight, the supply and the limit allow.

    Raises DatasetError when a weighted environment has nothing to give.
    """
    shares = _shares(weights)
    if missing := [name for name in sorted(shares) if not supply.get(name)]:
        raise DatasetError(
            f"the mixture wants traces of {', '.join(missing)}, but none of these passes; "
            "collect some, or leave it out of the mixture"
        )
    total = min(int((supply[name] + 1) / share) for name, share in shares.items())
    total = min(total, sum(supply[name] for name in shares), total if limit is None else limit)
    found = apportion(shares, total)
    # Remainders may round a share up beyond its supply, so the bound can be too high by a few.
    while any(count > supply[name] for name, count in found.items()):
        total -= 1
        found = apportion(shares, total)
    return found


def apportion(shares: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Return whole numbers that sum to `total`, in proportion; equal remainders go to the name that sorts first."""
    exact = {name: share * total for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    rest = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts


def _shares(weights: Mapping[str, float]) -> dict[str, Fraction]:
    whole = sum(map(Fraction, weights.values()))
    return {name: Fraction(weight) / whole for name, weight in weights.items()}
