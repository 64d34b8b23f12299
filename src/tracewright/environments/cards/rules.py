"""The rules of High Card Duel: 52 cards and no joker, one hidden card each, the higher rank wins, ace high."""

from __future__ import annotations

import random
from collections.abc import Sequence

SUITS = ("S", "H", "D", "C")
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")
DECK = tuple(rank + suit for suit in SUITS for rank in RANKS)
"""Suit-major: spades, hearts, diamonds, clubs, each from ace to king. A card is written rank, suit: `10S`."""

ACE = 14


def rank(card: str) -> int:
    """Return the strength of a card, 2 to 14 (ace); raises ValueError for anything that is not in the deck."""
    if card not in DECK:
        raise ValueError(f"wanted a card such as 10S or AH, found {card[:20]!r}")
    return RANKS.index(card[:-1]) + 1 if card[:-1] != "A" else ACE


def shuffled(seed: int) -> list[str]:
    """Return the deck in the order of a seed: `random.Random(seed).shuffle`, the same on every machine."""
    deck = list(DECK)
    random.Random(seed).shuffle(deck)  # noqa: S311 - a game that must be dealt again, not a secret
    return deck


def deal(seed: int) -> tuple[str, str]:
    """Return the cards of player 0 and player 1: the first two of the shuffled deck."""
    first, second, *_ = shuffled(seed)
    return first, second


def returns(own: str, other: str) -> tuple[int, int]:
    """Return what player 0 and player 1 win: 1 and -1, -1 and 1, or nothing on equal ranks."""
    difference = rank(own) - rank(other)
    sign = (difference > 0) - (difference < 0)
    return sign, -sign


def unseen(known: Sequence[str]) -> tuple[str, ...]:
    """Return the cards that a player does not know, in deck order; raises ValueError if a card is known twice."""
    if len({*known}) != len(known) or not {*known} <= {*DECK}:
        raise ValueError(f"wanted different cards of one deck, found {', '.join(known)[:80]}")
    return tuple(card for card in DECK if card not in known)
