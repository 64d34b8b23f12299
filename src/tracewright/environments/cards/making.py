"""Makes tasks from seeds: a deal, a question, its stakes and its wording. The same seed gives the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracewright.environments.cards.decisions import best
from tracewright.environments.cards.rules import rank, shuffled
from tracewright.environments.cards.seat import Kind, Seat, Stakes
from tracewright.environments.cards.wordings import WORDINGS, instruction
from tracewright.records.base import digest
from tracewright.records.task import Goal, Origin, Task, TaskRequest, split_of

TOLERANCES = ("0.005", "0.01", "0.02")
FORMS: dict[Kind, tuple[str, ...]] = {
    "bet_or_fold": ("even", "ante", "odds"),
    "win_probability": ("win", "lose"),
    "winner": ("likely",),
    "reveal": ("win", "lose"),
}
MAX_STEPS = 3
PATIENCE = 20_000
"""After so many draws in a row without a new task of the wanted split there is none to be expected."""


@dataclass(frozen=True)
class Draw:
    """One task as drawn: `opponent` is the hidden card, which only the goal is told."""

    seat: Seat
    opponent: str
    form: str
    wording: str

    def groups(self) -> dict[str, str]:
        """Return the groups that stand on one side of the split.

        The origin is the deal by ranks, as far as it is seen, so that a held-out deal is not trained on in other suits.
        """
        kind, ranks = self.seat.kind, [sorted(map(rank, cards)) for cards in (self.seat.hand, self.seat.open)]
        hand, lying = ("-".join(map(str, part)) for part in ranks)
        deal = f"{hand}|{lying}"
        return {"origin": deal, "template": f"{kind}/{self.form}", "wording": f"{kind}/{self.wording}"}


def tasks(kinds: Sequence[Kind], max_open: int, request: TaskRequest) -> Iterator[Task]:
    """Yield distinct tasks in the order of the seed; ends only if the options allow no more of the wanted split."""
    made: set[str] = set()
    idle = 0
    for draw in _draws(kinds, max_open, request.seed):
        idle += 1
        if idle > PATIENCE or len(made) == request.limit:
            return
        groups = draw.groups()
        if request.split not in (None, split_of(groups)):
            continue
        # What the player is shown decides, so that no two tasks differ in the hidden card alone.
        shown = digest([draw.seat.model_dump(mode="json"), draw.wording])
        if shown not in made:
            made.add(shown)
            idle = 0
            yield _task(draw, groups)


def _draws(kinds: Sequence[Kind], max_open: int, seed: int) -> Iterator[Draw]:
    rng = random.Random(f"cards/{seed}")  # noqa: S311 - a game that must be dealt again, not a secret
    while True:
        kind = rng.choice(kinds)
        form, wording = rng.choice(FORMS[kind]), rng.choice(sorted(WORDINGS[kind]))
        own, opponent, *rest = shuffled(rng.randrange(2**32))
        lying = rng.randint(0, max_open)
        extra = rng.randint(1, 3) if kind == "reveal" else 0
        yield Draw(
            seat=Seat(
                kind=kind,
                hand=(own, *rest[lying : lying + extra]),
                open=tuple(rest[:lying]),
                stakes=_stakes(form, rng),
                aim="lose" if form == "lose" else "win",
                tolerance=rng.choice(TOLERANCES) if kind == "win_probability" else "0",
            ),
            opponent=opponent,
            form=form,
            wording=wording,
        )


def _stakes(form: str, rng: random.Random) -> Stakes:
    bet = rng.randint(1, 5)
    match form:
        case "even":
            return Stakes(bet=bet, pays=bet)
        case "ante":
            return Stakes(ante=rng.randint(1, 3), bet=bet, pays=bet)
        case "odds":
            return Stakes(ante=rng.randint(0, 2), bet=bet, pays=rng.randint(1, 9))
        case _:
            return Stakes(bet=1, pays=1)


def _task(draw: Draw, groups: dict[str, str]) -> Task:
    seat = draw.seat
    return Task.of(
        environment="cards",
        instruction=instruction(seat, draw.wording),
        data=seat.model_dump(mode="json", exclude_defaults=True),
        goal=Goal(actions=best(seat)[:1], answer={"opponent": draw.opponent}),
        max_steps=MAX_STEPS,
        tags={"kind": seat.kind, "form": draw.form, "difficulty": "counted" if seat.open else "basic"},
        groups=groups,
        origin=Origin(
            source="cards",
            record=groups["origin"],
            licence="Apache-2.0",
            licence_evidence="made by Tracewright from its own rules",
        ),
    )
