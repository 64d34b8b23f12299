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
_MOST_RULES = 48


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

    @cached_property
    def edits(self) -> tuple[tuple[int, int, int], ...]:
        """The leaves [lo, hi) and the units of each edit."""
        return tuple((hit.lo, hit.hi, _bits(hit.claims)) for hit in self.tried.hits)


def price(tried: Tried) -> float:
    """Return the cost of a rule with what its blanks or its narrowness lose."""
    return tried.draft.cost + _INEXACT_PRICE * tried.inexact + _MEMO_PRICE * is_memo(tried)


def is_memo(tried: Tried) -> bool:
    """Say whether a rule only remembers one site: no metavariable, one match."""
    return tried.draft.holes == 0 and len(tried.hits) < 2


def covers(tried: Sequence[Tried], example: Example) -> list[tuple[Tried, ...]]:
    """Return different sets of rules that settle all units, found by greedy search from different first rules."""
    sound = [one for one in tried if one.sound]
    found: dict[frozenset[str], tuple[Tried, ...]] = {}
    # First with the blanks right everywhere; where that leads nowhere, with the tokens right.
    for pool, units in (([one for one in sound if not one.inexact], example.units), (sound, example.tokens)):
        everything = _bits(units)
        choices = _choices(pool)
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
    while left := units & ~_claimed(chosen):
        following = next((choice for choice in _by_worth(choices, left) if _fits(choice, chosen)), None)
        if following is None or len(chosen) >= _MOST_RULES:
            return None
        chosen.append(following)
    return tuple(choice.tried for choice in _needed(chosen, units))


def _claimed(chosen: Sequence[Choice]) -> int:
    claimed = 0
    for choice in chosen:
        claimed |= choice.claims
    return claimed


def _fits(choice: Choice, chosen: Sequence[Choice]) -> bool:
    """Say whether a rule is in no other's way: edits may lie within each other, where the outer one wins."""
    return all(
        _apart(edit, other)
        for rival in chosen
        if choice.leaves & rival.leaves or choice.claims & rival.claims
        for edit in choice.edits
        for other in rival.edits
    )


def _apart(edit: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    lo, hi, claims = edit
    other_lo, other_hi, other_claims = other
    if hi <= other_lo or other_hi <= lo:
        return not claims & other_claims
    return (lo <= other_lo and other_hi <= hi) or (other_lo <= lo and hi <= other_hi)


def _needed(chosen: list[Choice], units: int) -> list[Choice]:
    """Leave out rules whose units the others settle, the dearest first."""
    for choice in sorted(chosen, key=lambda choice: -choice.price):
        others = [other for other in chosen if other is not choice]
        if not units & ~_claimed(others):
            chosen = others
    return chosen


def _bits(numbers: frozenset[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
