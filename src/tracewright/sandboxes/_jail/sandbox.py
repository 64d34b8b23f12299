"""A sandbox whose jails are pooled: proves its launcher once, then uses what that starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from tracewright.blobs import Blobs
from tracewright.records.job import Isolation, Job, Outcome
from tracewright.registry import module_path
from tracewright.sandboxes._jail.admission import Admission
from tracewright.sandboxes._jail.exchange import Question
from tracewright.sandboxes._jail.pool import Cell, Pool, PoolOptions
from tracewright.sandboxes._jail.process import Jail


class Launcher(Protocol):
    """Starts the jails of one sandbox; everything in it is the same for all of them."""

    @property
    def user_processes(self) -> int | None:
        """How many processes all jobs may have at once, where the kernel counts them as those of one user."""
        ...

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        ...

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        ...

    async def proof(self, cache: Path) -> str:
        """Prove the jails, or find the proof in `cache`; returns its id, raises MissingPartError."""
        ...

    async def close(self) -> None:
        """Let go of what is held between jails."""
        ...


class PooledSandbox:
    """A jail for jobs; belongs to the event loop in which it was first used."""

    def __init__(
        self, options: PoolOptions, home: Path, launch: Callable[[], Awaitable[Launcher]], budget: Callable[[], int]
    ) -> None:
        self._options = options
        self._home = home
        self._blobs = Blobs(home / "blobs")
        self._launch = launch
        self._budget = budget
        self._module = cache(partial(module_path, "jobs"))
        self._proving = asyncio.Lock()
        self._launcher: Launcher | None = None
        self._ready: tuple[Pool, Isolation] | None = None

    async def preflight(self) -> Isolation:
        """Prove that the jail holds here, once; raises MissingPartError with the failing probe and the fix."""
        return (await self._prepared())[1]

    async def run(self, job: Job) -> Outcome:
        """Run one job; raises UsageError for an unknown kind or unfit input name, SandboxError where the jail broke."""
        module = self._module(job.kind)
        pool, isolation = self._ready or await self._prepared()
        return await pool.run(Question(job, module, isolation, self._blobs.put))

    async def close(self) -> None:
        """End every jail and take it away; safe to call twice."""
        if self._ready:
            await self._ready[0].close()
        if self._launcher:
            await self._launcher.close()

    async def _prepared(self) -> tuple[Pool, Isolation]:
        async with self._proving:
            if self._ready is None:
                self._launcher = launcher = self._launcher or await self._launch()
                isolation = launcher.isolation(await launcher.proof(self._home / "preflight"))
                admission = Admission(self._budget(), launcher.user_processes)
                self._ready = Pool(launcher.start, admission, self._options), isolation
            return self._ready
