"""Runs jobs behind Linux namespaces set up by bubblewrap: no network, no files but those mounted, no rights.

The kernel is shared: a hole in it is a hole in this jail. Where control groups cannot be written, memory is bounded
for each process and not for their sum, and the isolation of every outcome says so.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import MIB, Isolation, Limits
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups, inputs, layout, local, root, seccomp
from tracewright.sandboxes._jail.layout import SCRATCH, SHARED_MEMORY, WORKSPACE, Layout, Mount
from tracewright.sandboxes._jail.local import LocalLauncher
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.process import Jail, Launch, pipe_holding
from tracewright.sandboxes._jail.sandbox import PooledSandbox

NOBODY = "65534"
"""Who a job is inside the jail."""
SCRATCH_BYTES = 64 * MIB

FIXES = {
    "no permissions to create": "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1); in a container,"
    " also relax its seccomp and AppArmor profile",
    "setting up uid map": "allow user namespaces for bwrap: install its AppArmor profile, or"
    " sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    "rtm_newaddr": "allow user namespaces for bwrap: install its AppArmor profile, or"
    " sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    "unshare failed": "as root, the container needs CAP_SYS_ADMIN; or run as an ordinary user",
    "can't mount proc": "the container masks /proc; run it with an unmasked one (systempaths=unconfined)",
    "find source path": "make the interpreter and its libraries readable for the user who runs this",
}
"""What bubblewrap complains of, in lower case, and what helps."""


class Options(local.LocalOptions):
    """What a recipe may say about this sandbox."""

    user: int = Field(default=65532, gt=0)
    """Who starts the jail when we are root: a number that owns nothing, as in distroless images."""
    binary: str = "bwrap"


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return local.pooled(options, parts, lambda blobs: _launcher(options, blobs))


@dataclass(frozen=True)
class Launcher(LocalLauncher):
    """Starts workers in bubblewrap; everything here is the same for all jails of one sandbox."""

    binary: Path
    version: tuple[int, ...]
    layout: Layout
    filter: bytes
    tree: cgroups.Tree | None
    blobs: Blobs
    user: int | None
    """Who to become first; None where we are not root and stay who we are."""

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        mounts = (*self.layout.mounts, *inputs.mounts(cell, self.blobs))
        door = pipe_holding(self.filter)
        try:
            command = self.command(cell, mounts, door)
            group = self.tree.group(cell.limits) if self.tree else None
            return await Jail.start(Launch(command, self._opening(cell), group, descriptors=[door]))
        except OSError as error:
            raise SandboxError(f"the jail could not be started: {error}") from error
        finally:
            os.close(door)

    def command(self, cell: Cell, mounts: Sequence[Mount], door: int) -> list[str]:
        """Return the whole command line; `door` is the descriptor that the filter is read from."""
        prefix: Sequence[str] = ()
        if self.user is not None:
            stage = root.stage(mounts, self.user)
            mounts, prefix = stage.mounts, stage.prefix
        walls = _walls(self.version)
        sights = _sights(mounts, self.layout, max(SCRATCH_BYTES, cell.limits.file_bytes))
        return [*prefix, str(self.binary), *walls, *sights, "--seccomp", str(door), "--", *self.layout.command]

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        return Isolation(
            backend="bubblewrap",
            level="namespaces",
            memory="tree" if self.tree else "per_process",
            processes="tree" if self.tree else "per_user",
            network="none",
            seccomp=hashlib.sha256(self.filter).hexdigest(),
            preflight=proof,
            # Its file systems know no number of files: what bounds them is that they take memory of the tree.
            lacks=() if self.tree else ("inodes",),
        )

    async def proof(self, cache: Path) -> str:
        """Prove the jail, or find the proof in `cache`; returns its id."""
        command = self.command(Cell(Limits()), self.layout.mounts, door=0)
        parts = [*(hashlib.sha256(data).hexdigest() for data in (self.binary.read_bytes(), self.filter)), *command]
        names = [name for name, _ in self.layout.environment]
        try:
            return await local.prove(self, cache, parts, names)
        except MissingPartError as error:
            fixes = [fix for complaint, fix in FIXES.items() if complaint in str(error).lower()]
            raise MissingPartError(f"{error}; {fixes[0]}" if fixes else str(error)) from error

    def _opening(self, cell: Cell) -> dict[str, Any]:
        folders = [WORKSPACE, SCRATCH, SHARED_MEMORY]
        return {"limits": local.limits(cell, self.tree), "folders": folders, "sweep": True}


def _launcher(options: Options, blobs: Blobs) -> Launcher:
    found = shutil.which(options.binary)
    if found is None:
        raise MissingPartError(
            f"the bubblewrap sandbox needs {options.binary}, which is not on PATH; run:"
            " apt-get install bubblewrap (or dnf, pacman, apk add bubblewrap). Nothing is ever run unjailed"
        )
    here = layout.here()
    user = options.user if root.is_root() else None
    if user is not None:
        root.require_readable(here.mounts)
    return Launcher(Path(found), _version(found), here, seccomp.program(), cgroups.find(), blobs, user)


def _version(binary: str) -> tuple[int, ...]:
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, env={}, timeout=10).stdout
    return tuple(int(part) for part in re.findall(r"\d+", told))


def _walls(version: tuple[int, ...]) -> list[str]:
    """Return what separates the jail from everybody else."""
    walls = ["user", "ipc", "pid", "uts", "net"]
    return [
        *(f"--unshare-{wall}" for wall in walls),
        "--unshare-cgroup-try",
        # Older releases have no such switch; there the system call filter alone refuses new namespaces.
        *(["--disable-userns"] if version >= (0, 8) else []),
        "--die-with-parent",
        # A first process of bubblewrap would be open to every other one in the jail; ours is not (see `first`).
        "--as-pid-1",
        "--new-session",
        *("--cap-drop", "ALL", "--uid", NOBODY, "--gid", NOBODY, "--hostname", "jail"),
    ]


def _sights(mounts: Sequence[Mount], view: Layout, workspace_bytes: int) -> list[str]:
    """Return what a job can see; the root and /dev are sealed last."""
    command = ["--clearenv"]
    for name, value in view.environment:
        command += ["--setenv", name, value]
    command += ["--ro-bind", "/usr", "/usr", *_merged_folders()]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for mount in mounts:
        command += ["--ro-bind", str(mount.source), mount.target]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder, size in ((SHARED_MEMORY, SCRATCH_BYTES), (SCRATCH, SCRATCH_BYTES), (WORKSPACE, workspace_bytes)):
        command += ["--size", str(size), "--tmpfs", folder]
    return [*command, "--chdir", WORKSPACE, "--remount-ro", "/dev", "--remount-ro", "/"]


def _merged_folders() -> Iterator[str]:
    """/bin and /lib are links into /usr on most systems, folders of their own on some."""
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
