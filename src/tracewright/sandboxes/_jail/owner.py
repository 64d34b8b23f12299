"""Who made what may outlive a crash: a mark for names and labels, and whether its maker is no more.

The number of a process comes again, so a mark tells also when it started, and in which namespace since which boot.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


def mark() -> str:
    """Return the mark of this process: three words with hyphens between them."""
    return _mark(os.getpid())


def first_mark(text: str) -> str:
    """Return the mark that a text begins with, where more words follow."""
    return "-".join(text.split("-")[:3])


def gone(mark: str) -> bool:
    """Say whether whoever has this mark ended; of other machines and namespaces nobody here can tell, so not."""
    process, _, rest = mark.partition("-")
    here, _, when = rest.partition("-")
    if here != _here() or not process.isdecimal() or not when.isdecimal():
        return False
    found = started(int(process))
    return found != when if found else not _exists(int(process))


def started(process: int) -> str:
    """Return when a process started, in ticks since boot; empty where none is seen."""
    try:
        text = Path("/proc", str(process), "stat").read_text(errors="replace")
    except OSError:
        return ""
    # The name, in brackets, may hold anything; the 22nd field is the 20th after it (proc(5)).
    return text.rpartition(")")[2].split()[19]


@cache
def _mark(process: int) -> str:
    return f"{process}-{_here()}-{started(process)}"


@cache
def _here() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    return hashlib.sha256(f"{boot} {namespace}".encode()).hexdigest()[:12]


def _exists(process: int) -> bool:
    """Where /proc hides the processes of others, only a signal tells them from none."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
