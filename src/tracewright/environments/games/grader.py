"""Grades an episode by what each decision gave away against its opponent, and by what it was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pydantic import JsonValue

from tracewright.environments.games import episode
from tracewright.environments.games.episode import Episode
from tracewright.errors import SandboxError
from tracewright.records.job import Outcome
from tracewright.records.task import Deferred, Task
from tracewright.records.trace import Check, Grade, Reward, Step

GRADER = "games/1"


@dataclass(frozen=True)
class GamesGrader:
    """Asks the jail for exact regrets where the game is small enough to be solved."""

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade | Deferred[Grade]:
        """Pass an episode played to its end without regret; one that was not played to its end earns nothing.

        The reward is half 1 - the sum of all regrets, half the return, both over the game's range of returns. A game
        that is too large to be solved has no gold actions: there the return is all, and passing is winning.
        """
        seen = episode.sights(task, steps)
        if not seen[-1].over:
            return Grade(passed=False, reward=0.0, checks=(Check(name="over", passed=False),), grader=GRADER)
        if not task.goal.actions:
            return _by_return(task, seen[-1].returns)
        table = Episode.of(task.data)
        pairs = zip(seen[:-1], episode.moves(steps), strict=True)
        decisions: list[JsonValue] = [[before.information, action] for before, action in pairs]
        asked = episode.job(table.game, table.seat, table.opponent, op="values", decisions=decisions)
        return Deferred(asked, lambda outcome: _by_regret(task, seen[-1].returns, outcome))


def _by_return(task: Task, returns: Sequence[float]) -> Grade:
    table = Episode.of(task.data)
    won = returns[table.seat] > returns[1 - table.seat]
    share = _share(table, returns)
    checks = (Check(name="over", passed=True), Check(name="won", passed=won, detail=f"returns {list(returns)}"))
    rewards = {"return": Reward(value=share, weight=1.0)}
    return Grade(passed=won, reward=share, rewards=rewards, checks=checks, grader=GRADER)


def _by_regret(task: Task, returns: Sequence[float], outcome: Outcome) -> Grade:
    regrets = outcome.result.get("regrets")
    if outcome.status != "ok" or not isinstance(regrets, list):
        # The episode is sound and the valuing of it failed: that is ours, and no reason for a reward of 0.
        raise SandboxError(f"the jail could not value an episode of {task.tags['kind']}: {outcome.message}")
    table = Episode.of(task.data)
    low, high = map(Fraction, table.utility)
    lost = sum((Fraction(str(regret)) for regret in regrets), Fraction(0))
    values = {"decisions": float(max(Fraction(0), 1 - lost / (high - low))), "return": _share(table, returns)}
    optimal = Check(name="optimal", passed=lost == 0, detail=f"regrets {', '.join(map(str, regrets))}")
    won = Check(name="won", passed=returns[table.seat] > 0, detail=f"returns {list(returns)}")
    return Grade(
        passed=lost == 0,
        reward=sum(values.values()) / 2,
        rewards={name: Reward(value=value, weight=0.5) for name, value in values.items()},
        checks=(Check(name="over", passed=True), optimal, won),
        grader=GRADER,
    )


def _share(table: Episode, returns: Sequence[float]) -> float:
    low, high = table.utility
    return (returns[table.seat] - low) / (high - low)
