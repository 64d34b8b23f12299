"""Runs jobs behind Landlock and a strict system call filter, inside a container that already bounds what they use.

No namespace is needed, so it works where containers forbid them. It does not hide that a file exists, nor bound the sum
of what is written to disk: somebody around us has to. Without writable control groups, memory is bounded per process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Isolation
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups, ground, inputs, kernel, local, root, seccomp
from tracewright.sandboxes._jail.ground import Place, Remains
from tracewright.sandboxes._jail.local import LocalLauncher
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.process import Jail, Launch
from tracewright.sandboxes._jail.sandbox import PooledSandbox

NEEDED = 6
"""The first version of Landlock that keeps signals and abstract sockets inside (Linux 6.12)."""

LACKS = ("inodes", "metadata", "paths", "space")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom", "/dev/zero")


class Options(local.LocalOptions):
    """What a recipe may say about this sandbox."""

    user: int = Field(default=65532, gt=0)
    """Who runs the jail when we are root: a number that owns nothing, as in distroless images."""
    outer_limits_accepted: bool = False
    """Say that a container around us bounds memory, processes and disk, where we cannot see that it does."""


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return local.pooled(options, parts, lambda blobs: _launcher(options, blobs))


@dataclass(frozen=True)
class Launcher(LocalLauncher):
    """Starts workers that shut themselves in; everything here is the same for all jails of one sandbox."""

    filter: bytes
    tree: cgroups.Tree | None
    blobs: Blobs
    user: int | None
    """Who to become first; None where we are not root and stay who we are."""
    waiting: int

    @property
    def user_processes(self) -> int | None:
        """Return how many processes all jobs may have at once, where no group counts them for each."""
        return None if self.tree else local.TOGETHER

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        place = ground.place(list(inputs.mounts(cell, self.blobs)), self.user)
        try:
            remains = Remains(place.folder, self.tree.group(cell.limits) if self.tree else None)
        except OSError as error:
            place.folder.remove()
            raise SandboxError(f"the jail could not be started: {error}") from error
        command = [*place.prefix, *place.layout.command]
        launch = Launch(command, self._opening(cell, place), remains, place.environment, ending=SIGTERM)
        return await Jail.start(launch)

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        # Only root can give up what might be won; for others the bar against new privileges has to do.
        lacks = LACKS if self.user is not None else ("bounding_set", *LACKS)
        return Isolation(
            backend="landlock",
            level="process",
            memory="tree" if self.tree else "per_process",
            processes="tree" if self.tree else "per_user",
            network="none",
            seccomp=hashlib.sha256(self.filter).hexdigest(),
            preflight=proof,
            lacks=lacks,
        )

    async def proof(self, cache: Path) -> str:
        """Prove the jail, or find the proof in `cache`; returns its id."""
        parts = ["landlock", str(kernel.landlock_version()), hashlib.sha256(self.filter).hexdigest(), *SYSTEM]
        return await local.prove(self, cache, [*parts, str(self.user)], ground.names())

    def _opening(self, cell: Cell, place: Place) -> dict[str, Any]:
        others = None if self.tree else local.others_of(self.user, self.waiting)
        return {
            **place.opening(),
            "limits": local.limits(cell, self.tree, others),
            "sweep": True,
            "guard": "domain",
            "landlock": _rights(place),
            "filter": self.filter.hex(),
        }


def _rights(place: Place) -> dict[str, list[str]]:
    venv, packages, *base = map(str, place.readable)
    folder = place.folder
    return {
        # The folder of our package may be that of a checkout: it is listed, and only the package is read.
        "list": [packages],
        "read": [
            *SYSTEM,
            venv,
            f"{packages}/tracewright",
            *base,
            str(folder.inputs),
            *(str(mount.source) for mount in place.inputs),
        ],
        "device": ["/dev/null"],
        "write": [str(folder.workspace), str(folder.scratch)],
    }


def _launcher(options: Options, blobs: Blobs) -> Launcher:
    found = kernel.landlock_version()
    if found < NEEDED:
        raise MissingPartError(
            f"the landlock sandbox needs version {NEEDED} of Landlock, found {found or 'none'};"
            " run Linux 6.12 or newer with `landlock` among its security modules (lsm=), or use bubblewrap"
        )
    missing = {"memory", "pids"} - cgroups.outer_limits()
    if missing and not options.outer_limits_accepted:
        raise MissingPartError(
            f"the landlock sandbox needs a container around it that bounds {' and '.join(sorted(missing))}; start"
            " yours with --memory and --pids-limit, or say --set sandbox.outer_limits_accepted=true"
        )
    user = options.user if root.is_root() else None
    ground.sweep(user)
    return Launcher(seccomp.program(namespaces=False), cgroups.find(), blobs, user, options.most_waiting)
