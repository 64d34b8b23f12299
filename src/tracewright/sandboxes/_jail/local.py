"""What sandboxes have in common whose jails are processes of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Limits
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups, preflight
from tracewright.sandboxes._jail.admission import budget
from tracewright.sandboxes._jail.pool import Cell, PoolOptions
from tracewright.sandboxes._jail.sandbox import Launcher, PooledSandbox

OPEN_FILES = 256
TOGETHER = 4 * (Limits().processes + cgroups.SCAFFOLD)
"""How many processes all jobs may have at once where they are those of one user; then others wait for their turn."""
IDLE = 4
"""How many processes a worker has that waits for a job."""


class LocalOptions(PoolOptions):
    """What a recipe may say about any sandbox of this machine."""

    memory_share: float = Field(default=0.8, gt=0, le=0.8)


class LocalLauncher:
    """A launcher that holds nothing between jails, and whose jails have their processes counted each for itself."""

    @property
    def user_processes(self) -> int | None:
        """Return nothing: no job has to wait for the processes of another."""
        return None

    async def close(self) -> None:
        """Do nothing: each jail ends by itself."""


def pooled(options: LocalOptions, parts: Parts, launcher: Callable[[Blobs], Launcher]) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    blobs = Blobs(parts.home / "blobs")
    share = options.memory_share * parts.share
    return PooledSandbox(options, parts.home, lambda: asyncio.to_thread(launcher, blobs), lambda: budget(share))


async def prove(launcher: Launcher, cache: Path, parts: Sequence[str], keys: Sequence[str]) -> str:
    """Prove a jail that depends on `parts`; a launcher that does not even start is a MissingPartError too."""
    isolation = launcher.isolation()
    depends = [*parts, *isolation.lacks]
    try:
        return await preflight.prove(lambda: launcher.start(Cell(Limits())), cache, depends, isolation, keys)
    except SandboxError as error:
        raise MissingPartError(f"the {isolation.backend} sandbox does not work here: {error}") from error


def limits(cell: Cell, tree: cgroups.Tree | None, others: int | None = None) -> dict[str, int | None]:
    """Return the resource limits of a worker.

    `others` is what else its user runs, where that and all other jobs count against it: none fails for its neighbours.
    """
    processes = cell.processes if others is None else max(cell.processes, TOGETHER) + others
    return {
        "CORE": 0,
        "FSIZE": cell.limits.file_bytes,
        "NOFILE": OPEN_FILES,
        "AS": None if tree else cell.limits.memory_bytes,
        "NPROC": None if tree else processes,
    }


def others_of(user: int | None, waiting: int) -> int:
    """Return how many processes beside those of jobs count against each job of a user; None is ourselves.

    That is what there is now, and what as many jails as may be `waiting` for a job hold.
    """
    return threads_of(os.getuid() if user is None else user) + IDLE * waiting


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
