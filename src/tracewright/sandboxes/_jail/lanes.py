"""Shared jails: a queue of data-only jobs, and lanes that each keep one warm worker and serve the queue in frames.

What a job did to a worker may reach the next one in it: only kinds that execute nothing they are given belong here.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from tracewright.errors import SandboxError
from tracewright.records.job import Outcome
from tracewright.sandboxes._jail.admission import Admission
from tracewright.sandboxes._jail.exchange import Question, Start, alone, hear
from tracewright.sandboxes._jail.frames import JailDiedError
from tracewright.sandboxes._jail.process import Jail

FRAME_JOBS = 32
FRAME_BYTES = 8 << 20
SHORTEST_LULL, LONGEST_LULL = 0.0003, 0.01
"""Between two looks at the answers to one frame: each look costs the worker a turn of its core."""


@dataclass(frozen=True)
class Terms:
    """What a lane's jails cost while they work, and when a worker has served long enough."""

    memory_bytes: int
    processes: int = 0
    jobs: int = 2000
    growth_bytes: int = 256 << 20


class Lanes:
    """The warm workers of all jobs that may share a jail with each other."""

    def __init__(self, start: Start, admission: Admission, terms: Terms, lanes: int) -> None:
        self._queue: deque[_Ticket] = deque()
        self._arrived = asyncio.Event()
        self._lanes = [_Lane(start, admission, terms) for _ in range(lanes)]
        self._tasks = [asyncio.create_task(self._work(lane)) for lane in self._lanes]

    @property
    def idle(self) -> bool:
        """Say whether nothing is queued or at work, so that these workers could be spared."""
        return not self._queue and not any(lane.batch for lane in self._lanes)

    async def run(self, question: Question) -> Outcome:
        """Queue one question and wait for its outcome."""
        ticket = _Ticket(question)
        self._queue.append(ticket)
        self._arrived.set()
        return await ticket.answer

    async def close(self) -> None:
        """End the workers; whatever still waits is told that the sandbox was closed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        _fail(self._queue, SandboxError("the sandbox was closed before the job ran"))

    async def _work(self, lane: _Lane) -> None:
        try:
            while True:
                lane.batch = await self._take()
                if not lane.batch:
                    continue
                try:
                    await lane.serve()
                finally:
                    # What the lane could not ask, for no fault of its own, goes back to where it was.
                    self._queue.extendleft(reversed(lane.batch))
                    lane.batch.clear()
        finally:
            await lane.end()

    async def _take(self) -> deque[_Ticket]:
        """Take what waits, at most one frame full, and leave the other lanes their share."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        share = min(FRAME_JOBS, -(-len(self._queue) // len(self._lanes)))
        batch: deque[_Ticket] = deque()
        size = 0
        while self._queue and len(batch) < share and size < FRAME_BYTES:
            ticket = self._queue.popleft()
            # Whoever asked may have gone in the meantime.
            if not ticket.answer.done():
                batch.append(ticket)
                size += sum(map(len, ticket.question.job.files.values()))
        return batch


@dataclass(frozen=True)
class _Ticket:
    question: Question
    answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Lane:
    """One warm worker, and the batch that it is at."""

    def __init__(self, start: Start, admission: Admission, terms: Terms) -> None:
        self._start = start
        self._admission = admission
        self._terms = terms
        self._jail: Jail | None = None
        self._first_resident = 0
        self.batch: deque[_Ticket] = deque()

    async def serve(self) -> None:
        """Answer the batch from its front, until it is empty or the jail is lost."""
        try:
            async with self._admission.admit(self._terms.memory_bytes, self._terms.processes):
                await self._exchange()
        except Exception as error:  # noqa: BLE001  # a lane that ended silently would let its jobs wait for ever
            # No jail, no place for it, or a worker that lied: the first pays; the rest is asked again.
            _fail([self.batch.popleft()] if self.batch else [], error)
            with suppress(Exception):  # a jail that cannot be taken away must not end the lane with it
                await self.end()

    async def end(self) -> None:
        """End the worker; the next batch starts a new one."""
        jail, self._jail = self._jail, None
        if jail:
            await jail.end()

    async def _exchange(self) -> None:
        self._jail = jail = self._jail or await self._start()
        fresh = jail.served == 0
        whole = len(self.batch)
        try:
            marks = await jail.ask([ticket.question.payload() for ticket in self.batch])
            began = time.monotonic()
            for answered, mark in enumerate(marks, start=1):
                outcome = await hear(jail, self.batch[0].question, mark)
                _settle(self.batch.popleft(), outcome)
                if not jail.usable:
                    break
                lull = _lull(time.monotonic() - began, answered, whole)
                if lull > SHORTEST_LULL:
                    jail.look_away(lull)
        except JailDiedError:
            await self.end()
            first = fresh and len(self.batch) == whole
            await self._ask_alone(deaths=1 if first else 0)
        if self._worn(jail):
            await self.end()

    async def _ask_alone(self, deaths: int) -> None:
        """Whoever was at work when the jail died is asked again where it can harm nobody else."""
        outcome = await alone(self._start, self.batch[0].question, deaths)
        _settle(self.batch.popleft(), outcome)

    def _worn(self, jail: Jail) -> bool:
        if jail.served <= FRAME_JOBS:
            self._first_resident = jail.resident_bytes
        grown = jail.resident_bytes - self._first_resident
        return not jail.usable or jail.served >= self._terms.jobs or grown > self._terms.growth_bytes


def _lull(elapsed: float, answered: int, whole: int) -> float:
    """Return half the seconds that the rest of a frame should take: so the last answers wait for nobody."""
    return min(LONGEST_LULL, elapsed / answered * (whole - answered) / 2)


def _settle(ticket: _Ticket, outcome: Outcome) -> None:
    if not ticket.answer.done():
        ticket.answer.set_result(outcome)


def _fail(tickets: Iterable[_Ticket], error: Exception) -> None:
    for ticket in tickets:
        if not ticket.answer.done():
            ticket.answer.set_exception(error)
