"""Lets jobs in only while the sum of their memory limits stays under a share of the machine's memory.

Where the kernel counts the processes of all jobs together, the sum of theirs is kept as well.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tracewright.errors import SandboxError

SHARE = 0.8


class Admission:
    """A gate that counts bytes, and processes where a number is given; whoever came first goes in first."""

    def __init__(self, budget: int, processes: int | None = None) -> None:
        self.budget = budget
        self._processes = processes
        self._free = budget
        self._free_processes = processes or 0
        self._waiting: deque[tuple[int, int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, memory_bytes: int, processes: int = 0) -> AsyncIterator[None]:
        """Hold `memory_bytes` of the budget; raises SandboxError where the whole budget is smaller.

        Whoever may have more processes than all together is let in alone.
        """
        if memory_bytes > self.budget:
            raise SandboxError(
                f"the job may use {memory_bytes >> 20} MiB, this machine admits {self.budget >> 20} MiB at once;"
                " lower limits.memory_bytes or use a larger machine"
            )
        processes = min(processes, self._processes) if self._processes is not None else 0
        await self._enter(memory_bytes, processes)
        try:
            yield
        finally:
            self._take(-memory_bytes, -processes)
            self._let_in()

    def spares(self, memory_bytes: int) -> bool:
        """Say whether `memory_bytes` are free and nobody waits for them."""
        return not self._waiting and memory_bytes <= self._free

    async def _enter(self, memory_bytes: int, processes: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((memory_bytes, processes, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._take(-memory_bytes, -processes)
            self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting:
            memory_bytes, processes, turn = self._waiting[0]
            if not turn.done() and (memory_bytes > self._free or processes > self._free_processes):
                return
            self._waiting.popleft()
            if not turn.done():
                self._take(memory_bytes, processes)
                turn.set_result(None)

    def _take(self, memory_bytes: int, processes: int) -> None:
        self._free -= memory_bytes
        self._free_processes -= processes


def budget(share: float = SHARE) -> int:
    """Return the share of the memory of this machine, or of the container that we are in if that is less."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for place in ("memory.max", "memory/memory.limit_in_bytes"):
        path = Path("/sys/fs/cgroup", place)
        if path.exists() and (text := path.read_text().strip()).isdigit():
            sizes.append(int(text))
    return int(min(sizes) * share)
