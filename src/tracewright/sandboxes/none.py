"""Runs jobs with no jail at all: for actions of teachers that are trusted as much as we are, and only when told to.

Nothing is held back. Limits of processes are set and what a job leaves running is ended, which it could prevent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

from tracewright.blobs import Blobs
from tracewright.errors import SandboxError, UsageError
from tracewright.records.job import Isolation
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups, ground, inputs, local, root
from tracewright.sandboxes._jail.ground import Remains
from tracewright.sandboxes._jail.local import LocalLauncher
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.process import Jail, Launch
from tracewright.sandboxes._jail.sandbox import PooledSandbox

LACKS = (
    "bounding_set", "controller", "daemons", "devices", "environment", "inodes", "io_uring", "local_sockets",
    "metadata", "namespaces", "network", "paths", "privileges", "processes", "secret_file", "shared_names", "signals",
    "space", "terminal", "writing",
)  # fmt: skip
"""Everything that has a name."""


class Options(local.LocalOptions):
    """What a recipe may say about this sandbox."""

    accept_no_jail: bool = False
    """Must be said; the command line says it with --accept-no-jail."""


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox that is none; raises UsageError where nobody said that this is wanted."""
    if not options.accept_no_jail:
        raise UsageError(
            "the sandbox 'none' runs everything unjailed and was not accepted; it is for privileged policies only:"
            " say --accept-no-jail, or choose a jail (sandbox.name=auto)"
        )
    return local.pooled(options, parts, lambda blobs: _launcher(options, blobs))


@dataclass(frozen=True)
class Launcher(LocalLauncher):
    """Starts workers as what we are ourselves."""

    tree: cgroups.Tree | None
    blobs: Blobs
    waiting: int

    @property
    def user_processes(self) -> int | None:
        """Return how many processes all jobs may have at once, where no group counts them for each."""
        return None if self.tree else local.TOGETHER

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with its complaint."""
        place = ground.place(list(inputs.mounts(cell, self.blobs)), user=None)
        try:
            remains = Remains(place.folder, self.tree.group(cell.limits) if self.tree else None)
        except OSError as error:
            place.folder.remove()
            raise SandboxError(f"the worker could not be started: {error}") from error
        others = None if self.tree else local.others_of(None, self.waiting)
        limits = local.limits(cell, self.tree, others)
        opening: dict[str, Any] = {**place.opening(), "limits": limits, "sweep": False, "guard": "tree"}
        launch = Launch(place.layout.command, opening, remains, place.environment, ending=SIGTERM)
        return await Jail.start(launch)

    def isolation(self, proof: str = "") -> Isolation:
        """Say that nothing is held back."""
        # The kernel does not count the processes of root.
        counted = "tree" if self.tree else "none" if root.is_root() else "per_user"
        return Isolation(
            backend="none",
            level="none",
            memory="tree" if self.tree else "per_process",
            processes=counted,
            network="host",
            preflight=proof,
            lacks=LACKS,
        )

    async def proof(self, cache: Path) -> str:
        """Nothing is promised, so there is nothing to prove."""
        return ""


def _launcher(options: Options, blobs: Blobs) -> Launcher:
    ground.sweep(None)
    return Launcher(cgroups.find(), blobs, options.most_waiting)
