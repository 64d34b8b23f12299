"""The card table: shows a seat, takes one decision. It never holds the opponent's card, so it cannot show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracewright.environments.cards import making
from tracewright.environments.cards.decisions import candidates, legal, refusal, schemas
from tracewright.environments.cards.seat import Kind, Seat
from tracewright.environments.cards.wordings import table
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record
from tracewright.records.job import Outcome
from tracewright.records.task import Task, TaskRequest, TaskView
from tracewright.records.tools import refuse
from tracewright.records.trace import Check, Step, Verdict

JUDGE = "cards/1"


@dataclass(frozen=True)
class Cards:
    """High Card Duel as questions of one decision each."""

    kinds: tuple[Kind, ...]
    max_open: int
    name: str = "cards"
    version: str = "1"
    source: str = ""

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[Task]:
        """Yield distinct tasks from the seed alone, without end where no limit is set; `records` are not read."""
        return making.tasks(self.kinds, self.max_open, request)

    def actions(self) -> Sequence[ActionSchema]:
        return schemas()

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        """Show the seat; the feedback is the reason of the last verdict, which knows no hidden card."""
        seat = Seat.of(task.data)
        feedback = steps[-1].verdict.reason if steps else ""
        return Observation(text=table(seat), feedback=feedback, legal_actions=legal(seat))

    def candidates(self, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the legal actions in the order of the rules (hundredths where a probability is asked)."""
        return candidates(Seat.of(task.data))

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Outcome:
        """Take the decision at once: no job is needed, and what the showdown brings is told by the grade alone."""
        if any(step.verdict.accepted for step in steps):
            return refuse("hand_over", "The decision is made; the hand is over.")
        if refused := refusal(Seat.of(task.data), action):
            return refused
        return Outcome(status="ok", result={"decision": {"name": action.name, "arguments": action.arguments}})

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        """Accept a legal decision, right or wrong, and end the hand on it."""
        taken = outcome.status == "ok"
        return Verdict(
            accepted=taken,
            done=taken,
            checks=(Check(name="legal", passed=taken, detail=outcome.code),),
            reason="Your decision is taken; the hand is over." if taken else outcome.message,
            judge=JUDGE,
        )
