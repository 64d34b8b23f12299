"""An episode as it happened: steps with their verdicts, one grade, and where it all came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, JsonValue

from tracewright.records.action import Action, Generation, Observation
from tracewright.records.base import SCHEMA_VERSION, JsonObject, Record, claims, digest
from tracewright.records.job import Outcome
from tracewright.records.state import Event, State, fold
from tracewright.records.task import TaskView

PolicyKind = Literal["oracle", "search", "chat", "student", "scripted", "human", "imported"]


class Check(Record):
    """One thing that a judge or grader looked at."""

    name: str
    passed: bool
    detail: str = ""


class Verdict(Record):
    """What is thought of one step, from its execution alone; `reason` is a sentence for the policy."""

    accepted: bool
    done: bool = False
    checks: tuple[Check, ...] = ()
    reason: str = ""
    judge: str


class Reward(Record):
    """One named part of a reward: a value between 0 and 1 and its weight."""

    value: float
    weight: float


class Grade(Record):
    """What is thought of the whole episode; the only thing that was read off the goal."""

    passed: bool
    reward: float
    rewards: Mapping[str, Reward] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    grader: str

    def check(self, name: str) -> bool:
        """Say whether the check of that name was made and passed."""
        return any(check.name == name and check.passed for check in self.checks)


class Step(Record):
    """One action and what came of it; several steps share a `turn` where a policy called several tools at once."""

    index: int
    turn: int
    observation: Observation
    thought: str = ""
    action: Action | None
    outcome: Outcome
    verdict: Verdict
    state_update: Mapping[str, JsonValue] = Field(default_factory=dict)
    generation: Generation | None = None
    at: str = ""
    sha256: str = ""

    def sealed(self) -> Self:
        """Return the step with the hash of all its other bytes, by which a later change is told at this step."""
        return self.model_copy(update={"sha256": self.content_hash()})

    def content_hash(self) -> str:
        """Return the hash that the step's bytes ask for."""
        return digest(self.model_dump(mode="json", exclude={"sha256"}, exclude_defaults=True))

    def event(self) -> Event:
        """Return the line of history that this step leaves in the agent's memory."""
        name = self.action.name if self.action else "unreadable"
        return Event(step=self.index, action=name, summary=self.verdict.reason, outcome=self.outcome.status)


OUTCOME_CLAIMS = {"status", "code", "result", "files", "artifacts"}


class PolicyCard(Record):
    """Who acted: `privileged` policies saw the goal, and say so here for ever."""

    name: str
    version: str
    kind: PolicyKind
    privileged: bool = False
    parameters: JsonObject = Field(default_factory=dict)


class Provenance(Record):
    """What made a trace; outside its id."""

    tracewright: str = ""
    commit: str = ""
    lock: str = ""
    python: str = ""
    platform: str = ""
    engine: str = ""
    rollout: str = ""


TRACE_CLAIMS = ("policy", "seed", "group", "attempt", "parent", "status", "grade")


class Trace(Record):
    """A whole episode. `id` covers what it claims; `sha256` covers every byte that is stored."""

    id: str
    schema_version: int = SCHEMA_VERSION
    task: TaskView
    environment: str
    policy: PolicyCard
    seed: int = 0
    group: str = ""
    attempt: int = 0
    steps: tuple[Step, ...] = ()
    status: Literal["completed", "truncated", "unresolved"]
    message: str = ""
    grade: Grade | None = None
    provenance: Provenance = Provenance()
    parent: str = ""
    session_id: str = ""
    started_at: str = ""
    finished_at: str = ""

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """Make a trace; its id follows from what it claims."""
        draft = cls(id="", **fields)
        return draft.model_copy(update={"id": draft.content_id()})

    def content_id(self) -> str:
        """Return the id that the content asks for; a trace whose `id` differs was changed."""
        claimed: dict[str, Any] = claims(self, set(TRACE_CLAIMS))
        claimed["task"] = self.task.id
        claimed["steps"] = [step_claims(step) for step in self.steps]
        return digest(claimed)

    @property
    def sha256(self) -> str:
        """Return the hash of the trace as it is stored."""
        return digest(self.plain())

    @property
    def passed(self) -> bool:
        """Say whether the episode was graded and passed."""
        return self.grade is not None and self.grade.passed

    @property
    def isolation(self) -> str:
        """Return the weakest jail that a step ran in: `none`, `process`, `namespaces`, `container` or `vm`."""
        if self.policy.kind == "imported":
            return "none"  # what others ran, nobody here saw
        levels = filter(None, map(_isolation_of, self.steps))
        return min(levels, key=ISOLATION_LEVELS.index, default="vm")


def _isolation_of(step: Step) -> str:
    """Return the level of the jail that a step ran in; empty where nothing had to run."""
    if step.outcome.observed.isolation is not None:
        return step.outcome.observed.isolation.level
    # Something must have made these, and nobody says what held it back.
    return "none" if step.outcome.files or step.outcome.artifacts else ""


ISOLATION_LEVELS = ("none", "process", "namespaces", "container", "vm")
"""Weakest first; an episode in which nothing had to run counts as the strongest."""


def step_claims(step: Step) -> Any:
    """Return what a step contributes to its trace's id: its action, verdict and the facts of its outcome."""
    claimed = claims(step, {"action", "verdict"})
    claimed["outcome"] = claims(step.outcome, OUTCOME_CLAIMS)
    return claimed


def state_before(steps: Sequence[Step], index: int) -> State:
    """Return the agent's memory before step `index`: the fold of all updates of earlier steps."""
    return fold((step.state_update, step.event()) for step in steps[:index])
