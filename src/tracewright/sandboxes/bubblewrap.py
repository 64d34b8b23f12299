"""Runs jobs behind Linux namespaces set up by bubblewrap: no network, no files but those mounted, no rights.

The kernel is shared: a hole in it is a hole in this jail. Where control groups cannot be written, memory is bounded
for each process and not for their sum, and the isolation of every outcome says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import MIB, Isolation, Job, Limits, Outcome
from tracewright.registry import Parts, module_path
from tracewright.sandboxes._jail import cgroups, layout, preflight, root, seccomp
from tracewright.sandboxes._jail.admission import Admission, budget
from tracewright.sandboxes._jail.exchange import Question
from tracewright.sandboxes._jail.layout import INPUTS, SCRATCH, SHARED_MEMORY, WORKSPACE, Layout, Mount
from tracewright.sandboxes._jail.pool import Cell, Pool
from tracewright.sandboxes._jail.process import Jail, Launch, pipe_holding

NOBODY = "65534"
"""Who a job is inside the jail."""
SCRATCH_BYTES = 64 * MIB
OPEN_FILES = 256

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


class Options(BaseModel):
    """What a recipe may say about this sandbox."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=1, ge=1, le=64)
    jobs_per_worker: int = Field(default=2000, ge=1)
    memory_share: float = Field(default=0.8, gt=0, le=0.8)
    user: int = Field(default=65532, gt=0)
    """Who starts the jail when we are root: a number that owns nothing, as in distroless images."""
    binary: str = "bwrap"


def build(options: Options, parts: Parts) -> BubblewrapSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return BubblewrapSandbox(options, parts.home, parts.share)


class BubblewrapSandbox:
    """A jail for jobs; belongs to the event loop in which it was first used."""

    def __init__(self, options: Options, home: Path, share: float = 1.0) -> None:
        self._options = options
        self._share = share
        self._home = home
        self._blobs = Blobs(home / "blobs")
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
                launcher = await asyncio.to_thread(self._launcher)
                isolation = launcher.isolation(await _proof(launcher, self._home / "preflight"))
                admission = Admission(budget(self._options.memory_share * self._share))
                pool = Pool(launcher.start, admission, self._options.workers, self._options.jobs_per_worker)
                self._ready = pool, isolation
            return self._ready

    def _launcher(self) -> Launcher:
        found = shutil.which(self._options.binary)
        if found is None:
            raise MissingPartError(
                f"the bubblewrap sandbox needs {self._options.binary}, which is not on PATH; run:"
                " apt-get install bubblewrap (or dnf, pacman, apk add bubblewrap). Nothing is ever run unjailed"
            )
        here = layout.here()
        user = self._options.user if root.is_root() else None
        if user is not None:
            root.require_readable(here.mounts)
        return Launcher(Path(found), _version(found), here, seccomp.program(), cgroups.find(), self._blobs, user)


@dataclass(frozen=True)
class Launcher:
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
        mounts = (*self.layout.mounts, *self._inputs(cell))
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

    def _inputs(self, cell: Cell) -> Iterator[Mount]:
        for name, sha256 in cell.inputs:
            if not re.fullmatch(r"\w[\w.-]{0,127}", name, re.ASCII):
                raise UsageError(f"an input's name must be letters, digits, '_', '.' and '-', found {name[:80]!r}")
            path = self.blobs.path(sha256)
            if not path.is_file():
                raise SandboxError(f"the input {name!r} is not among the blobs: {path} does not exist")
            yield Mount(path, f"{INPUTS}/{name}")

    def _opening(self, cell: Cell) -> dict[str, Any]:
        """Tell the worker which limits to put on itself and on all that it starts."""
        bounded = self.tree is not None
        limits = {
            "CORE": 0,
            "FSIZE": cell.limits.file_bytes,
            "NOFILE": OPEN_FILES,
            "AS": None if bounded else cell.limits.memory_bytes,
            "NPROC": None if bounded else cell.limits.processes + cgroups.SCAFFOLD,
        }
        return {"limits": limits, "folders": [WORKSPACE, SCRATCH, SHARED_MEMORY], "sweep": True}


async def _proof(launcher: Launcher, cache: Path) -> str:
    cell = Cell(Limits())
    parts = [
        hashlib.sha256(launcher.binary.read_bytes()).hexdigest(),
        hashlib.sha256(launcher.filter).hexdigest(),
        *launcher.command(cell, launcher.layout.mounts, door=0),
    ]
    names = [name for name, _ in launcher.layout.environment]
    try:
        return await preflight.prove(lambda: launcher.start(cell), cache, parts, launcher.isolation(), names)
    except SandboxError as error:
        fixes = [fix for complaint, fix in FIXES.items() if complaint in str(error).lower()]
        told = f"; {fixes[0]}" if fixes else ""
        raise MissingPartError(f"the bubblewrap sandbox does not work here: {error}{told}") from error


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
