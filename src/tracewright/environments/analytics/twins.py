"""Works an answer out again over altered tables and holds it against gold there, where constants do not follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from tracewright.environments.analytics.environment import AnalyticsEnvironment, Options
from tracewright.records.action import Action
from tracewright.records.base import canonical
from tracewright.records.job import Job, Outcome, Sha256
from tracewright.records.task import Deferred, TaskView
from tracewright.records.trace import Grade, Step

PICKING = re.compile(r'"(limit|top|arg_max|arg_min|first|last)":|\b(LIMIT|QUALIFY|ROW_NUMBER)\b', re.IGNORECASE)
"""What a gold query says that takes some rows and leaves others which may tie with them."""

Facts = Mapping[str, JsonValue]
Made = Grade | Deferred[Grade]
Compared = Callable[[Sha256, Step | None], Job]
"""Makes the job that holds an answer over a twin, if there is one, and the answer as it was, against gold there."""


@dataclass(frozen=True)
class Word:
    """What the twins say: whether an answer follows its tables, in a word, and what was found where it does not."""

    passed: bool
    detail: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Hearing:
    """One answer before the twins: the steps that made it, and what becomes of what is found.

    `chances` is over how many twins that tell something it may disagree with gold before it is wrong.
    """

    task: TaskView
    chances: int
    made: Sequence[tuple[Step, Action]]
    compared: Compared
    finish: Callable[[Word], Grade]

    def ask(self, twins: Sequence[Sha256], heard: Sequence[Facts] = ()) -> Made:
        """Ask one twin after the other until they have said enough."""
        word = said(heard, self.chances, whole=len(heard) == len(twins))
        if word is not None:
            return self.finish(word)
        twin = twins[len(heard)]

        def played(answer: Step | None) -> Made:
            def held(found: Outcome) -> Made:
                # An answer that cannot be held against gold must not hide what gold tells.
                if found.status != "ok" and answer is not None:
                    return played(None)
                return self.ask(twins, (*heard, found.result))

            return Deferred(self.compared(twin, answer), held)

        return self._play(twin, (), played)

    def _play(self, twin: Sha256, done: tuple[Step, ...], then: Callable[[Step | None], Made]) -> Made:
        """Take the steps again with the twin in place of the tables; what fails there leaves no answer."""
        if len(done) == len(self.made):
            return then(done[-1])
        step, action = self.made[len(done)]
        environment = AnalyticsEnvironment(Options(), lambda tables: twin)

        def ran(outcome: Outcome) -> Made:
            verdict = environment.judge(self.task, done, action, outcome)
            again = step.model_copy(update={"outcome": outcome, "verdict": verdict})
            return self._play(twin, (*done, again), then) if verdict.accepted else then(None)

        asked = environment.job(self.task, done, action)
        return ran(asked) if isinstance(asked, Outcome) else Deferred(asked, ran)


def chances(gold: Action) -> int:
    """Return over how many twins an answer is held against a gold query: two where rows that tie may be picked."""
    return 2 if PICKING.search(canonical(gold.arguments).decode()) else 1


def said(heard: Sequence[Facts], chances: int, whole: bool) -> Word | None:
    """Return what comes of what twins said so far, None where the next must be asked; `whole` says that there is none.

    A twin counts where gold finds something there, and something else than before: an answer passes that agrees with
    one of the first `chances`. Where gold finds nothing any more, an answer must find nothing either; where gold finds
    what it found, the twins tell nothing, and that is what is said; so it is where no twin could be made.
    """
    changed = [(number, facts) for number, facts in enumerate(heard, 1) if facts.get("changed") is True]
    clear = [(number, facts) for number, facts in changed if facts.get("something") is True][:chances]
    telling = clear or (changed[:chances] if whole else [])
    for number, facts in telling:
        if facts.get("equal") is True:
            return Word(True, f"twin {number}")
    if not (whole or len(clear) == chances):
        return None
    if not heard:
        return Word(True, "no twin")
    return Word(False, "differs", telling[0][1]) if telling else Word(True, "indistinct")
