"""The first process of a container: ends all others when the host hangs up, even while the worker is at a job.

Where a jailer brings a first process of its own, this one is not needed.
"""

from __future__ import annotations

import os
import select
import signal

from tracewright.jobs._worker import harden
from tracewright.jobs._worker.child import end_of
from tracewright.jobs._worker.tree import Counter

OUT_OF_MEMORY = 99
"""The exit code that says that the worker ended after the kernel had killed for want of memory."""


def lead() -> None:
    """Return in a child, which becomes the worker; the first process itself stays until either end hangs up."""
    # Not `hide`: who started a container's first process ends right after, and must not take it along.
    harden.conceal()
    child = os.fork()
    if child == 0:
        return
    # Orphans come to the first process when they end; ignored in this way they are reaped by the kernel.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.close(1)
    poll = select.poll()
    # Bytes on stdin are the worker's to read; only that there will be no more concerns us.
    poll.register(0, 0)
    ended = end_of(child)
    poll.register(ended, select.POLLIN)
    over = {descriptor for descriptor, _ in poll.poll()}
    # Engines tell of want of memory only where it ended the first process, and some not even then.
    starved = ended in over and Counter.found().told().get("memory_kills")
    # The kernel ends all that the first process leaves behind.
    os._exit(OUT_OF_MEMORY if starved else 0)
