"""Works an answer out again over altered tables and holds it against gold there, where constants do not follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from tracewright.environments.analytics.environment import AnalyticsEnvironment, Options
from tracewright.records.action import Action
from tracewright.records.job import Job, Outcome, Sha256
from tracewright.records.task import Deferred, TaskView
from tracewright.records.trace import Grade, Step

MOST_TELLING = 2
"""Twins that an answer may be held against before it is wrong: in one of them a tie may fall otherwise."""

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
    """One answer before the twins: the steps that made it, and what becomes of what is found."""

    task: TaskView
    made: Sequence[tuple[Step, Action]]
    compared: Compared
    finish: Callable[[Word], Grade]

    def ask(self, twins: Sequence[Sha256], number: int = 0, wrong: Sequence[Facts] = ()) -> Made:
        """Ask one twin after the other.

        An answer passes where it agrees with gold over one of the first two that tell something: over which gold finds
        something, and something else than before. Where none does, it passes as `indistinct`.
        """
        if number == len(twins) or len(wrong) == MOST_TELLING:
            return self.finish(Word(False, "differs", wrong[0]) if wrong else Word(True, "indistinct"))

        def compared(outcome: Outcome) -> Made:
            if outcome.status != "ok" or outcome.result.get("telling") is not True:
                return self.ask(twins, number + 1, wrong)
            if outcome.result.get("equal") is True:
                return self.finish(Word(True, f"twin {number + 1}"))
            return self.ask(twins, number + 1, (*wrong, outcome.result))

        def played(answer: Step | None) -> Made:
            return Deferred(self.compared(twins[number], answer), compared)

        return self._play(twins[number], (), played)

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
