"""Stands in front of a worker that has no process namespace: when it must end, all that it started ends with it.

Whatever loses its parent becomes the guard's own child, so nothing gets lost. Only where Landlock keeps signals inside
is the guard itself out of the reach of the job; elsewhere a job could kill it first.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NoReturn

from tracewright.jobs._worker import harden, landlock

Reach = Literal["domain", "tree"]
"""How to find what must end: all that signals can reach from a Landlock domain, or all descendants."""

ASKED = signal.SIGTERM


def stand(reach: Reach, private: Sequence[int]) -> None:
    """Fork a worker and return in it; the guard itself never returns. `private` are descriptors for the worker only.

    The guard ends everything when it is sent SIGTERM, when who started it is gone, and when the worker ends.
    """
    starter = os.getppid()
    harden.adopt()
    if reach == "domain":
        harden.give_up_privileges()
        landlock.keep_signals()
        _require_shut_in(starter)
    watched = {ASKED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    harden.die_with_parent(ASKED)
    if os.getppid() != starter:
        os._exit(1)
    worker = os.fork()
    if worker == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        harden.die_with_parent(signal.SIGKILL)
        return
    _watch(worker, watched, private, reach)


def _require_shut_in(starter: int) -> None:
    """A signal to everybody is only right while everybody is us."""
    try:
        os.kill(starter, 0)
    except PermissionError:
        return
    raise OSError(f"signals still reach process {starter}, so this process is not shut in")


def _watch(worker: int, watched: set[signal.Signals], private: Sequence[int], reach: Reach) -> NoReturn:
    for descriptor in private:
        os.close(descriptor)
    while signal.sigwaitinfo(watched).si_signo != ASKED:
        if worker in _reaped():
            break
    _end(reach)
    os._exit(0)


def _end(reach: Reach) -> None:
    while True:
        if reach == "domain":
            # In one step, so that no fork slips through; it reaches the domain and never ourselves.
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            for process in _descendants():
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _reaped() -> set[int]:
    """Reap all that has ended."""
    found = set()
    with suppress(ChildProcessError):
        while (process := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            found.add(process)
    return found


def _descendants() -> set[int]:
    parents = dict(_parents())
    found = {os.getpid()}
    while new := {process for process, parent in parents.items() if parent in found} - found:
        found |= new
    return found - {os.getpid()}


def _parents() -> list[tuple[int, int]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # A program chooses its own name, so the fields are counted from behind it.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            found.append((int(folder.name), int(fields[1])))
    return found
