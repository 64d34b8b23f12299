"""A job that a sandbox runs and the outcome that really came out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from tracewright.records.base import JsonObject, Record, WorkspacePath

Sha256 = str
OutcomeStatus = Literal[
    "ok", "no_match", "action_error", "nonzero", "timeout", "oom", "output_limit", "killed", "no_evidence"
]

MIB = 1 << 20


class Limits(Record):
    """What a job may use: cores, bytes, seconds, processes. The network is always off."""

    cpu_cores: int = Field(default=2, ge=1, le=64)
    memory_bytes: int = Field(default=1024 * MIB, ge=64 * MIB, le=4096 * MIB)
    wall_seconds: float = Field(default=30.0, gt=0, le=3600)
    processes: int = Field(default=128, ge=1, le=4096)
    output_bytes: int = Field(default=MIB, ge=1, le=64 * MIB)
    file_bytes: int = Field(default=64 * MIB, ge=1, le=1024 * MIB)
    network: Literal[False] = False


class Job(Record):
    """All that a jail needs to know; complete in itself."""

    kind: str
    isolation: Literal["worker", "fork", "oneshot"] = "worker"
    files: Mapping[WorkspacePath, str] = Field(default_factory=dict)
    inputs: Mapping[str, Sha256] = Field(default_factory=dict)
    request: JsonObject = Field(default_factory=dict)
    limits: Limits = Limits()


class Isolation(Record):
    """What a jail really held back when it ran; `memory` says whether the limit counts the whole process tree."""

    backend: str
    level: Literal["none", "process", "namespaces", "container", "vm"]
    memory: Literal["tree", "per_process", "none"] = "none"
    processes: Literal["tree", "per_user", "none"] = "none"
    network: Literal["none", "host"] = "none"
    seccomp: str = ""
    preflight: str = ""
    lacks: tuple[str, ...] = ()
    """By name, what others of our jails hold back and this one does not; docs/sandbox.md says what each name means."""


class Observed(Record):
    """What was merely seen while a job ran; outside every id."""

    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    isolation: Isolation | None = None
    worker_reused: bool | None = None


class Artifact(Record):
    """A blob that an outcome points to."""

    sha256: Sha256
    bytes: int
    media_type: str = "application/octet-stream"


class Outcome(Record):
    """What came out of a job; `code` is stable, `message` is for the policy, `result` holds the facts worked out."""

    status: OutcomeStatus
    code: str = ""
    message: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    files: Mapping[WorkspacePath, str | None] = Field(default_factory=dict)
    diff: str = ""
    result: JsonObject = Field(default_factory=dict)
    artifacts: Mapping[str, Artifact] = Field(default_factory=dict)
    observed: Observed = Observed()
