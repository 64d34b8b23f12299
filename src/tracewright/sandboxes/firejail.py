"""Runs jobs in firejail with its leaks scrubbed; asked for by name only, never chosen by `auto`.

Firejail hides folders one by one instead of showing some: a new one, or one that holds the interpreter, may be seen.
What its probes still reach on this machine must be accepted by name, and every outcome repeats it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Isolation
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups, ground, inputs, layout, local, root, seccomp
from tracewright.sandboxes._jail.layout import SCRATCH, Layout, Mount
from tracewright.sandboxes._jail.local import LocalLauncher
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.process import Jail, Launch
from tracewright.sandboxes._jail.sandbox import PooledSandbox

STAGE = "/mnt"
"""Firejail mounts its own /sys, so what is to be seen is bound here."""
WORKSPACE, OWN_SCRATCH, OWN_INPUTS = f"{SCRATCH}/ws", f"{SCRATCH}/scratch", f"{SCRATCH}/in"
SHOWN = frozenset({"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "dev", "proc", "tmp", "run"})
"""Top folders that are not hidden; of /run, where firejail itself works, what is in it is."""

LACKS = ("space",)
"""Its /tmp is a file system in memory without a cap, bounded only as memory is."""

BROUGHT = (
    "FIREJAIL_QUIET", "KDE_FORK_SLAVES", "PROMPT_COMMAND", "QML_DISABLE_DISK_CACHE", "QT_X11_NO_MITSHM", "SHELL",
    "container",
)  # fmt: skip
"""What firejail adds to its own environment; the job's is made anew."""


class Options(local.LocalOptions):
    """What a recipe may say about this sandbox."""

    user: int = Field(default=65532, gt=0)
    """Who runs the job when we are root."""
    accept_leaks: tuple[str, ...] = ()
    """Names of probes that may get out; the refusal tells them."""
    binary: str = "firejail"


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return local.pooled(options, parts, lambda blobs: _launcher(options, blobs))


@dataclass(frozen=True)
class Launcher(LocalLauncher):
    """Starts workers in firejail; everything here is the same for all jails of one sandbox."""

    binary: Path
    filter: bytes
    tree: cgroups.Tree | None
    blobs: Blobs
    user: int | None
    leaks: tuple[str, ...]
    waiting: int

    @property
    def user_processes(self) -> int | None:
        """Return how many processes all jobs may have at once, where no group counts them for each."""
        return None if self.tree else local.TOGETHER

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the launcher's complaint."""
        given = list(inputs.mounts(cell, self.blobs))
        seen = {Path(mount.target).name: f"{OWN_INPUTS}/{Path(mount.target).name}" for mount in given}
        try:
            command, places = self.command(given if self.user is not None else ())
            links = {seen[name]: place for name, place in places.items()}
            # An ordinary user can bind nothing, and where the blobs lie is hidden: so they are sent.
            data = {} if places else {seen[Path(mount.target).name]: mount.source.read_bytes() for mount in given}
            sent = {path: len(content) for path, content in data.items()}
            opening = {**self._opening(cell), "inputs": seen, "links": links, "sent": sent}
            group = self.tree.group(cell.limits) if self.tree else None
            environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
            return await Jail.start(Launch(command, opening, group, environment, inputs=b"".join(data.values())))
        except OSError as error:
            raise SandboxError(f"the jail could not be started: {error}") from error

    def command(self, inputs: Sequence[Mount]) -> tuple[list[str], dict[str, str]]:
        """Return the whole command line, and where each input is seen."""
        places = [Mount(path, "") for path in layout.real_places()]
        mounts, prefix, inner = [*places, *inputs], tuple[str, ...](), tuple[str, ...]()
        if self.user is not None:
            staged = root.bind(mounts, STAGE)
            mounts, prefix = list(staged.mounts), staged.prefix
            inner = root.drop(self.user, "--bounding-set=-all", "--inh-caps=-all")
        shown = [mount.source for mount in mounts]
        view = layout.in_place(*shown[: len(places)])
        walls = [*_walls(root_runs=self.user is not None), *_hidden(shown)]
        jailer = ("setpriv", "--pdeathsig=KILL", "--", str(self.binary))
        command = [*prefix, *jailer, *walls, "--", *inner, *_fresh(view), *view.command]
        given = mounts[len(places) :]
        return command, {Path(mount.target).name: str(mount.source) for mount in given}

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        # A program that becomes root by its owner, as firejail does for ordinary users, loses its tie to our death.
        ties = () if self.user is not None else ("controller",)
        # Files in memory take memory, which a tree has only so much of.
        files = () if self.tree else ("inodes",)
        return Isolation(
            backend="firejail",
            level="namespaces",
            memory="tree" if self.tree else "per_process",
            processes="tree" if self.tree else "per_user",
            network="none",
            seccomp=hashlib.sha256(self.filter).hexdigest(),
            preflight=proof,
            lacks=tuple(sorted({*LACKS, *files, *ties, *self.leaks})),
        )

    async def proof(self, cache: Path) -> str:
        """Prove the jail, or find the proof in `cache`; returns its id."""
        told = subprocess.run([self.binary, "--version"], capture_output=True, check=False, env={}, timeout=10).stdout
        parts = [hashlib.sha256(told).hexdigest(), hashlib.sha256(self.filter).hexdigest(), *self.command(())[0]]
        return await local.prove(self, cache, parts, [*ground.names(), *BROUGHT])

    def _opening(self, cell: Cell) -> dict[str, Any]:
        others = None if self.tree else local.others_of(self.user, self.waiting)
        return {
            "limits": local.limits(cell, self.tree, others),
            "folders": [WORKSPACE, OWN_SCRATCH],
            "sweep": True,
            "filter": self.filter.hex(),
        }


