"""What one player sees from their seat and is asked to decide; the opponent's card is not part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from tracewright.environments.cards.rules import unseen
from tracewright.records.base import Record

Kind = Literal["bet_or_fold", "win_probability", "winner", "reveal"]
KINDS: tuple[Kind, ...] = ("bet_or_fold", "win_probability", "winner", "reveal")


class Stakes(Record):
    """Chips: folding returns -ante; a bet returns ante + pays when won, -(ante + bet) when lost, 0 on a tie."""

    ante: int = Field(default=0, ge=0)
    bet: int = Field(ge=1)
    pays: int = Field(ge=1)


class Seat(Record):
    """The player's own cards, the cards lying open out of play, and the question; kept in a task's `data`."""

    kind: Kind
    hand: tuple[str, ...] = Field(min_length=1)
    open: tuple[str, ...] = ()
    stakes: Stakes = Stakes(bet=1, pays=1)
    aim: Literal["win", "lose"] = "win"
    tolerance: str = "0"

    @classmethod
    def of(cls, data: Mapping[str, JsonValue]) -> Self:
        """Read the seat from a task's data."""
        return cls.model_validate(data)

    @property
    def known(self) -> tuple[str, ...]:
        """Return every card that cannot be the opponent's."""
        return self.hand + self.open

    @model_validator(mode="after")
    def _cards_are_conserved(self) -> Self:
        unseen(self.known)
        return self
