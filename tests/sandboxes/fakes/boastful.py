"""No jail at all that claims to hold everything but bounds on memory and processes, which others around it feel.

It is built only where nothing can do harm: by somebody who is not root, over a root that cannot be written to.
"""

from __future__ import annotations

import os

from tracewright import registry
from tracewright.errors import UsageError
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
        said = {
            "backend": "boastful",
            "level": "process",
            "lacks": ("inodes",),
            "memory": "per_process",
            "processes": "none",
            "network": "none",
        }
        return isolation.model_copy(update=said)

    async def run(self, job: Job) -> Outcome:
        return await self._other.run(job)

    async def close(self) -> None:
        await self._other.close()


def build(options: Record, parts: Parts) -> BoastfulSandbox:
    """Return the sandbox."""
    if os.geteuid() == 0 or not os.statvfs("/").f_flag & os.ST_RDONLY:
        raise UsageError(
            "this runs hostile programs with no jail; only a room of tests/sandboxes/ordinary.py may have it"
        )
    return BoastfulSandbox(registry.build("sandboxes", "none", {"accept_no_jail": True}, parts))
