"""Makes tasks from seeds: each is one seat of one episode, whose chances are sealed in a blob.

The key that chance and the opponent draw from is mounted into the jail alone; a task's view holds the blob's hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from tracewright.environments.games import episode
from tracewright.environments.games.opponents import Opponent, described
from tracewright.records.action import Action
from tracewright.records.base import JsonObject
from tracewright.records.job import Outcome
from tracewright.records.task import Deferred, Dropped, Goal, Origin, Task, TaskRequest, split_of

SPARE_STEPS = 3
WORDINGS = {
    "plain": "Play seat {seat} of {name} to its end. Your opponent {opponent}. Make your expected return as high as "
    "it can be.",
    "question": "You sit in seat {seat} of {name}; your opponent {opponent}. Which moves return most on average?",
    "coach": "Play {name} from seat {seat} for the best result in the long run. The other seat {opponent}.",
    "short": "{name}, seat {seat}. The opponent {opponent}. Maximise your expected return.",
}


@dataclass(frozen=True)
class Draw:
    """One episode as drawn: its key decides all that chance and the opponent do."""

    game: str
    seat: int
    opponent: Opponent
    key: str
    wording: str

    def groups(self) -> dict[str, str]:
        """Return the groups that decide the split: the episode by its key's hash, and the wording."""
        return {"origin": f"games/{_hash(self.key)[:16]}", "wording": f"games/{self.wording}"}


def tasks(game: str, opponent: Opponent, request: TaskRequest) -> Iterator[Deferred[Task | Dropped]]:
    """Yield episodes for the two seats in turn, in the order of the seed, each to be opened in the jail.

    As many as the limit asks for; without a limit it ends only when the game turns out not to be playable.
    """
    refused: list[str] = []
    yielded = 0
    for index in count():
        if refused or yielded == request.limit:
            return
        key = _hash(f"games/{game}/{opponent}/{request.seed}/{index}")
        wording = list(WORDINGS)[int(key[:8], 16) % len(WORDINGS)]
        draw = Draw(game, index % 2, opponent, key, wording)
        if request.split in (None, split_of(draw.groups())):
            yielded += 1
            yield _deferred(draw, refused)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _deferred(draw: Draw, refused: list[str]) -> Deferred[Task | Dropped]:
    def finish(outcome: Outcome) -> Task | Dropped:
        if outcome.status == "ok":
            return _task(draw, outcome)
        reason = outcome.code or outcome.status
        if reason != "no_decision":
            # It is the game that does not fit, so the next episode would not fit either.
            refused.append(reason)
        return Dropped(reason, f"{draw.game}: {outcome.message}")

    opening = episode.job(draw.game, draw.seat, draw.opponent, op="open", key=draw.key)
    return Deferred(opening, finish)


def _task(draw: Draw, outcome: Outcome) -> Task:
    facts = outcome.result
    gold = facts["gold"] if isinstance(facts["gold"], list) else []
    fields = {"name": facts["name"], "seat": draw.seat, "opponent": described(draw.opponent)}
    data: JsonObject = {"game": draw.game, "seat": draw.seat, "opponent": draw.opponent}
    data |= {"utility": facts["utility"], "opening": facts["opening"]}
    return Task.of(
        environment="games",
        instruction=WORDINGS[draw.wording].format(**fields),
        inputs={"chance": outcome.artifacts["chance"].sha256},
        data=data,
        goal=Goal(actions=tuple(Action(name="play", arguments={"action": action}) for action in gold)),
        max_steps=min(1000, int(str(facts["length"])) + SPARE_STEPS),
        tags={"kind": draw.game, "seat": str(draw.seat), "opponent": draw.opponent},
        groups=draw.groups(),
        origin=Origin(
            source="games",
            record=draw.groups()["origin"],
            licence="Apache-2.0",
            licence_evidence="made by Tracewright with OpenSpiel (Apache-2.0)",
        ),
    )
