"""Runs a piece of work in a process forked for it, and decides from outside when it has had enough.

It bounds time, memory and the bytes of the answer. It does not keep the work from files or network: jail and locks do.
"""

from __future__ import annotations

import gc
import json
import math
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from tracewright.jobs._worker.frames import LENGTHS, write_frame

PART = 1 << 20
OPEN_FILES = 64
END = LENGTHS.pack(0, 0)
"""The frame that says that nothing follows."""

Frame = tuple[dict[str, Any], bytes]
Send = Callable[[Mapping[str, Any], bytes], None]
Ending = Literal["whole", "timeout", "memory", "too_large", "crash"]


@dataclass(frozen=True)
class Bounds:
    """Seconds by the parent's clock, bytes of memory beyond those that the process has already, bytes of the answer."""

    seconds: float
    memory_bytes: int
    answer_bytes: int


@dataclass(frozen=True)
class Told:
    """All that the child sent whole, and how it ended; `signal` says by which signal it fell."""

    frames: list[Frame]
    ending: Ending
    signal: int = 0


def forked(work: Callable[[Send], None], bounds: Bounds) -> Told:
    """Call `work` in a child, which sends frames; a child that takes too long is killed, by our clock alone."""
    began = time.monotonic()
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _become(work, into, bounds)
    os.close(into)
    try:
        heard, ending = _listen(out, began + bounds.seconds, bounds.answer_bytes)
    finally:
        os.close(out)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return _told(child, heard, ending)


def _become(work: Callable[[Send], None], into: int, bounds: Bounds) -> NoReturn:
    try:
        # A collection would touch, and so copy, all that is shared with the parent.
        gc.disable()
        # What the parent holds open is not for the child, and would count against the files that it may open.
        os.closerange(3, into)
        os.closerange(into + 1, os.sysconf("SC_OPEN_MAX"))
        _limit(bounds)
        work(lambda header, body: write_frame(into, header, body))
        os.write(into, END)
    finally:
        # What was not sent whole tells that something went wrong; nothing of the parent's may run here twice.
        os._exit(0)


def _limit(bounds: Bounds) -> None:
    seconds = math.ceil(bounds.seconds) + 1
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    space = pages * resource.getpagesize() + bounds.memory_bytes
    wanted = {"AS": space, "CPU": seconds, "FSIZE": 0, "NOFILE": OPEN_FILES, "CORE": 0}
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


def _listen(out: int, deadline: float, most: int) -> tuple[bytearray, Ending]:
    """Read until the child hangs up, time is over or it says more than it may."""
    heard = bytearray()
    poll = select.poll()
    poll.register(out, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if not poll.poll(left * 1000):
            continue
        part = os.read(out, PART)
        heard += part
        if not part or (heard.endswith(END) and _frames(heard)[1]):
            return heard, "whole"
        if len(heard) > most:
            return heard, "too_large"
    return heard, "timeout"


def _told(child: int, heard: bytearray, ending: Ending) -> Told:
    frames, whole = _frames(heard)
    if ending == "whole" and whole:
        # It said all and was killed. Until the kernel has cleared its memory away, nobody need wait.
        os.waitpid(child, os.WNOHANG)
        return Told(frames, ending)
    _, status = os.waitpid(child, 0)
    if ending != "whole":
        return Told(frames, ending)
    fell = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if fell == signal.SIGXCPU:
        return Told(frames, "timeout", fell)
    # Nobody but the kernel kills what we let live, and it does so for want of memory.
    return Told(frames, "memory" if fell == signal.SIGKILL else "crash", fell)


def _frames(heard: bytearray) -> tuple[list[Frame], bool]:
    """Return the whole frames, and whether the child said that these were all."""
    frames: list[Frame] = []
    start = 0
    while start + LENGTHS.size <= len(heard):
        header, body = LENGTHS.unpack_from(heard, start)
        middle = start + LENGTHS.size + header
        if not header:
            return frames, True
        if middle + body > len(heard):
            break
        frames.append((json.loads(heard[middle - header : middle]), bytes(heard[middle : middle + body])))
        start = middle + body
    return frames, False
