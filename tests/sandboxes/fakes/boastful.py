"""No jail at all that claims to hold everything but bounds on memory and processes, which others around it feel."""

from __future__ import annotations

from tracewright import registry
from tracewright.records.base import Record
from tracewright.records.job import Isolation, Job, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes import Sandbox

Options = Record


class BoastfulSandbox:
    """Runs what the other runs, and lacks nothing."""

    def __init__(self, other: Sandbox) -> None:
        self._other = other

    async def preflight(self) -> Isolation:
        isolation = await self._other.preflight()
        said = {"lacks": ("inodes",), "memory": "per_process", "processes": "none", "network": "none"}
        return isolation.model_copy(update=said)

    async def run(self, job: Job) -> Outcome:
        return await self._other.run(job)

    async def close(self) -> None:
        await self._other.close()


def build(options: Record, parts: Parts) -> BoastfulSandbox:
    """Return the sandbox."""
    return BoastfulSandbox(registry.build("sandboxes", "none", {"accept_no_jail": True}, parts))
