"""What a policy is asked to do, where it came from, and the goal that only a grader may see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import Field, JsonValue, model_validator

from tracewright.errors import RecordError
from tracewright.records.action import Action
from tracewright.records.base import JsonObject, Record, WorkspacePath, claims, digest
from tracewright.records.job import Job, Limits, Outcome, Sha256

Split = Literal["train", "dev", "test"]
UNKNOWN_LICENCE = "LicenseRef-unknown"

HELD_OUT = {"test": 0.10, "dev": 0.05}
"""The share of groups of each kind that stand on the test and on the dev side."""

T = TypeVar("T")


class Generator(Record):
    """The machine that wrote a record, and the terms under which its output may be used."""

    model: str
    licence: str = UNKNOWN_LICENCE
    terms: str = ""


class Origin(Record):
    """Where a record came from; `licence` is an SPDX expression and `licence_evidence` says what it was read from."""

    source: str
    record: str = ""
    address: str = ""
    revision: str = ""
    path: str = ""
    date: str = ""
    sha256: Sha256 = ""
    licence: str = UNKNOWN_LICENCE
    licence_evidence: str = ""
    authors: tuple[str, ...] = ()
    generator: Generator | None = None


class Edit(Record):
    """One code edit in normal form; `post` is None where the record only asks to find something."""

    instruction: str
    path: WorkspacePath
    pre: str
    post: str | None
    language: str
    tags: Mapping[str, str] = Field(default_factory=dict)
    metadata: Mapping[str, JsonValue] = Field(default_factory=dict)
    origin: Origin


class CodeFile(Record):
    """One file of real code, to make tasks from."""

    path: WorkspacePath
    text: str
    language: str
    origin: Origin


class Goal(Record):
    """What success is: expected files (None: deleted), hidden tests, gold actions, a gold answer, facts about them."""

    files: Mapping[WorkspacePath, str | None] = Field(default_factory=dict)
    tests: Mapping[WorkspacePath, str] = Field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    answer: JsonValue = None
    digests: JsonObject = Field(default_factory=dict)


class TaskView(Record):
    """A task without its goal: all that an unprivileged policy, a renderer, a prompt or an export may see."""

    id: str
    environment: str
    instruction: str
    files: Mapping[WorkspacePath, str] = Field(default_factory=dict)
    inputs: Mapping[str, Sha256] = Field(default_factory=dict)
    data: JsonObject = Field(default_factory=dict)
    focus: str = ""
    max_steps: int = Field(default=8, ge=1, le=1000)
    limits: Limits = Limits()
    tags: Mapping[str, str] = Field(default_factory=dict)
    groups: Mapping[str, str] = Field(default_factory=dict)
    split: Split = "train"
    origin: Origin


TASK_CLAIMS = {"environment", "instruction", "files", "inputs", "data", "goal", "max_steps", "limits"}


class Task(TaskView):
    """A task with its goal; `id` is the content id of what it claims and is checked whenever a task is read."""

    goal: Goal = Goal()

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """Make a task; its id follows from its content and its split from its groups."""
        split = fields.pop("split", None) or split_of(fields.get("groups", {}))
        draft = cls.model_construct(**{**cls._defaults(), **fields})
        return cls(id=digest(claims(draft, TASK_CLAIMS)), split=split, **fields)

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return {"goal": Goal()}

    @model_validator(mode="after")
    def _id_holds(self) -> Self:
        expected = digest(claims(self, TASK_CLAIMS))
        if self.id != expected:
            raise ValueError(f"task id {self.id[:12]} does not fit its content, which hashes to {expected[:12]}")
        return self

    def view(self) -> TaskView:
        """Return the task without its goal."""
        return TaskView.model_construct(**{name: getattr(self, name) for name in TaskView.model_fields})


def split_of(groups: Mapping[str, str]) -> Split:
    """Return the side on which a task stands: test if any of its groups does, else dev if any does, else train.

    A group's side is a hash of its kind and name, so it is the same on every machine, whatever else is in the set.
    """
    sides = {side_of(kind, name) for kind, name in groups.items()}
    if "test" in sides:
        return "test"
    return "dev" if "dev" in sides else "train"


def side_of(kind: str, name: str) -> Split:
    """Return the side of one group, e.g. `side_of("template", "py-f-string")`."""
    point = int.from_bytes(hashlib.sha256(f"{kind}\0{name}".encode()).digest()[:8], "big") / 2**64
    if point < HELD_OUT["test"]:
        return "test"
    return "dev" if point < HELD_OUT["test"] + HELD_OUT["dev"] else "train"


class TaskRequest(Record):
    """Which tasks are wanted: at most `limit` of `split` (None: every split), drawn with `seed`."""

    split: Split | None = None
    limit: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**53)


@dataclass(frozen=True)
class Dropped:
    """Something that could not be used: a stable reason that is counted, and where it was, for people."""

    reason: str
    where: str = ""


@dataclass(frozen=True)
class Deferred(Generic[T]):
    """A value that needs facts from a jailed job first: run `job`, hand its outcome to `finish`.

    This is how environments and graders stay pure although hostile text is only ever parsed in a jail.
    """

    job: Job
    finish: Callable[[Outcome], T | Deferred[T]]


def read_task(line: str, where: str) -> Task:
    """Read one line of Task JSONL; raises RecordError that names the place."""
    try:
        return Task.from_json(line)
    except ValueError as error:
        raise RecordError(f"{where} is not a task: {error}") from error