def _walls(root_runs: bool) -> list[str]:
    # Started by root, the drop to another user happens inside; its last step gives these up as well.
    rights = "--caps.keep=setuid,setgid,setpcap" if root_runs else "--caps.drop=all"
    return [
        # Started by root it has an IPC namespace anyway; for others it must be asked.
        *("--quiet", "--noprofile", "--net=none", "--ipc-namespace", "--nonewprivs", rights),
        *("--private-dev", "--private-tmp", "--read-only=/", f"--read-write={SCRATCH}", f"--private-cwd={SCRATCH}"),
        *("--noautopulse", "--nodbus", "--nogroups", "--deterministic-exit-code", "--blacklist=/dev/shm"),
    ]


def _hidden(shown: Sequence[Path]) -> list[str]:
    """Return what hides each top folder that nothing must be seen of, and each entry of /run."""
    kept = {path.parts[1] for path in shown} | SHOWN
    top = [path for path in sorted(Path("/").iterdir()) if path.name not in kept and not path.is_symlink()]
    inside = [path for path in sorted(Path("/run").iterdir()) if path.name != "firejail" and not path.is_symlink()]
    return [f"--blacklist={path}" for path in (*top, *inside) if not re.search(r"[\s*?\[\]]", str(path))]


def _fresh(view: Layout) -> list[str]:
    own = {"HOME": OWN_SCRATCH, "TMPDIR": OWN_SCRATCH, "TRACEWRIGHT_INPUTS": OWN_INPUTS}
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in {**dict(view.environment), **own}.items())]


def _launcher(options: Options, blobs: Blobs) -> Launcher:
    found = shutil.which(options.binary)
    if found is None:
        raise MissingPartError(
            f"the firejail sandbox needs {options.binary}, which is not on PATH; run: apt-get install firejail"
            " (or use bubblewrap, which holds more)"
        )
    user = options.user if root.is_root() else None
    leaks = options.accept_leaks
    return Launcher(
        Path(found), seccomp.program(namespaces=False), cgroups.find(), blobs, user, leaks, options.most_waiting
    )
