"""Runs jobs in pods of a Kubernetes cluster: a Job of its own for whatever executes code, a warm worker pod for data.

What a pod holds back is for its node to hold: the kernel is shared unless `runtime_class` brings another, and the
interface of a pod is shut by us alone (no socket can be made) where the cluster's network knows no policies.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes._jail import images, inputs, preflight, seccomp
from tracewright.sandboxes._jail.cgroups import SCAFFOLD
from tracewright.sandboxes._jail.layout import SCRATCH, SHARED_MEMORY, WORKSPACE
from tracewright.sandboxes._jail.pool import Cell, PoolOptions
from tracewright.sandboxes._jail.process import Jail
from tracewright.sandboxes._jail.sandbox import PooledSandbox
from tracewright.sandboxes._kubernetes import manifests
from tracewright.sandboxes._kubernetes.api import Cluster, first
from tracewright.sandboxes._kubernetes.fates import LostPodError, fate, told
from tracewright.sandboxes._kubernetes.pod import PodBody

Found = TypeVar("Found")

GIB = 1 << 30
OPEN_FILES = 256
INPUT_BYTES = 64 << 20
"""Inputs travel through the API server, which is no place for more."""
TRIES = 4
PAUSE_SECONDS = 0.5
MARGIN_SECONDS = 30
LACKS = ("end_with_controller", "network_namespace", "processes_of_tree")


class Options(manifests.Shape, PoolOptions):
    """What a recipe may say about this sandbox; who we are to the cluster stands in the kubeconfig alone."""

    context: str = ""
    """An entry of the kubeconfig; empty takes the current one, or the service account of the pod that we are in."""
    memory_bytes: int = Field(default=16 * GIB, gt=0)
    """How much all pods of this sandbox may ask for at once."""
    start_seconds: float = Field(default=120.0, gt=0)
    """How long a pod may wait for a node and its image."""


def build(options: Options, parts: Parts) -> KubernetesSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return KubernetesSandbox(options, parts)


class KubernetesSandbox(PooledSandbox):
    """A jail for jobs that asks again where the cluster lost a pod."""

    def __init__(self, options: Options, parts: Parts) -> None:
        budget = int(options.memory_bytes * parts.share)
        super().__init__(options, parts.home, lambda: _launcher(options, Blobs(parts.home / "blobs")), lambda: budget)
        self._longest = options.deadline_seconds - MARGIN_SECONDS

    async def run(self, job: Job) -> Outcome:
        """Run one job; raises UsageError for what cannot be asked, SandboxError where the cluster kept failing."""
        if job.limits.wall_seconds > self._longest:
            raise UsageError(
                f"a job may run {job.limits.wall_seconds:g} s, pods here {self._longest} s; raise deadline_seconds"
            )
        return await _tried(partial(super().run, job))


class Launcher:
    """Starts workers in pods; everything here is the same for all pods of one sandbox."""

    def __init__(self, options: Options, cluster: Cluster, program: bytes, blobs: Blobs) -> None:
        self.options = options
        self.cluster = cluster
        self.filter = program
        self._blobs = blobs

    @property
    def user_processes(self) -> int | None:
        """Return nothing: what else its user runs on a node is not for us to know."""
        return None

    async def start(self, cell: Cell, tell: tuple[str, ...] = ()) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with what the cluster says of its pod."""
        given = self._inputs(cell)
        return await _tried(lambda: self._started(cell, given, tell))

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back, and what no pod can promise."""
        return Isolation(
            backend="kubernetes",
            level="container",
            memory="tree",
            processes="per_user",
            network="none",
            seccomp=hashlib.sha256(self.filter).hexdigest(),
            preflight=proof,
            lacks=LACKS,
        )

    async def proof(self, cache: Path) -> str:
        """Prove the jail in one pod; returns the id of the proof."""
        cell = Cell(Limits())
        manifest = manifests.job("proof", self.options, cell.limits)
        wanted = images.wanted()
        parts = [
            self.options.context,
            json.dumps(manifest),
            hashlib.sha256(self.filter).hexdigest(),
            *wanted.values(),
        ]

        async def start() -> Jail:
            jail = await self.start(cell, tuple(wanted))
            if fault := images.unlike(jail.ready, wanted):
                await jail.end()
                raise MissingPartError(
                    f"the image of the kubernetes sandbox is not ours: {fault}; build it anew and push it"
                )
            return jail

        try:
            return await preflight.prove(
                start, cache, parts, self.isolation(), list(manifests.environment(self.options))
            )
        except SandboxError as error:
            raise MissingPartError(f"the kubernetes sandbox does not work here: {error}") from error

    async def close(self) -> None:
        """Let go of the cluster."""
        await self.cluster.close()

    async def _started(self, cell: Cell, given: Mapping[str, bytes], tell: tuple[str, ...]) -> Jail:
        name = f"tracewright-{secrets.token_hex(8)}"
        try:
            pod = await self._running(name, cell, sum(map(len, given.values())))
            body = PodBody(self.cluster, name, pod)
        except BaseException:
            await asyncio.shield(self.cluster.delete(name))
            raise
        try:
            await body.connect()
        except BaseException:
            await asyncio.shield(body.kill())
            raise
        return await Jail.greeted(body, self._opening(cell, given, tell), b"".join(given.values()))

    async def _running(self, name: str, cell: Cell, inputs_bytes: int) -> str:
        """Create a Job and return the name of its pod once the worker runs."""
        await self.cluster.create(manifests.job(name, self.options, cell.limits, inputs_bytes))
        try:
            async with asyncio.timeout(self.options.start_seconds):
                sight = await first(self.cluster.sights(name), lambda seen: fate(seen) != "waiting")
        except TimeoutError as error:
            raise LostPodError(
                f"no pod of the job {name} was running after {self.options.start_seconds:g} s;"
                f" look with: kubectl -n {self.options.namespace} describe jobs,pods"
            ) from error
        match fate(sight):
            case "running" if sight:
                return sight.name
            case "image" | "evicted" | "gone":
                raise LostPodError(f"the pod of the job {name} did not start: {told(sight)}")
            case _:
                raise SandboxError(f"the pod of the job {name} cannot run: {told(sight)}")

    def _inputs(self, cell: Cell) -> dict[str, bytes]:
        found = {mount.target: mount.source.read_bytes() for mount in inputs.mounts(cell, self._blobs)}
        if (size := sum(map(len, found.values()))) > INPUT_BYTES:
            raise UsageError(f"inputs of {size} bytes; at most {INPUT_BYTES} are sent to a pod: use another sandbox")
        return found

    def _opening(self, cell: Cell, given: Mapping[str, bytes], tell: tuple[str, ...]) -> dict[str, Any]:
        """Tell the worker which limits and which filter to put on itself and on all that it starts."""
        limits = {
            "CORE": 0,
            "FSIZE": cell.limits.file_bytes,
            "NOFILE": OPEN_FILES,
            "NPROC": cell.limits.processes + SCAFFOLD,
        }
        return {
            "limits": limits,
            "folders": [WORKSPACE, SCRATCH, SHARED_MEMORY],
            "sweep": True,
            "filter": self.filter.hex(),
            "sent": {path: len(data) for path, data in given.items()},
            "tell": list(tell),
        }


async def _tried(work: Callable[[], Awaitable[Found]]) -> Found:
    """Try again, each time after a longer pause, where the cluster lost a pod; the last failure is raised."""
    for attempt in range(TRIES - 1):
        try:
            return await work()
        except LostPodError:
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
    return await work()


async def _launcher(options: Options, blobs: Blobs) -> Launcher:
    if not options.image:
        raise MissingPartError(
            "the kubernetes sandbox needs an image by digest; build one as docs/kubernetes.md says, push it, and"
            " set the option `image` to registry/name@sha256:…"
        )
    cluster = Cluster(options.context, options.namespace)
    # No family of sockets: what a pod could reach is for its cluster to say, so it reaches nothing at all.
    return Launcher(options, cluster, seccomp.program(families=()), blobs)
