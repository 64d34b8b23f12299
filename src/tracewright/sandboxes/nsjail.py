"""Runs jobs behind Linux namespaces set up by nsjail: no network, no files but those mounted, no rights.

The kernel is shared: a hole in it is a hole in this jail. nsjail ends without its jail when it is killed, so it is
started with a signal for that; system calls newer than our list are not refused, for its policies cannot say it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
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
from tracewright.sandboxes._jail.process import Jail, Launch
from tracewright.sandboxes._jail.sandbox import PooledSandbox

NOBODY = "65534"
"""Who a job is inside the jail."""
SCRATCH_BYTES = 64 * MIB
DEVICES = ("/dev/null", "/dev/urandom", "/dev/zero")
FILES = 65_536
"""How many files a folder in memory may hold."""
PROCESSES = 4096
"""The most that nsjail lets anybody have; the worker lowers it to what its job may."""


class Options(local.LocalOptions):
    """What a recipe may say about this sandbox."""

    user: int = Field(default=65532, gt=0)
    """Who starts the jail when we are root: a number that owns nothing, as in distroless images."""
    binary: str = "nsjail"


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return local.pooled(options, parts, lambda blobs: _launcher(options, blobs))


@dataclass(frozen=True)
class Launcher(LocalLauncher):
    """Starts workers in nsjail; everything here is the same for all jails of one sandbox."""

    binary: Path
    layout: Layout
    policy: str
    tree: cgroups.Tree | None
    blobs: Blobs
    user: int | None
    """Who to become first; None where we are not root and stay who we are."""

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        mounts = (*self.layout.mounts, *inputs.mounts(cell, self.blobs))
        door = _file_holding(self.policy.encode())
        try:
            command = self.command(cell, mounts, f"/proc/self/fd/{door}")
            group = self.tree.group(cell.limits) if self.tree else None
            return await Jail.start(Launch(command, self._opening(cell), group, descriptors=[door]))
        except OSError as error:
            raise SandboxError(f"the jail could not be started: {error}") from error
        finally:
            os.close(door)

    def command(self, cell: Cell, mounts: Sequence[Mount], policy: str) -> list[str]:
        """Return the whole command line; `policy` is the file that the system call policy is read from."""
        prefix: Sequence[str] = ()
        if self.user is not None:
            stage = root.stage(mounts, self.user)
            mounts, prefix = stage.mounts, stage.prefix
        # Without it, the jail would outlive a controller that is killed.
        jailer = ("setpriv", "--pdeathsig", "KILL", "--", str(self.binary))
        sights = _sights(mounts, self.layout, max(SCRATCH_BYTES, cell.limits.file_bytes))
        return [*prefix, *jailer, *_walls(cell), *sights, "--seccomp_policy", policy, "--", *self.layout.command]

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        return Isolation(
            backend="nsjail",
            level="namespaces",
            memory="tree" if self.tree else "per_process",
            processes="tree" if self.tree else "per_user",
            network="none",
            seccomp=hashlib.sha256(self.policy.encode()).hexdigest(),
            preflight=proof,
            lacks=("newer_system_calls",),
        )

    async def proof(self, cache: Path) -> str:
        """Prove the jail, or find the proof in `cache`; returns its id."""
        command = self.command(Cell(Limits()), self.layout.mounts, policy="")
        parts = [hashlib.sha256(self.binary.read_bytes()).hexdigest(), self.policy, *command]
        return await local.prove(self, cache, parts, [name for name, _ in self.layout.environment])

    def _opening(self, cell: Cell) -> dict[str, Any]:
        folders = [WORKSPACE, SCRATCH, SHARED_MEMORY]
        return {"limits": local.limits(cell, self.tree), "folders": folders, "sweep": True}


def _walls(cell: Cell) -> list[str]:
    """Return what separates the jail from everybody else; every namespace is new unless nsjail is told otherwise."""
    return [
        # No time limit: a warm worker outlives many jobs, and the host keeps the time of each.
        *("-Mo", "--quiet", "--time_limit", "0", "--user", NOBODY, "--group", NOBODY, "--hostname", "jail"),
        # The worker takes the limit of its job where no group counts for it; some libraries reserve very much.
        *("--rlimit_as", "hard", "--rlimit_cpu", "inf"),
        *("--rlimit_fsize", str(cell.limits.file_bytes // MIB + 1)),
        *("--rlimit_nofile", str(local.OPEN_FILES), "--rlimit_nproc", str(PROCESSES), "--rlimit_core", "0"),
    ]


def _sights(mounts: Sequence[Mount], view: Layout, workspace_bytes: int) -> list[str]:
    """Return what a job can see."""
    command = ["-R", "/usr", *_merged_folders(), "-R", "/etc/ld.so.cache"]
    for mount in mounts:
        command += ["-R", f"{mount.source}:{mount.target}"]
    for device in DEVICES:
        command += ["-R", device]
    for folder, size in ((SHARED_MEMORY, SCRATCH_BYTES), (SCRATCH, SCRATCH_BYTES), (WORKSPACE, workspace_bytes)):
        command += ["-m", f"none:{folder}:tmpfs:size={size},mode=1777,nr_inodes={FILES}"]
    for name, value in view.environment:
        command += ["-E", f"{name}={value}"]
    return [*command, "--cwd", WORKSPACE]


def _merged_folders() -> Iterator[str]:
    """/bin and /lib are links into /usr on most systems, folders of their own on some."""
    for name in ("bin", "lib", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("-s", f"{path.readlink()}:{path}")
        elif path.is_dir():
            yield from ("-R", str(path))


def _file_holding(data: bytes) -> int:
    """Return a file in memory; unlike a pipe, another user may open it again by its number."""
    door = os.memfd_create("policy")
    os.write(door, data)
    return door


def _launcher(options: Options, blobs: Blobs) -> Launcher:
    found = shutil.which(options.binary)
    if found is None:
        raise MissingPartError(
            f"the nsjail sandbox needs {options.binary}, which is not on PATH; Debian has no package of it: build it"
            " from github.com/google/nsjail (with libprotobuf-dev, libnl-route-3-dev, flex, bison), or use bubblewrap"
        )
    if shutil.which("setpriv") is None:
        raise MissingPartError(
            "the nsjail sandbox needs setpriv, which is not on PATH; run: apt-get install util-linux"
        )
    here = layout.here()
    user = options.user if root.is_root() else None
    if user is not None:
        root.require_readable(here.mounts)
    return Launcher(Path(found), here, seccomp.policy(), cgroups.find(), blobs, user)
