"""Runs jobs in pods of a Kubernetes cluster: a Job of its own for whatever executes code, a warm worker pod for data.

What a pod holds back is for its node to hold: the kernel is shared unless `runtime_class` brings another, and the
interface of a pod is shut by us alone (no socket can be made) where the cluster's network knows no policies.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.registry import Parts, module_path
from tracewright.sandboxes._jail import images, preflight, seccomp
from tracewright.sandboxes._jail.admission import Admission
from tracewright.sandboxes._jail.cgroups import SCAFFOLD
from tracewright.sandboxes._jail.exchange import Question
from tracewright.sandboxes._jail.layout import INPUTS, SCRATCH, SHARED_MEMORY, WORKSPACE
from tracewright.sandboxes._jail.pool import Cell, Pool
from tracewright.sandboxes._jail.process import Jail
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


class Options(manifests.Shape):
    """What a recipe may say about this sandbox; who we are to the cluster stands in the kubeconfig alone."""

    context: str = ""
    """An entry of the kubeconfig; empty takes the current one, or the service account of the pod that we are in."""
    workers: int = Field(default=1, ge=1, le=64)
    jobs_per_worker: int = Field(default=2000, ge=1)
    memory_bytes: int = Field(default=16 * GIB, gt=0)
    """How much all pods of this sandbox may ask for at once."""
    start_seconds: float = Field(default=120.0, gt=0)
    """How long a pod may wait for a node and its image."""


def build(options: Options, parts: Parts) -> KubernetesSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    return KubernetesSandbox(options, parts.home, parts.share)


class KubernetesSandbox:
    """A jail for jobs; belongs to the event loop in which it was first used."""

    def __init__(self, options: Options, home: Path, share: float = 1.0) -> None:
        self._options = options
        self._share = share
        self._home = home
        self._blobs = Blobs(home / "blobs")
        self._module = cache(partial(module_path, "jobs"))
        self._proving = asyncio.Lock()
        self._ready: tuple[Pool, Isolation] | None = None
        self._launcher: Launcher | None = None

    async def preflight(self) -> Isolation:
        """Prove in one pod that the jail holds, once; raises MissingPartError with the failing probe and the fix."""
        return (await self._prepared())[1]

    async def run(self, job: Job) -> Outcome:
        """Run one job; raises UsageError for what cannot be asked, SandboxError where the cluster kept failing."""
        module = self._module(job.kind)
        longest = self._options.deadline_seconds - MARGIN_SECONDS
        if job.limits.wall_seconds > longest:
            raise UsageError(
                f"a job may run {job.limits.wall_seconds:g} s, pods here {longest} s; raise deadline_seconds"
            )
        pool, isolation = self._ready or await self._prepared()
        question = Question(job, module, isolation, self._blobs.put)
        return await _tried(lambda: pool.run(question))

    async def close(self) -> None:
        """End every pod; safe to call twice."""
        if self._ready:
            await self._ready[0].close()
        if self._launcher:
            await self._launcher.cluster.close()

    async def _prepared(self) -> tuple[Pool, Isolation]:
        async with self._proving:
            if self._ready is None:
                launcher = self._launcher = self._launcher or self._found()
                isolation = launcher.isolation(await _proof(launcher, self._home / "preflight"))
                admission = Admission(int(self._options.memory_bytes * self._share))
                pool = Pool(launcher.start, admission, self._options.workers, self._options.jobs_per_worker)
                self._ready = pool, isolation
            return self._ready

    def _found(self) -> Launcher:
        if not self._options.image:
            raise MissingPartError(
                "the kubernetes sandbox needs an image by digest; build one as docs/kubernetes.md says, push it, and"
                " set the option `image` to registry/name@sha256:…"
            )
        cluster = Cluster(self._options.context, self._options.namespace)
        # No family of sockets: what a pod could reach is for its cluster to say, so it reaches nothing at all.
        return Launcher(self._options, cluster, seccomp.program(families=()), self._blobs)


class Launcher:
    """Starts workers in pods; everything here is the same for all pods of one sandbox."""

    def __init__(self, options: Options, cluster: Cluster, program: bytes, blobs: Blobs) -> None:
        self.options = options
        self.cluster = cluster
        self.filter = program
        self._blobs = blobs

    async def start(self, cell: Cell, tell: tuple[str, ...] = ()) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with what the cluster says of its pod."""
        inputs = self._inputs(cell)
        return await _tried(lambda: self._started(cell, inputs, tell))

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

    async def _started(self, cell: Cell, inputs: Mapping[str, bytes], tell: tuple[str, ...]) -> Jail:
        name = f"tracewright-{secrets.token_hex(8)}"
        try:
            pod = await self._running(name, cell, sum(map(len, inputs.values())))
            body = PodBody(self.cluster, name, pod)
        except BaseException:
            await asyncio.shield(self.cluster.delete(name))
            raise
        try:
            await body.connect()
        except BaseException:
            await asyncio.shield(body.kill())
            raise
        return await Jail.greeted(body, self._opening(cell, inputs, tell), b"".join(inputs.values()))

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
        inputs: dict[str, bytes] = {}
        for name, sha256 in cell.inputs:
            if not re.fullmatch(r"\w[\w.-]{0,127}", name, re.ASCII):
                raise UsageError(f"an input's name must be letters, digits, '_', '.' and '-', found {name[:80]!r}")
            path = self._blobs.path(sha256)
            if not path.is_file():
                raise SandboxError(f"the input {name!r} is not among the blobs: {path} does not exist")
            inputs[f"{INPUTS}/{name}"] = path.read_bytes()
        if (size := sum(map(len, inputs.values()))) > INPUT_BYTES:
            raise UsageError(f"inputs of {size} bytes; at most {INPUT_BYTES} are sent to a pod: use another sandbox")
        return inputs

    def _opening(self, cell: Cell, inputs: Mapping[str, bytes], tell: tuple[str, ...]) -> dict[str, Any]:
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
            "sent": {path: len(data) for path, data in inputs.items()},
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


async def _proof(launcher: Launcher, cache: Path) -> str:
    cell = Cell(Limits())
    manifest = manifests.job("proof", launcher.options, cell.limits)
    wanted = images.wanted()
    parts = [
        launcher.options.context,
        json.dumps(manifest),
        hashlib.sha256(launcher.filter).hexdigest(),
        *wanted.values(),
    ]

    async def start() -> Jail:
        jail = await launcher.start(cell, tuple(wanted))
        if fault := images.unlike(jail.ready, wanted):
            await jail.end()
            raise MissingPartError(
                f"the image of the kubernetes sandbox is not ours: {fault}; build it anew and push it"
            )
        return jail

    try:
        return await preflight.prove(
            start, cache, parts, launcher.isolation(), list(manifests.environment(launcher.options))
        )
    except SandboxError as error:
        raise MissingPartError(f"the kubernetes sandbox does not work here: {error}") from error
