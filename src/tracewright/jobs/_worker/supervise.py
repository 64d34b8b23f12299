"""Runs one job in a process of its own: collects what it prints, bounds it, and leaves no process behind.

The job cannot read or alter the supervisor, which is not dumpable, but it may kill it: then the jail counts as broken.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from tracewright.jobs import Result
from tracewright.jobs._worker import harden
from tracewright.jobs._worker.capture import Capture
from tracewright.jobs._worker.child import end_of
from tracewright.jobs._worker.frames import read_frame, write_frame
from tracewright.jobs._worker.results import pack, unpack

HARD_OUTPUT_BYTES = 64 << 20
PART = 1 << 18


@dataclass(frozen=True)
class Bounds:
    """What the supervisor itself enforces; the host's timer stands behind it."""

    output_bytes: int
    wall_seconds: float


@dataclass(frozen=True)
class Ended:
    """What is known of a process tree that is gone; `stopped` where it had to be."""

    stopped: Result | None
    exit_status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Child:
    """A process that we started, and the pipes on which we hear what its tree prints."""

    process: int
    out: int
    err: int

    def watched(self, bounds: Bounds, sweep: bool) -> Ended:
        """Read until it ends or must be stopped, and leave nothing of it behind.

        `sweep` kills every other process that we may signal afterwards: only right in a process namespace of our own.
        """
        captures = {self.out: Capture(bounds.output_bytes), self.err: Capture(bounds.output_bytes)}
        try:
            stopped = _watch(self.process, captures, bounds.wall_seconds)
            exit_status = _end(self.process, sweep)
        finally:
            os.close(self.out)
            os.close(self.err)
        return Ended(stopped, exit_status, captures[self.out].text(), captures[self.err].text())


def supervise(run: Callable[[], Result], bounds: Bounds, private: Sequence[int], sweep: bool) -> Result:
    """Call `run` in a forked process and return its result with all that its process tree printed.

    The descriptors in `private` are closed in the child.
    """
    # A file in memory needs no reader while the job runs, and a program that the job starts does not inherit it.
    report = os.memfd_create("report")
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        _become(run, out_end, err_end, report, [*private, out, err])
    os.close(out_end)
    os.close(err_end)
    try:
        ended = Child(process, out, err).watched(bounds, sweep)
        result = ended.stopped or _read_report(report, ended.exit_status)
    finally:
        os.close(report)
    return replace(result, stdout=ended.stdout + result.stdout, stderr=ended.stderr + result.stderr)


def _become(run: Callable[[], Result], out: int, err: int, report: int, private: Sequence[int]) -> NoReturn:
    try:
        os.setsid()
        harden.yield_memory()
        for descriptor in private:
            os.close(descriptor)
        os.dup2(out, 1)
        os.dup2(err, 2)
        write_frame(report, *pack(run()))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # Whatever went wrong is told by the missing report; the parent's handlers must not run twice.
        os._exit(0)


def _watch(child: int, captures: Mapping[int, Capture], wall_seconds: float) -> Result | None:
    """Read until the child ended; return a result only where it had to be stopped."""
    deadline = time.monotonic() + wall_seconds
    ended = end_of(child)
    poll = select.poll()
    for descriptor in (*captures, ended):
        poll.register(descriptor, select.POLLIN)
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in poll.poll(left * 1000)}
            for descriptor in ready - {ended}:
                if not _drain(descriptor, captures[descriptor]):
                    poll.unregister(descriptor)
            if sum(capture.total for capture in captures.values()) > HARD_OUTPUT_BYTES:
                return Result("output_limit", "output_bytes", f"printed more than {HARD_OUTPUT_BYTES >> 20} MiB")
            # The child may have printed right before its end: leave only when nothing more was there to read.
            if ready == {ended}:
                return None
        return Result("timeout", "wall_seconds", f"ran longer than {wall_seconds:g} s")
    finally:
        os.close(ended)


def _drain(descriptor: int, capture: Capture) -> bool:
    part = os.read(descriptor, PART)
    capture.feed(part)
    return bool(part)


def _end(child: int, sweep: bool) -> int:
    """Kill what is left of the job's processes, reap them, and return the exit status of the first."""
    os.kill(child, signal.SIGKILL)
    if sweep:
        # -1 is every process but ourselves and the jail's first, in one step, so that no fork slips through.
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _read_report(report: int, exit_status: int) -> Result:
    os.lseek(report, 0, os.SEEK_SET)
    try:
        frame = read_frame(report)
    except ValueError:
        frame = None
    if frame is None:
        how = f"signal {-exit_status}" if exit_status < 0 else f"exit code {exit_status}"
        message = f"the job's own process ended early with {how} and left no result"
        return Result("no_evidence", "runner_died", message, exit_code=exit_status)
    return unpack(*frame)
