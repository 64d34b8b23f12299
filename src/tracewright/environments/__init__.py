"""The worlds that a policy acts in. An environment is pure: it never runs, reads or sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest, TaskView
from tracewright.records.trace import Grade, Step, Verdict

MadeTask = Task | Dropped


class Environment(Protocol):
    """A world; everything that it knows of an episode lies in the task's view and the steps."""

    name: str
    version: str
    source: str  # the source whose records it makes tasks from unless a recipe names another; "" needs none

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[MadeTask | Deferred[MadeTask]]:
        """Make tasks from records; those that need facts about hostile text come as `Deferred`."""
        ...

    def actions(self) -> Sequence[ActionSchema]:
        """Return the actions that a policy may take."""
        ...

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        """Return what the policy sees before its next turn."""
        ...

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Job | Outcome:
        """Turn an action into a job, or into an outcome at once where nothing need run."""
        ...

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        """Judge one step from its execution alone."""
        ...


class Enumerable(Protocol):
    """An environment that can also list actions worth trying, from what an unprivileged policy sees."""

    def candidates(self, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield actions, most promising first; the goal is not known here."""
        ...


class Grader(Protocol):
    """The only one that reads a task's goal."""

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade | Deferred[Grade]:
        """Grade an episode after its end."""
        ...


class PrivilegedSearch(Protocol):
    """A grader that can also propose actions; it saw the goal, so whoever plays them is privileged."""

    def candidates(self, task: Task) -> Sequence[Action] | Deferred[Sequence[Action]]:
        """Return actions that may reach the goal, best first."""
        ...
