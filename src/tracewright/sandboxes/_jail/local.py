"""A sandbox whose jails are processes of this machine: proves its launcher once, then pools what it starts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.registry import Parts, module_path
from tracewright.sandboxes._jail import cgroups, preflight
from tracewright.sandboxes._jail.admission import Admission, budget
from tracewright.sandboxes._jail.exchange import Question
from tracewright.sandboxes._jail.layout import INPUTS, Mount
from tracewright.sandboxes._jail.pool import Cell, Pool
from tracewright.sandboxes._jail.process import Jail

OPEN_FILES = 256


class LocalOptions(BaseModel):
    """What a recipe may say about any sandbox of this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=1, ge=1, le=64)
    jobs_per_worker: int = Field(default=2000, ge=1)
    memory_share: float = Field(default=0.8, gt=0, le=0.8)


class Launcher(Protocol):
    """Starts the jails of one sandbox; everything in it is the same for all of them."""

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        ...

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        ...


class Proof(Protocol):
    """How a launcher is proven: returns the id of the proof, or raises MissingPartError."""

    def __call__(self, launcher: Any, cache: Path) -> Awaitable[str]:
        """Prove the launcher, or find the proof in `cache`."""
        ...


class LocalSandbox:
    """A jail for jobs; belongs to the event loop in which it was first used."""

    def __init__(
        self, options: LocalOptions, parts: Parts, launcher: Callable[[Blobs], Launcher], prove: Proof
    ) -> None:
        self._options = options
        self._parts = parts
        self._blobs = Blobs(parts.home / "blobs")
        self._launcher = launcher
        self._prove = prove
        self._module = cache(partial(module_path, "jobs"))
        self._proving = asyncio.Lock()
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
        """End every jail; safe to call twice."""
        if self._ready:
            await self._ready[0].close()

    async def _prepared(self) -> tuple[Pool, Isolation]:
        async with self._proving:
            if self._ready is None:
                launcher = await asyncio.to_thread(self._launcher, self._blobs)
                isolation = launcher.isolation(await self._prove(launcher, self._parts.home / "preflight"))
                admission = Admission(budget(self._options.memory_share * self._parts.share))
                pool = Pool(launcher.start, admission, self._options.workers, self._options.jobs_per_worker)
                self._ready = pool, isolation
            return self._ready


async def prove(launcher: Launcher, cache: Path, parts: Sequence[str], keys: Sequence[str]) -> str:
    """Prove a jail that depends on `parts`; a launcher that does not even start is a MissingPartError too."""
    isolation = launcher.isolation()
    depends = [*parts, *isolation.lacks]
    try:
        return await preflight.prove(lambda: launcher.start(Cell(Limits())), cache, depends, isolation, keys)
    except SandboxError as error:
        raise MissingPartError(f"the {isolation.backend} sandbox does not work here: {error}") from error


def inputs(cell: Cell, blobs: Blobs) -> Iterator[Mount]:
    """Yield a mount for each input; raises UsageError for an unfit name, SandboxError for a missing blob."""
    for name, sha256 in cell.inputs:
        if not re.fullmatch(r"\w[\w.-]{0,127}", name, re.ASCII):
            raise UsageError(f"an input's name must be letters, digits, '_', '.' and '-', found {name[:80]!r}")
        path = blobs.path(sha256)
        if not path.is_file():
            raise SandboxError(f"the input {name!r} is not among the blobs: {path} does not exist")
        # A launcher stands in the root folder, whatever folder we stand in.
        yield Mount(path.absolute(), f"{INPUTS}/{name}")


def limits(cell: Cell, tree: cgroups.Tree | None, others: int = 0) -> dict[str, int | None]:
    """Return the resource limits of a worker; `others` counts what else its user runs, for that counts against it."""
    return {
        "CORE": 0,
        "FSIZE": cell.limits.file_bytes,
        "NOFILE": OPEN_FILES,
        "AS": None if tree else cell.limits.memory_bytes,
        "NPROC": None if tree else cell.limits.processes + cgroups.SCAFFOLD + others,
    }


def threads_of(user: int) -> int:
    """Return how many threads of a user there are, as its process limit counts them."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid == user:
                count += sum(1 for _ in (folder / "task").iterdir())
        except OSError:
            continue  # it ended meanwhile
    return count
