"""Where actions run: a sandbox turns a job into an outcome, or raises SandboxError when it cannot tell."""

from __future__ import annotations

from typing import Protocol

from tracewright.records.job import Isolation, Job, Outcome


class Sandbox(Protocol):
    """A jail for jobs; safe to call from many tasks of one event loop at once."""

    async def preflight(self) -> Isolation:
        """Prove on this machine what the jail promises, or raise MissingPartError with the fix."""
        ...

    async def run(self, job: Job) -> Outcome:
        """Run one job; the code's own faults are an outcome, ours are SandboxError."""
        ...

    async def close(self) -> None:
        """End every process that the sandbox started; safe to call twice."""
        ...
