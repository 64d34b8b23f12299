"""Asks the kernel what it can do."""

from __future__ import annotations

import ctypes

CREATE_RULESET, ASK_VERSION = 444, 1


def landlock_version() -> int:
    """Return the version of Landlock's interface; 0 where the kernel was built or started without it."""
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(*map(ctypes.c_long, (CREATE_RULESET, 0, 0, ASK_VERSION)))
    return max(0, found)
