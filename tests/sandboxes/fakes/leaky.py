"""A sandbox that runs nothing, and leaves two idle processes behind that bear the mark of its job."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

from tracewright.errors import SandboxError
from tracewright.records.base import Record
from tracewright.records.job import Isolation, Job, Outcome
from tracewright.registry import Parts

Options = Record
SECONDS = 4
"""How long they stay; they end by themselves."""


class LeakySandbox:
    """Answers `outcome`; without one it waits until it is closed."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        self._outcome = outcome
        self._closed = asyncio.Event()

    async def preflight(self) -> Isolation:
        return Isolation(backend="leaky", level="vm", memory="tree", processes="tree", preflight="said")

    async def run(self, job: Job) -> Outcome:
        if self._closed.is_set():
            raise SandboxError("it is closed")
        mark = re.search(r"^MARK = '(\w+)'", str(job.request["code"]), re.MULTILINE)
        for _ in range(2):
            idle = f"import time; time.sleep({SECONDS})  # {mark and mark[1]}"
            subprocess.Popen([sys.executable, "-I", "-S", "-c", idle], start_new_session=True)
        if self._outcome is None:
            await self._closed.wait()
            raise SandboxError("it was closed")
        return self._outcome

    async def close(self) -> None:
        self._closed.set()


def build(options: Record, parts: Parts) -> LeakySandbox:
    """Return the sandbox."""
    return LeakySandbox()
