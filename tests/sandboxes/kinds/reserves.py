"""A kind of job whose library reserves far more address space than it uses."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result

ISOLATION: IsolationNeed = "worker"  # a jail that others share does; its bound is not loosened for it
RESERVES = True


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Reserve 64 GiB, write to some of it, then to more than the job was given; say how far it came."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_size_t
    size = 64 << 30
    where = libc.mmap(None, ctypes.c_size_t(size), 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, ctypes.c_long(0))
    if where == ctypes.c_size_t(-1).value:
        return Result(result={"said": "nothing reserved"})
    usable = [_open(libc, where, mebibytes << 20) for mebibytes in request["open"]]
    return Result(result={"said": usable})


def _open(libc: ctypes.CDLL, where: int, size: int) -> bool:
    opened: bool = libc.mprotect(ctypes.c_size_t(where), ctypes.c_size_t(size), mmap.PROT_READ | mmap.PROT_WRITE) == 0
    if opened:
        ctypes.memset(where, 1, min(size, 64 << 20))
    return opened
