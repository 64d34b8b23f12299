"""A seat at a game of OpenSpiel; what a move leads to is worked out in the jail, where alone the chances are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from tracewright.environments.games import episode, making
from tracewright.environments.games.episode import Episode, Sight
from tracewright.environments.games.opponents import Opponent
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest, TaskView
from tracewright.records.tools import read_arguments, refuse, schema_of, unknown_action
from tracewright.records.trace import Check, Step, Verdict

JUDGE = "games/1"
RULES = {
    "kuhn_poker": (
        "Kuhn poker: three cards, 0 (jack), 1 (queen), 2 (king); each player antes 1 chip and gets one. Player 0 "
        "moves first; each passes or bets 1 chip. After a bet the other folds by passing or calls by betting. After "
        "two passes, or a call, the higher card wins the pot. You see your card, then the moves so far: p pass, b bet."
    )
}


class Play(Record):
    """Take one of the legal actions, by its number."""

    action: int = Field(strict=True)


@dataclass(frozen=True)
class Games:
    """Any two-player game of OpenSpiel in which the players move in turn."""

    game: str
    opponent: Opponent
    name: str = "games"
    version: str = "1"
    source: str = ""

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[Deferred[Task | Dropped]]:
        """Yield episodes from the seed alone; `records` are not read."""
        return making.tasks(self.game, self.opponent, request)

    def actions(self) -> Sequence[ActionSchema]:
        return (schema_of("play", Play),)

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        """Show what the seat knows and may do; the opponent's cards and the seed are not known here."""
        played, seen = Episode.of(task.data), episode.sights(task, steps)[-1]
        menu = "; ".join(f"{move.action}: {move.text}" for move in seen.legal)
        rules = RULES.get(played.game, "")
        parts = [rules, f"You see:\n{seen.observation}", f"Actions: {menu}" if menu else "The game is over."]
        feedback = steps[-1].verdict.reason if steps else ""
        return Observation(
            text="\n".join(part for part in parts if part), feedback=feedback, legal_actions=_legal(seen)
        )

    def candidates(self, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the legal actions in the order of their numbers."""
        yield from _legal(episode.sights(task, steps)[-1])

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Job | Outcome:
        """Replay the episode with one more move; what is not legal is refused before anything runs."""
        if action.name != "play":
            return unknown_action(action, ["play"])
        played = read_arguments(Play, action)
        if isinstance(played, Outcome):
            return played
        seen = episode.sights(task, steps)[-1]
        if seen.over:
            return refuse("game_over", "The game is over.")
        if action not in _legal(seen):
            numbers = ", ".join(str(move.action) for move in seen.legal)
            return refuse("illegal_action", f"Action {played.action} is not legal here; legal are: {numbers}.")
        table = Episode.of(task.data)
        asked = episode.job(
            table.game, table.seat, table.opponent, op="play", actions=[*episode.moves(steps), played.action]
        )
        # A jail that knows the chances of one episode is of no use to another.
        return asked.model_copy(update={"isolation": "oneshot", "inputs": task.inputs, "limits": task.limits})

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        """Accept a legal move; the episode is done when the game is over."""
        moved = outcome.status == "ok"
        over = moved and Sight.model_validate(outcome.result).over
        reason = "The game is over." if over else "Your move is made." if moved else outcome.message
        check = Check(name="legal", passed=moved, detail=outcome.code)
        return Verdict(accepted=moved, done=over, checks=(check,), reason=reason, judge=JUDGE)


def _legal(seen: Sight) -> tuple[Action, ...]:
    return tuple(Action(name="play", arguments={"action": move.action}) for move in seen.legal)
