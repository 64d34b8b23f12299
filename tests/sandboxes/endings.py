"""Tells when processes end, by descriptors of their own: nobody searches for them while they are killed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager


@contextmanager
def ends_of(processes: Sequence[int]) -> Iterator[list[asyncio.Future[float]]]:
    """Yield when each process will have ended, by the clock of `time.perf_counter`; it may have ended already."""
    with ExitStack() as doors:
        yield [_end_of(process, doors) for process in processes]


def _end_of(process: int, doors: ExitStack) -> asyncio.Future[float]:
    loop = asyncio.get_running_loop()
    end: asyncio.Future[float] = loop.create_future()

    def note() -> None:
        loop.remove_reader(door)
        end.set_result(time.perf_counter())

    try:
        door = os.pidfd_open(process)
    except ProcessLookupError:
        end.set_result(time.perf_counter())
        return end
    doors.callback(os.close, door)
    doors.callback(loop.remove_reader, door)
    loop.add_reader(door, note)
    return end
