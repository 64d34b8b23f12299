"""Who sits across: someone who plays at random, or an equilibrium that is known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from tracewright.errors import UsageError

Opponent = Literal["uniform", "equilibrium"]
Policy = Mapping[str, Mapping[str, str]]
"""Information state (as OpenSpiel writes it) to action to probability, as a fraction in text."""

JACK_BET = Fraction(1, 6)
"""Where in the family of equilibria our opponent stands; inside of it, so that every mixed reply is indifferent."""


def kuhn_equilibrium(jack_bet: Fraction = JACK_BET) -> Policy:
    """Return the equilibrium of Kuhn poker in which player 0 bets a jack with probability `jack_bet`, 0 to 1/3.

    Kuhn, "A Simplified Two-Person Poker" (1950). Cards are 0, 1, 2 (jack, queen, king), actions 0 pass and 1 bet;
    an information state is the card and the moves so far. Worth -1/18 to player 0 for every `jack_bet`.
    """
    third = Fraction(1, 3)
    never, always = Fraction(0), Fraction(1)
    first = {"0": jack_bet, "1": never, "2": 3 * jack_bet, "0pb": never, "1pb": jack_bet + third, "2pb": always}
    second = {"0p": third, "0b": never, "1p": never, "1b": third, "2p": always, "2b": always}
    return {where: {"0": str(1 - bet), "1": str(bet)} for where, bet in (first | second).items()}


def policy_of(opponent: Opponent, game: str) -> Policy:
    """Return how the opponent plays; empty stands for uniform. Raises UsageError where no equilibrium is known."""
    if opponent == "uniform":
        return {}
    if game != "kuhn_poker":
        raise UsageError(f"an equilibrium is known for kuhn_poker, not for {game}; choose opponent = 'uniform'")
    return kuhn_equilibrium()


def described(opponent: Opponent) -> str:
    """Return how the opponent plays, in words that leave nothing open."""
    if opponent == "uniform":
        return "takes each legal action with the same probability"
    return f"plays the Nash equilibrium in which a jack is bet first with probability {JACK_BET}"
