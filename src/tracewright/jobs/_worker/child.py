"""Tells when a child process ended, to whoever polls descriptors, also on kernels that have none for processes."""

from __future__ import annotations

import os
import threading
from contextlib import suppress


def end_of(child: int) -> int:
    """Return a descriptor that is ready once a child ended; the child is still there to be waited for."""
    try:
        return os.pidfd_open(child)
    except OSError:
        # gVisor did without such descriptors for years.
        ready, held = os.pipe()
        threading.Thread(target=_let_go, args=(child, held), daemon=True).start()
        return ready


def _let_go(child: int, held: int) -> None:
    # Where ends of children are ignored the call waits all the same, and then finds none.
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    os.close(held)
