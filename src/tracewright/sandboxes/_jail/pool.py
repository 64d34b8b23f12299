"""Decides which jail a job gets: a shared warm worker for data, a fresh one for whatever executes code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from tracewright.errors import SandboxError, TracewrightError
from tracewright.records.job import Job, Limits, Outcome
from tracewright.sandboxes._jail.admission import Admission
from tracewright.sandboxes._jail.exchange import Question, alone
from tracewright.sandboxes._jail.lanes import Lanes, Terms
from tracewright.sandboxes._jail.process import Jail

SHARED_CELLS = 8
"""How many kinds of shared jails stay warm; the one used longest ago makes room."""


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


StartCell = Callable[[Cell], Coroutine[None, None, Jail]]


class Pool:
    """The jails of one sandbox. Made and used inside one running event loop."""

    def __init__(self, start: StartCell, admission: Admission, workers: int, jobs_per_worker: int) -> None:
        self._start = start
        self._admission = admission
        self._workers = workers
        self._jobs_per_worker = jobs_per_worker
        self._shared: dict[Cell, Lanes] = {}
        self._spare: tuple[Cell, asyncio.Task[Jail]] | None = None
        self._running: set[asyncio.Task[Outcome]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, question: Question) -> Outcome:
        """Run one question; cancelling the caller ends a jail of its own, and lets a shared one finish."""
        if self._closed:
            raise SandboxError("the sandbox was closed; build a new one")
        cell = Cell.of(question.job)
        if question.job.isolation != "oneshot":
            return await self._lanes(cell).run(question)
        task = asyncio.create_task(self._fresh(cell, question))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await task

    async def close(self) -> None:
        """End every jail."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.gather(*(lanes.close() for lanes in self._shared.values()))
        self._shared.clear()
        if self._spare:
            self._behind(_drop(self._spare[1]))
        await asyncio.gather(*self._background, return_exceptions=True)

    def _lanes(self, cell: Cell) -> Lanes:
        lanes = self._shared.pop(cell, None)
        if lanes is None:
            self._make_room()
            terms = Terms(cell.limits.memory_bytes, self._jobs_per_worker)
            lanes = Lanes(partial(self._start, cell), self._admission, terms, self._workers)
        # A dictionary keeps the order of insertion: the cell used last is always at its end.
        self._shared[cell] = lanes
        return lanes

    def _make_room(self) -> None:
        idle = [cell for cell, lanes in self._shared.items() if lanes.idle]
        for cell in idle[: max(0, len(self._shared) + 1 - SHARED_CELLS)]:
            self._behind(self._shared.pop(cell).close())

    async def _fresh(self, cell: Cell, question: Question) -> Outcome:
        async with self._admission.admit(cell.limits.memory_bytes):
            return await alone(partial(self._take_spare, cell), question)

    async def _take_spare(self, cell: Cell) -> Jail:
        """Return a jail that nobody used, and have the next one made while this one works."""
        spare, self._spare = self._spare, None
        jail = None
        if spare and spare[0] == cell:
            jail = await _made(spare[1])
        elif spare:
            self._behind(_drop(spare[1]))
        jail = jail or await self._start(cell)
        self._make_spare(cell)
        return jail

    def _make_spare(self, cell: Cell) -> None:
        # Inputs make a cell so particular that the next job will hardly need the same.
        if self._spare is None and not cell.inputs and not self._closed:
            self._spare = cell, asyncio.create_task(self._start(cell))

    def _behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _made(spare: asyncio.Task[Jail]) -> Jail | None:
    try:
        return await asyncio.shield(spare)
    except TracewrightError:
        return None


async def _drop(spare: asyncio.Task[Jail]) -> None:
    jail = await _made(spare)
    if jail:
        await jail.end()
