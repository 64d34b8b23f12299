"""The exact odds of a showdown against one card drawn from all that a player has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tracewright.environments.cards.rules import ACE, DECK, rank


@dataclass(frozen=True)
class Odds:
    """The chances of the three ends of a showdown; they sum to 1."""

    win: Fraction
    tie: Fraction
    lose: Fraction

    @property
    def expected_return(self) -> Fraction:
        """Return the mean of 1 for a win, -1 for a loss, 0 for a tie."""
        return self.win - self.lose


def odds(card: str, known: Sequence[str]) -> Odds:
    """Return the odds of `card` when `known` (itself included, all different) cannot be the opponent's.

    Closed form: 4(r-2) cards lie below rank r and 4(14-r) above it, each less those that are known; so with
    nothing known but one's own card: win 4(r-2)/51, tie 3/51, lose 4(14-r)/51, expected return 8(r-8)/51.
    """
    own, ranks = rank(card), [rank(other) for other in known]
    cards = len(DECK) - len(ranks)
    below = 4 * (own - 2) - sum(other < own for other in ranks)
    above = 4 * (ACE - own) - sum(other > own for other in ranks)
    return Odds(Fraction(below, cards), Fraction(cards - below - above, cards), Fraction(above, cards))
