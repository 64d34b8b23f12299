"""A node for the fake cluster that really runs pods: podman makes the one container of a pod's specification.

It is no kubelet. What podman's own `kube play` leaves out is asked for field by field: an open stdin, folders with a
size. The pod shares this machine's network on purpose: what shuts it must be what the worker does.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import daemons
from tests.sandboxes.nodes import INJECTED
from tracewright.sandboxes._jail.process import OUT_OF_MEMORY

IMAGE = "registry.example/tracewright-worker"
PROCESSES = 4096
END_SECONDS = 10.0


class Podman:
    """A podman with a store of its own, which has the image that docs/kubernetes.md tells how to make."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "CONTAINERS_CONF": str(daemons.settle(folder))}
        self.image = self._built(daemons.image())

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a call."""
        return ["podman", "--root", f"{self._folder}/data", "--runroot", f"{self._folder}/run", *arguments]

    def call(self, *arguments: str) -> str:
        """Call podman and return what it printed; raises CalledProcessError with its complaint."""
        called = self._run(self.command(*arguments), check=True)
        return called.stdout.strip()

    async def ask(self, *arguments: str) -> str:
        """Call podman as `call` does, and let others work meanwhile."""
        pipe = asyncio.subprocess.PIPE
        called = await asyncio.create_subprocess_exec(
            *self.command(*arguments), stdout=pipe, stderr=pipe, env=self._environment
        )
        printed, complaint = await called.communicate()
        if called.returncode:
            raise subprocess.CalledProcessError(called.returncode, arguments, stderr=complaint.decode().strip())
        return printed.decode().strip()

    async def attached(self, container: str) -> asyncio.subprocess.Process:
        """Start a container and return the process that holds its three pipes."""
        pipe = asyncio.subprocess.PIPE
        started = self.command("start", "--attach", "--interactive", container)
        return await asyncio.create_subprocess_exec(
            *started,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self._environment,
            # Podman's monitor writes a file where it stands when memory runs out.
            cwd=self._folder,
            limit=1 << 20,
        )

    def played(self, pod: Mapping[str, Any], container: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Let `podman kube play` run a pod until it ends; return how it ended, and what held it back."""
        manifest = self._folder / "pod.json"
        manifest.write_text(json.dumps(pod))
        self.call("kube", "play", "--network", "none", str(manifest))
        try:
            self.call("wait", container)
            (seen,) = json.loads(self.call("inspect", container))
        finally:
            self.call("kube", "down", str(manifest))
        return seen["State"], seen["HostConfig"]

    def close(self) -> None:
        """End all containers and let go of the store."""
        for what in ("container", "pod"):
            self._run(self.command(what, "rm", "--all", "--force"))
        for mounted in sorted(_mounts_below(self._folder), reverse=True):
            self._run(["umount", "--lazy", mounted])
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command: list[str], check: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=check)

    def _built(self, tree: Path) -> str:
        """Return the image by its digest: the libraries as they are kept, and our package as it is now."""
        self.call("import", str(tree), f"{IMAGE}:libraries")
        (self._folder / "Dockerfile").write_text(
            f"FROM {IMAGE}:libraries\nCOPY tracewright /opt/tracewright/tracewright\n"
        )
        file = str(self._folder / "Dockerfile")
        self.call(
            "build", "--quiet", "--network=none", "--tag", f"{IMAGE}:latest", "--file", file, str(daemons.ROOT / "src")
        )
        self.call("run", "--rm", "--network=none", f"{IMAGE}:latest", "true")
        return f"{IMAGE}@{self.call('image', 'inspect', '--format', '{{.Digest}}', f'{IMAGE}:latest')}"


@cache
def _found() -> Podman | str:
    """Return the one podman of this process, or why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="tracewright-node-"))
    try:
        daemons.require("podman", "pods")
        made = Podman(folder)
    except (pytest.skip.Exception, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return str(getattr(error, "stderr", error))
    atexit.register(made.close)
    return made


def podman() -> Podman:
    """Return the one podman of this process; skips where there is none to be had."""
    found = _found()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def usable() -> bool:
    """Say whether pods run in podman here."""
    return not isinstance(_found(), str)


def options() -> dict[str, Any]:
    """Return the options that fit the image."""
    return {"image": podman().image, "runtime_class": ""}


class Container:
    """A pod's container at work."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    async def read(self) -> bytes:
        """Return some of what the worker prints; nothing at its end."""
        assert self._process.stdout
        return await self._process.stdout.read(1 << 15)

    async def write(self, data: bytes) -> None:
        """Send bytes to the worker."""
        assert self._process.stdin
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    def hang_up(self) -> None:
        """Let the worker's stdin end."""
        assert self._process.stdin
        self._process.stdin.close()

    async def complaint(self) -> str:
        """Return the last that was said on stderr."""
        assert self._process.stderr
        return (await self._process.stderr.read(4096)).decode(errors="replace")

    async def ended(self) -> None:
        """Wait until the container has ended."""
        await self._process.wait()

    async def out_of_memory(self) -> bool:
        """Say whether the container was ended for want of memory; what podman misses, its first process tells."""
        try:
            seen = await podman().ask("inspect", "--format", "{{.State.OOMKilled}} {{.State.ExitCode}}", self._name)
        except subprocess.CalledProcessError:
            return False  # it was taken away already
        killed, code = seen.split()
        # Nobody else kills the first process of a container that is still there.
        return killed == "true" or int(code) in {OUT_OF_MEMORY, 128 + signal.SIGKILL}

    async def kill(self) -> None:
        """End it and take it away; safe to call twice."""
        await podman().ask("rm", "--force", "--ignore", "--time", "0", self._name)
        await self._process.wait()


async def start(pod: Mapping[str, Any], name: str) -> Container:
    """Start the container of a pod's specification; raises CalledProcessError where podman refuses."""
    await podman().ask("create", *_arguments(pod, name))
    return Container(name, await podman().attached(name))


def _arguments(pod: Mapping[str, Any], name: str) -> list[str]:
    (container,) = pod["containers"]
    limits = container["resources"]["limits"]
    user = pod["securityContext"]
    arguments = ["--name", name, "--user", f"{user['runAsUser']}:{user['runAsGroup']}", "--network", "host"]
    arguments += ["--memory", limits["memory"], "--memory-swap", limits["memory"], "--cpus", limits["cpu"]]
    arguments += ["--pids-limit", str(PROCESSES), "--log-driver", "none", "--workdir", container["workingDir"]]
    arguments += [*_walls(container["securityContext"]), *_folders(pod, container)]
    if container["stdin"]:
        arguments.append("--interactive")
    for server in pod["dnsConfig"]["nameservers"]:
        arguments += ["--dns", server]
    for variable, value in INJECTED.items():
        arguments += ["--env", f"{variable}={value}"]
    return [*arguments, "--entrypoint", json.dumps(container["command"]), container["image"]]


def _walls(context: Mapping[str, Any]) -> Iterator[str]:
    for right in context["capabilities"]["drop"]:
        yield from ("--cap-drop", right)
    if not context["allowPrivilegeEscalation"]:
        yield from ("--security-opt", "no-new-privileges")
    if context["readOnlyRootFilesystem"]:
        yield from ("--read-only", "--read-only-tmpfs=false")


def _folders(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"]}
    for mounted in container["volumeMounts"]:
        yield from ("--tmpfs", f"{mounted['mountPath']}:rw,exec,mode=0777,size={sizes[mounted['name']]}")


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]
