"""A sandbox that claims to hold everything and breaks at every job: what never ran proves nothing."""

from __future__ import annotations

from tracewright.errors import SandboxError
from tracewright.records.base import Record
from tracewright.records.job import Isolation, Job, Outcome
from tracewright.registry import Parts

Options = Record


class DeadSandbox:
    """Never answers."""

    async def preflight(self) -> Isolation:
        return Isolation(backend="dead", level="vm", memory="tree", processes="tree", preflight="yes")

    async def run(self, job: Job) -> Outcome:
        raise SandboxError("the worker died")

    async def close(self) -> None:
        return


def build(options: Record, parts: Parts) -> DeadSandbox:
    """Return the sandbox."""
    return DeadSandbox()
