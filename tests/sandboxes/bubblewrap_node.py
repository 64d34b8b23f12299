"""A node for the fake cluster: runs a pod's one container as a process in bubblewrap, with this machine as its image.

It is no kubelet and no container runtime: it takes command, work folder, cores, memory, user, root and volumes from the
pod's own specification. The pod shares this machine's network on purpose: what shuts it must be what the worker does.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.sandboxes.nodes import INJECTED
from tracewright.records.job import Limits
from tracewright.sandboxes._jail import cgroups, layout, root
from tracewright.sandboxes._jail.cgroups import Group
from tracewright.sandboxes._jail.layout import PYTHON, Mount
from tracewright.sandboxes._jail.process import Launch, Process

DROPPED_TO = 65532
STAGE = "/mnt"
"""Hidden while a pod starts; not where the counters of control groups are."""


def missing() -> str:
    """Say why pods cannot run here, or return nothing."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed, which the fake node runs pods in"
    if cgroups.find() is None:
        return "control groups cannot be written here, so the fake node could not keep a pod's memory limit"
    return ""


def image_options() -> dict[str, Any]:
    """Return the options that fit this machine when it is used as an image."""
    here = layout.here()
    outside = any(mount.target == PYTHON for mount in here.mounts)
    return {
        "python": here.command[0],
        "libraries": tuple(layout.libraries()),
        "library_path": f"{PYTHON}/lib" if outside else "",
    }


class Container:
    """A pod's container at work."""

    def __init__(self, process: Process, group: Group) -> None:
        self._process = process
        self._group = group

    async def read(self) -> bytes:
        """Return some of what the worker prints; nothing at its end."""
        return await self._process.output.read(1 << 15)

    async def write(self, data: bytes) -> None:
        """Send bytes to the worker."""
        await self._process.write(data)

    def hang_up(self) -> None:
        """Let the worker's stdin end."""
        stdin = self._process._process.stdin
        assert stdin
        stdin.close()

    async def complaint(self) -> str:
        """Return the last that was said on stderr."""
        return await self._process.complaint()

    async def ended(self) -> None:
        """Wait until the container has ended, or was to be ended for want of memory."""
        ended = asyncio.ensure_future(self._process._process.wait())
        while not ended.done() and not await self.out_of_memory():
            await asyncio.wait({ended}, timeout=0.02)
        ended.cancel()

    async def out_of_memory(self) -> bool:
        """As on a node with control groups of version 2, where one kill ends the whole container."""
        return self._group.kills() > 0

    async def kill(self) -> None:
        """End all processes; safe to call twice."""
        await self._process.kill()


async def start(pod: Mapping[str, Any], name: str) -> Container:
    """Start the container of a pod's specification; raises OSError where the kernel refuses."""
    tree = cgroups.find()
    assert tree is not None
    (container,) = pod["containers"]
    bounds = container["resources"]["limits"]
    limits = Limits(cpu_cores=int(bounds["cpu"]), memory_bytes=int(bounds["memory"]), processes=4096)
    group = tree.group(limits)
    return Container(await Process.start(Launch(_command(pod, container, group), {}, group)), group)


def _command(pod: Mapping[str, Any], container: Mapping[str, Any], group: Group) -> list[str]:
    mounts = (*layout.here().mounts, *_counted(group))
    prefix: tuple[str, ...] = ()
    if root.is_root():
        stage = root.bind(mounts, STAGE)
        mounts, prefix = stage.mounts, (*stage.prefix, *root.drop(DROPPED_TO))
    shut = ["--remount-ro", "/"] if container["securityContext"]["readOnlyRootFilesystem"] else []
    seen = [*_sights(pod, container, mounts), *shut]
    return [*prefix, "bwrap", *_walls(pod), *seen, "--", *container["command"]]


def _walls(pod: Mapping[str, Any]) -> list[str]:
    user = pod["securityContext"]
    walls = [f"--unshare-{wall}" for wall in ("user", "ipc", "pid", "uts")]
    who = ["--uid", str(user["runAsUser"]), "--gid", str(user["runAsGroup"])]
    return [*walls, "--cap-drop", "ALL", "--as-pid-1", "--die-with-parent", "--new-session", *who]


def _sights(pod: Mapping[str, Any], container: Mapping[str, Any], mounts: tuple[Mount, ...]) -> Iterator[str]:
    yield "--clearenv"
    for name, value in INJECTED.items():
        yield from ("--setenv", name, value)
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "lib", "lib64", "sbin"):
        yield from ("--symlink", f"usr/{name}", f"/{name}")
    if Path("/etc/ld.so.cache").exists():
        yield from ("--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache")
    for mount in mounts:
        yield from ("--ro-bind", str(mount.source), mount.target)
    yield from ("--proc", "/proc", "--dev", "/dev")
    sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"]}
    for mounted in container["volumeMounts"]:
        yield from ("--size", sizes[mounted["name"]], "--tmpfs", mounted["mountPath"])
    yield from ("--chdir", container["workingDir"], "--remount-ro", "/dev")


def _counted(group: Group) -> Iterator[Mount]:
    """Show a container what is counted for it, where every container runtime does."""
    for folder in group.folders:
        if (folder / "memory.oom_control").exists():
            yield Mount(folder, "/sys/fs/cgroup/memory")
        elif (folder / "memory.events").exists():
            yield Mount(folder, "/sys/fs/cgroup")
