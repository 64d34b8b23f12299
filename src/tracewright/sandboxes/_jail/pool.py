"""Decides which jail a job gets: a shared warm worker for data, a fresh one for whatever executes code."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from tracewright.errors import SandboxError, TracewrightError
from tracewright.records.job import Job, Limits, Outcome
from tracewright.sandboxes._jail.admission import Admission
from tracewright.sandboxes._jail.cgroups import SCAFFOLD
from tracewright.sandboxes._jail.exchange import Question, alone
from tracewright.sandboxes._jail.lanes import Lanes, Terms
from tracewright.sandboxes._jail.process import Jail

SHARED_CELLS = 8
"""How many kinds of shared jails stay warm; the one used longest ago makes room."""

REFILL_SECONDS = 0.05
"""The next jail is made when a job is over, or after so long: most jobs are done by then, and want the cores."""


class PoolOptions(BaseModel):
    """What a recipe may say about any sandbox that pools its jails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=1, ge=1, le=64)
    """Warm jails for data-only jobs."""
    jobs_per_worker: int = Field(default=2000, ge=1)
    spares: int = Field(default=1, ge=0, le=64)
    """Jails that are made ahead for jobs that want one of their own."""

    @property
    def most_waiting(self) -> int:
        """Return how many jails may wait for a job at once."""
        return self.workers * SHARED_CELLS + self.spares


@dataclass(frozen=True)
class Cell:
    """What two jobs must have in common to share a jail: its limits and what is mounted in it."""

    limits: Limits
    inputs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, job: Job) -> Cell:
        """Return the cell that a job needs; time and kept output are counted for each job, not for the jail."""
        same = {"wall_seconds": Limits().wall_seconds, "output_bytes": Limits().output_bytes}
        return cls(job.limits.model_copy(update=same), tuple(sorted(job.inputs.items())))

    @property
    def processes(self) -> int:
        """Return how many processes a jail of this kind may have, its own among them."""
        return self.limits.processes + SCAFFOLD


StartCell = Callable[[Cell], Coroutine[None, None, Jail]]


@dataclass(frozen=True)
class _Spare:
    """A jail that nobody used yet, or that is still being made."""

    cell: Cell
    making: asyncio.Task[Jail]


class Pool:
    """The jails of one sandbox. Made and used inside one running event loop."""

    def __init__(self, start: StartCell, admission: Admission, options: PoolOptions) -> None:
        self._start = start
        self._admission = admission
        self._options = options
        self._shared: dict[Cell, Lanes] = {}
        self._spares: deque[_Spare] = deque()
        self._running: set[asyncio.Task[Outcome]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, question: Question) -> Outcome:
        """Run one question; cancelling the caller ends a jail of its own, and lets a shared one finish.

        The outcome of a jail that held is returned while the jail is taken away, which `close` waits for.
        """
        if self._closed:
            raise SandboxError("the sandbox was closed; build a new one")
        cell = Cell.of(question.job)
        if question.job.isolation != "oneshot":
            return await self._lanes(cell).run(question)
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._fresh(cell, question, told))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(partial(_pass_on, told))
        try:
            return await told
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise

    async def close(self) -> None:
        """End every jail."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.gather(*(lanes.close() for lanes in self._shared.values()))
        self._shared.clear()
        while self._spares:
            self._behind(_drop(self._spares.popleft()))
        await asyncio.gather(*self._background, return_exceptions=True)

    def _lanes(self, cell: Cell) -> Lanes:
        lanes = self._shared.pop(cell, None)
        if lanes is None:
            self._make_room()
            terms = Terms(cell.limits.memory_bytes, cell.processes, self._options.jobs_per_worker)
            lanes = Lanes(partial(self._start, cell), self._admission, terms, self._options.workers)
        # A dictionary keeps the order of insertion: the cell used last is always at its end.
        self._shared[cell] = lanes
        return lanes

    def _make_room(self) -> None:
        idle = [cell for cell, lanes in self._shared.items() if lanes.idle]
        for cell in idle[: max(0, len(self._shared) + 1 - SHARED_CELLS)]:
            self._behind(self._shared.pop(cell).close())

    async def _fresh(self, cell: Cell, question: Question, told: asyncio.Future[Outcome]) -> Outcome:
        refill = partial(self._refill, cell, question.module)
        # What a jail may hold counts until it is gone, however early its outcome is known.
        async with self._admission.admit(cell.limits.memory_bytes, cell.processes):
            later = asyncio.get_running_loop().call_later(REFILL_SECONDS, refill)

            def tell(outcome: Outcome) -> None:
                later.cancel()
                if not told.done():
                    told.set_result(outcome)
                refill()

            return await alone(partial(self._take, cell), question, tell=tell)

    async def _take(self, cell: Cell) -> Jail:
        """Return a jail that nobody used."""
        for spare in [spare for spare in self._spares if spare.cell == cell]:
            self._spares.remove(spare)
            try:
                jail = await _made(spare)
            except asyncio.CancelledError:
                self._spares.append(spare)
                raise
            if jail and not jail.over:
                return jail
            if jail:
                # It died while it waited, which says nothing about any job.
                await jail.end()
        return await self._start(cell)

    def _refill(self, cell: Cell, module: str) -> None:
        """Make a jail for the next job like this one, as long as no job waits for the memory that it may need."""
        # Inputs make a cell so particular that the next job will hardly need the same.
        fits = self._options.spares and self._admission.spares(cell.limits.memory_bytes)
        if self._closed or cell.inputs or not fits:
            return
        while len(self._spares) >= self._options.spares:
            if all(spare.cell == cell for spare in self._spares):
                return
            other = next(spare for spare in self._spares if spare.cell != cell)
            self._spares.remove(other)
            self._behind(_drop(other))
        self._spares.append(_Spare(cell, asyncio.create_task(self._prepared(cell, module))))

    async def _prepared(self, cell: Cell, module: str) -> Jail:
        jail = await self._start(cell)
        try:
            await jail.prepare(module)
        except BaseException:
            await jail.end()
            raise
        return jail

    def _behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _pass_on(told: asyncio.Future[Outcome], task: asyncio.Task[Outcome]) -> None:
    """Tell what came of a task to whoever was not told before its end."""
    if told.done():
        return
    if task.cancelled():
        told.cancel()
    elif error := task.exception():
        told.set_exception(error)
    else:
        told.set_result(task.result())


async def _made(spare: _Spare) -> Jail | None:
    try:
        return await asyncio.shield(spare.making)
    except TracewrightError:
        return None


async def _drop(spare: _Spare) -> None:
    jail = await _made(spare)
    if jail:
        await jail.end()
