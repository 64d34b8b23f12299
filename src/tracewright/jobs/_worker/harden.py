"""What the worker takes from itself before the first job: limits for all that it starts, and being looked into.

It does not lock the worker's door (namespaces and the system call filter do): it stands behind the door.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2


def conceal() -> None:
    """Let no other process of the jail open our memory or descriptors."""
    _prctl(PR_SET_DUMPABLE, 0)


def hide() -> None:
    """Conceal ourselves, and die with the parent."""
    conceal()
    die_with_parent(signal.SIGKILL)


def die_with_parent(by: signal.Signals) -> None:
    """Ask the kernel for this signal when the thread that started us ends."""
    _prctl(PR_SET_PDEATHSIG, by)


def show() -> None:
    """Undo `conceal` in a child that runs somebody else's code, which may want to look into itself."""
    _prctl(PR_SET_DUMPABLE, 1)


def yield_memory(process: int | None = None) -> None:
    """Let this child, or ourselves, be the first that the kernel ends where memory runs out (proc(5), oom_score_adj).

    Who reports on it stays. A concealed process can only say so of itself.
    """
    if process is None:
        show()
    # gVisor has the file and lets nobody write to it.
    with suppress(OSError):
        Path("/proc", str(process or "self"), "oom_score_adj").write_bytes(b"1000")
    if process is None:
        conceal()


def adopt() -> None:
    """Become the parent of every descendant that loses its own."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def give_up_privileges() -> None:
    """Let no program started from here win rights by its owner or its file."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def narrow(program: bytes) -> None:
    """Put a system call filter on this process and all that it starts: an array of `struct sock_filter`."""
    give_up_privileges()
    steps = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of steps, padding, and where they are.
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps))
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head)


def limit(limits: Mapping[str, int | None]) -> None:
    """Lower the resource limits named (`NPROC`, `FSIZE`, `AS`, …) for good; None leaves one as it is."""
    for name, wanted in limits.items():
        if wanted is None:
            continue
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def own_descriptors() -> tuple[int, int]:
    """Move the protocol off stdin and stdout, so that nothing printed in here can reach it."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return requests, replies


def _prctl(option: int, value: int, pointer: bytes | int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    third = pointer if isinstance(pointer, bytes) else ctypes.c_ulong(pointer)
    if libc.prctl(option, ctypes.c_ulong(value), third, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl refused")
