"""Says whether a rate that was found can be the one that was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any


def meant(found: int, tries: int, percent: float) -> bool:
    """Say whether `found` of `tries` lies within three standard errors of `percent`."""
    wanted = percent / 100
    return abs(found / tries - wanted) <= 3 * sqrt(wanted * (1 - wanted) / tries)


def off(values: Iterable[Any], percents: Mapping[Any, float]) -> dict[Any, float]:
    """Return the values whose share is not the one meant; a value that nobody meant is off, too."""
    counts = Counter(values)
    total = counts.total()
    shares = {value: round(100 * count / total, 2) for value, count in counts.items()}
    return {
        value: share
        for value, share in shares.items()
        if value not in percents or not meant(counts[value], total, percents[value])
    }
