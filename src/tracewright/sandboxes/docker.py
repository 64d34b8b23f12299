"""Runs jobs in containers of a Docker engine, or of podman behind the same interface: no network, no rights, no disk.

The kernel is shared unless the runtime brings its own (option `runtime`, as in `runsc`), and whoever may speak to a
Docker engine is root on its machine: this jail holds back jobs, not those who run us.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tracewright.blobs import Blobs, write_whole
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Isolation, Limits
from tracewright.registry import Parts
from tracewright.sandboxes._docker import owner
from tracewright.sandboxes._docker.container import Container
from tracewright.sandboxes._docker.daemon import Daemon, Engine
from tracewright.sandboxes._docker.request import ENVIRONMENT, Plan, arguments
from tracewright.sandboxes._jail import images, preflight
from tracewright.sandboxes._jail.admission import budget
from tracewright.sandboxes._jail.local import LocalOptions
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.process import Jail
from tracewright.sandboxes._jail.profile import profile
from tracewright.sandboxes._jail.sandbox import PooledSandbox

RUNTIME_LACKS = ("processes_of_tree", "supervisor")
"""What a runtime with a kernel of its own answers otherwise, as gVisor does; docs/containers.md says how."""
BUILD = "run: deploy/docker/build-image.sh"


class Options(LocalOptions):
    """What a recipe may say about this sandbox."""

    address: str = Field(default="", pattern=r"^(unix:///.+)?$")
    """The engine's socket; where it is not said, what DOCKER_HOST says, else Docker's own."""
    image: str = "tracewright-sandbox"
    runtime: str = ""
    """Another runtime than the engine's default, as `runsc` of gVisor."""
    starts: int = Field(default=4, ge=1, le=32)
    """How many containers the engine is asked to start at once; more than a few make each of them slower."""


def build(options: Options, parts: Parts) -> PooledSandbox:
    """Return a sandbox whose inputs, artifacts and proofs lie in the home of `parts`."""
    share = options.memory_share * parts.share
    return PooledSandbox(options, parts.home, lambda: _launcher(options, parts), lambda: budget(share))


@dataclass(frozen=True)
class Launcher:
    """Starts workers in containers; everything here is the same for all jails of one sandbox."""

    daemon: Daemon
    engine: Engine
    plan: Plan
    blobs: Blobs
    starts: asyncio.Semaphore
    _name: str = field(default_factory=partial(secrets.token_hex, 8))
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=partial(itertools.count, 1))

    @property
    def user_processes(self) -> int | None:
        """Return nothing: each container has its processes counted for itself."""
        return None

    async def start(self, cell: Cell) -> Jail:
        """Start a worker for the jobs of `cell`; raises SandboxError with the complaint of engine or worker."""
        return await self._start(cell, self.plan.opening(cell))

    async def proof(self, cache: Path) -> str:
        """Prove the jail on this engine; returns the id of the proof."""
        cell = Cell(Limits())
        wanted = images.wanted()
        asked = arguments(self.plan.container(cell, self.blobs, {}))
        parts = [self.engine.version, *asked, *(f"{name}=={number}" for name, number in wanted.items())]
        names = [name for name, _ in ENVIRONMENT]

        async def start() -> Jail:
            jail = await self._start(cell, {**self.plan.opening(cell), "tell": list(wanted)})
            if fault := images.unlike(jail.ready, wanted):
                await jail.end()
                raise MissingPartError(f"the image of the docker sandbox is not ours: {fault}; {BUILD}")
            return jail

        try:
            return await preflight.prove(start, cache, parts, self.isolation(), names)
        except SandboxError as error:
            told = f"the docker sandbox does not work at {self.daemon.address}: {error}; build its image anew ({BUILD})"
            raise MissingPartError(f"{told} and let its engine see the files of this machine") from error

    def isolation(self, proof: str = "") -> Isolation:
        """Return what these jails hold back."""
        return Isolation(
            backend="docker",
            level="container",
            memory="tree" if self.plan.bounds_memory else "per_process",
            processes=_bound(self.plan),
            network="none",
            seccomp=_sha256(profile()),
            preflight=proof,
            lacks=RUNTIME_LACKS if self.plan.runtime else (),
        )

    async def close(self) -> None:
        """Wait until every container is taken away, then let go of the engine."""
        while self._background:
            await asyncio.gather(*self._background, return_exceptions=True)
        self.daemon.close()

    async def _start(self, cell: Cell, opening: dict[str, Any]) -> Jail:
        """A start that is half done cannot be left: where the caller goes, it is brought to its end and ended."""
        started = asyncio.ensure_future(self._started(cell, opening))
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            self._behind(_dropped(started))
            raise

    async def _started(self, cell: Cell, opening: dict[str, Any]) -> Jail:
        request = self.plan.container(cell, self.blobs, owner.label())
        # Each start has a name that no other has, of whatever task, attempt, process or machine.
        name = f"tracewright-{self._name}-{next(self._numbers)}"
        async with self.starts:
            try:
                await self.daemon.create(name, request)
                body = await Container.attached(self.daemon, name, self._behind)
                await self.daemon.start(name)
                return await Jail.greeted(body, opening)
            except LookupError as error:
                self._behind(self.daemon.remove(name))
                raise SandboxError(f"the container could not be started: {error}") from error
            except BaseException:
                self._behind(self.daemon.remove(name))
                raise

    def _behind(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _launcher(options: Options, parts: Parts) -> Launcher:
    daemon = await asyncio.to_thread(Daemon, options.address)
    try:
        asked = daemon.engine(), daemon.image(options.image), owner.collect(daemon)
        engine, image, _ = await asyncio.gather(*asked)
        plan = _plan(options, parts.home, daemon, engine, image)
    except BaseException:
        daemon.close()
        raise
    # Processes that share the machine share its engine too.
    starts = max(1, int(options.starts * parts.share))
    return Launcher(daemon, engine, plan, Blobs(parts.home / "blobs"), asyncio.Semaphore(starts))


def _plan(options: Options, home: Path, daemon: Daemon, engine: Engine, image: str) -> Plan:
    runtime = options.runtime
    if runtime and engine.podman:
        raise MissingPartError(
            f"podman takes no runtime through its socket, found runtime = {runtime!r}; leave it out and start its"
            f" service with: podman --runtime {runtime} system service"
        )
    if runtime and runtime not in engine.runtimes:
        known = ", ".join(engine.runtimes)
        raise MissingPartError(f"the engine at {daemon.address} has no runtime {runtime!r}, only {known}; install it")
    filter_ = profile()
    if engine.podman:
        # Docker takes the text itself, podman a file of it.
        path = home / "preflight" / f"seccomp-{_sha256(filter_)[:16]}.json"
        write_whole(path, filter_)
        filter_ = str(path.resolve())
    return Plan(image, filter_, runtime, engine.podman, engine.bounds_memory, engine.bounds_processes)


async def _dropped(started: asyncio.Future[Jail]) -> None:
    jail = (await asyncio.gather(started, return_exceptions=True))[0]
    if isinstance(jail, Jail):
        await jail.end()


def _bound(plan: Plan) -> Literal["tree", "per_user", "none"]:
    if plan.runtime:
        return "none"
    return "tree" if plan.bounds_processes else "per_user"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
