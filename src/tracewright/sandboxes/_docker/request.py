"""The request for one container: everything that an engine is asked to hold back, as the Engine API writes it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracewright.blobs import Blobs
from tracewright.errors import SandboxError
from tracewright.records.job import MIB
from tracewright.sandboxes._jail import inputs, seccomp
from tracewright.sandboxes._jail.cgroups import SCAFFOLD
from tracewright.sandboxes._jail.layout import (
    EVERYWHERE,
    PACKAGE,
    SCRATCH,
    SHARED_MEMORY,
    VENV,
    WORKSPACE,
    boot,
    package,
)
from tracewright.sandboxes._jail.pool import Cell

NOBODY = "65532"
SCRATCH_BYTES = 64 * MIB
INODES = 65536
"""How many files a work folder holds at most; podman takes no such option."""
OPEN_FILES = 256
USER_PROCESSES = 4096
RUNTIME_PROCESSES = 1024
"""A runtime with a kernel of its own has processes of its own, which the engine counts with the job's."""

ENVIRONMENT = tuple(sorted({**EVERYWHERE, "HOME": SCRATCH, "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin"}.items()))
COMMAND = (
    # Engines add variables of their own; the program that becomes the first process sees none of them.
    *("env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT)),
    *("python3", "-s", "-S", "-P", "-B", "-c", boot([VENV])),
)


@dataclass(frozen=True)
class Plan:
    """What all containers of one sandbox have in common."""

    image: str
    seccomp: str
    """The filter as JSON text, or a path to it where the engine wants one."""
    runtime: str = ""
    podman: bool = False
    bounds_memory: bool = True
    bounds_processes: bool = True

    def container(self, cell: Cell, blobs: Blobs, labels: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of a request to create a container for the jobs of `cell`."""
        return {
            "Image": self.image,
            "Entrypoint": [],
            "Cmd": list(COMMAND),
            "User": f"{NOBODY}:{NOBODY}",
            # Not the workspace: the engine would make that folder itself, of a mode that the tmpfs then takes over.
            "WorkingDir": "/",
            "Labels": dict(labels),
            "NetworkDisabled": True,
            **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin"), True),
            # With the one connection that may speak to it, the container loses its stdin: then it ends itself.
            "StdinOnce": True,
            "Tty": False,
            "HostConfig": {**self._walls(), **self._bounds(cell), "Binds": [*self._masks(), *_binds(cell, blobs)]},
        }

    def opening(self, cell: Cell) -> dict[str, Any]:
        """Tell the worker which limits to put on itself and on all that it starts."""
        limits = {
            "CORE": 0,
            "FSIZE": cell.limits.file_bytes,
            "NOFILE": OPEN_FILES,
            "AS": None if self.bounds_memory else cell.limits.memory_bytes,
            "NPROC": None if self.bounds_processes else cell.limits.processes + SCAFFOLD,
        }
        opening = {"limits": limits, "folders": [WORKSPACE, SCRATCH, SHARED_MEMORY], "sweep": True}
        # A runtime with a kernel of its own may drop the engine's filter, as gVisor does: then the worker's holds.
        return {**opening, "filter": seccomp.program().hex()} if self.runtime else opening

    def _masks(self) -> list[str]:
        """Podman shows the name servers of this machine even where there is no network."""
        return [f"{os.devnull}:/etc/resolv.conf:ro"] if self.podman else []

    def _walls(self) -> dict[str, Any]:
        return {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "Privileged": False,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges", f"seccomp={self.seccomp}"],
            "IpcMode": "private",
            # The daemon would write all frames to its disk.
            "LogConfig": {"Type": "none"},
            "RestartPolicy": {"Name": "no"},
            **({"Runtime": self.runtime} if self.runtime else {}),
        }

    def _bounds(self, cell: Cell) -> dict[str, Any]:
        limits = cell.limits
        folder = "rw,nosuid,nodev,mode=1777" + ("" if self.podman else f",nr_inodes={INODES}")
        return {
            "Memory": limits.memory_bytes,
            "MemorySwap": limits.memory_bytes,
            "PidsLimit": limits.processes + SCAFFOLD + (RUNTIME_PROCESSES if self.runtime else 0),
            "NanoCpus": limits.cpu_cores * 10**9,
            "ShmSize": SCRATCH_BYTES,
            "Tmpfs": {
                WORKSPACE: f"{folder},exec,size={max(SCRATCH_BYTES, limits.file_bytes)}",
                SCRATCH: f"{folder},noexec,size={SCRATCH_BYTES}",
            },
            "Ulimits": [
                _ulimit("core", 0),
                _ulimit("fsize", limits.file_bytes),
                _ulimit("nofile", OPEN_FILES),
                # Podman would ask for more than its own limit. It counts all containers of a user, ours count one.
                *([_ulimit("nproc", USER_PROCESSES)] if self.podman else []),
            ],
        }


def _ulimit(name: str, value: int) -> dict[str, Any]:
    return {"Name": name, "Soft": value, "Hard": value}


def _binds(cell: Cell, blobs: Blobs) -> Iterator[str]:
    """Our package and the inputs lie in folders of this machine, so the daemon must be this machine's."""
    yield _bind(package(), f"{PACKAGE}/tracewright")
    for mount in inputs.mounts(cell, blobs):
        yield _bind(mount.source, mount.target)


def _bind(source: Path, target: str) -> str:
    if ":" in str(source.resolve()):
        raise SandboxError(f"a container cannot be shown {source}, whose path has a colon; choose another folder")
    return f"{source.resolve()}:{target}:ro"


def arguments(request: Mapping[str, Any]) -> Sequence[str]:
    """Return what a proof of the jail depends on; not the folders of this machine, which say nothing about it."""
    host = {key: value for key, value in request["HostConfig"].items() if key != "Binds"}
    return [
        f"{key}={value}" for key, value in sorted({**request, **host}.items()) if key not in {"HostConfig", "Labels"}
    ]
