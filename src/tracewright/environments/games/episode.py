"""An episode as the seat sees it: what its task and the outcomes of its steps say, and nothing that is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import JsonValue

from tracewright.environments.games.opponents import Opponent, policy_of
from tracewright.records.base import JsonObject, Record
from tracewright.records.job import Job
from tracewright.records.task import TaskView
from tracewright.records.trace import Step


class Move(Record):
    """A legal action: its number, and what it means in the game's own words."""

    action: int
    text: str


class Sight(Record):
    """What the seat sees; `information` is all that it knows, `returns` are given when the game is over."""

    observation: str
    information: str
    legal: tuple[Move, ...]
    over: bool
    returns: tuple[float, ...] = ()


class Episode(Record):
    """What a task's `data` says of the game; `utility` holds the least and the most that a seat can be paid."""

    game: str
    seat: int
    opponent: Opponent
    utility: tuple[float, float]
    opening: Sight

    @classmethod
    def of(cls, data: Mapping[str, JsonValue]) -> Self:
        """Read the episode from a task's data."""
        return cls.model_validate(data)


def taken(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that moved the game on."""
    return [step for step in steps if step.verdict.accepted and step.action is not None]


def sights(task: TaskView, steps: Sequence[Step]) -> list[Sight]:
    """Return what the seat saw: the opening, then what followed each of its moves."""
    moved = [Sight.model_validate(step.outcome.result) for step in taken(steps)]
    return [Episode.of(task.data).opening, *moved]


def moves(steps: Sequence[Step]) -> list[JsonValue]:
    """Return the numbers of the actions taken so far."""
    return [step.action.arguments["action"] for step in taken(steps) if step.action is not None]


def job(game: str, seat: int, opponent: Opponent, **request: JsonValue) -> Job:
    """Return a job of the kind `game` for one seat."""
    policy: JsonObject = {where: dict(shares) for where, shares in policy_of(opponent, game).items()}
    return Job(kind="game", request={"game": game, "seat": seat, "opponent": policy, **request})
