"""Chooses sets of sound rules that together settle every unit, cheap ones first, no two of them in each other's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tracewright.jobs._synthesis.example import Example
from tracewright.jobs._synthesis.verify import Tried

MOST_SEEDS = 24
MOST_ALIKE = 3
_INEXACT_PRICE = 12.0
_MEMO_PRICE = 8.0
_MOST_RULES = 24


@dataclass(frozen=True, eq=False)
class Choice:
    """A sound rule as sets of bits: the units that it settles, the leaves that it replaces."""

    tried: Tried
    claims: int
    leaves: int

    @cached_property
    def price(self) -> float:
        """What it costs to have the rule in an answer."""
        return price(self.tried)


def price(tried: Tried) -> float:
    """Return the cost of a rule with what its blanks or its narrowness lose."""
    return tried.draft.cost + _INEXACT_PRICE * tried.inexact + _MEMO_PRICE * is_memo(tried)


def is_memo(tried: Tried) -> bool:
    """Say whether a rule only remembers one site: no metavariable, one match."""
    return tried.draft.holes == 0 and len(tried.hits) < 2


def covers(tried: Sequence[Tried], example: Example) -> list[tuple[Tried, ...]]:
    """Return different sets of rules that settle all units, found by greedy search from different first rules."""
    choices = _choices([one for one in tried if one.sound])
    everything = _bits(example.units)
    found: dict[frozenset[str], tuple[Tried, ...]] = {}
    for seed in _by_worth(choices, everything)[:MOST_SEEDS]:
        chosen = _greedy(seed, choices, everything)
        if chosen is not None:
            found.setdefault(frozenset(one.draft.key for one in chosen), chosen)
    return list(found.values())


def _choices(sound: Sequence[Tried]) -> list[Choice]:
    """Turn rules into choices; of those that do the same only the cheapest few are kept."""
    alike: dict[tuple[int, int], list[Choice]] = defaultdict(list)
    for one in sound:
        leaves = 0
        for hit in one.hits:
            leaves |= (1 << hit.hi) - (1 << hit.lo)
        choice = Choice(one, _bits(one.claims), leaves)
        alike[choice.claims, choice.leaves].append(choice)
    return [
        choice
        for same in alike.values()
        for choice in sorted(same, key=lambda choice: (choice.price, choice.tried.draft.key))[:MOST_ALIKE]
    ]


def _by_worth(choices: Sequence[Choice], units: int) -> list[Choice]:
    def worth(choice: Choice) -> tuple[float, str]:
        return choice.price / (choice.claims & units).bit_count(), choice.tried.draft.key

    return sorted((choice for choice in choices if choice.claims & units), key=worth)


def _greedy(seed: Choice, choices: Sequence[Choice], units: int) -> tuple[Tried, ...] | None:
    chosen = [seed]
    left = units & ~seed.claims
    leaves = seed.leaves
    while left:
        free = [c for c in choices if not c.claims & ~left and not c.leaves & leaves]
        ranked = _by_worth(free, left)
        if not ranked or len(chosen) >= _MOST_RULES:
            return None
        chosen.append(ranked[0])
        left &= ~ranked[0].claims
        leaves |= ranked[0].leaves
    return tuple(choice.tried for choice in chosen)


def _bits(numbers: frozenset[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
