"""High Card Duel with a decision to make: bet or fold, predict, or choose the card to reveal. Exact and seeded."""

from __future__ import annotations

from pydantic import Field

from tracewright.environments.cards.environment import Cards
from tracewright.environments.cards.grader import CardsGrader
from tracewright.environments.cards.seat import KINDS, Kind
from tracewright.records.base import Record
from tracewright.registry import Parts


class Options(Record):
    """`kinds` of questions to draw from, and the most cards that lie open out of play (0 is the basic game)."""

    kinds: tuple[Kind, ...] = Field(default=KINDS, min_length=1)
    max_open: int = Field(default=5, ge=0, le=5)


def build(options: Options, parts: Parts) -> Cards:
    """Return the card table."""
    return Cards(kinds=options.kinds, max_open=options.max_open)


def build_grader(options: Options, parts: Parts) -> CardsGrader:
    """Return the table's grader."""
    return CardsGrader()
