"""Takes from the calling process what Landlock can take: files, TCP, and signals to whoever is outside.

It cannot hide that a file exists, nor bound what is written; sockets other than TCP are for the system call filter.
Numbers and structures are those of linux/landlock.h, rights up to version 6 of its interface.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Mapping, Sequence

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEVICE = 1 << 14, 1 << 15
SPECIAL = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11
"""Making character devices, sockets, pipes and block devices."""
ALL_FILES = (1 << 16) - 1
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
ALL_NETWORK = 3
ABSTRACT_SOCKETS, SIGNALS = 1, 2

RIGHTS = {
    "read": EXECUTE | READ_FILE | READ_DIR,
    "list": READ_DIR,
    "device": READ_FILE | WRITE_FILE,
    "write": ALL_FILES & ~SPECIAL & ~IOCTL_DEVICE,
}
"""What the words of an opening allow below the paths beside them."""


def restrict(allowed: Mapping[str, Sequence[str]]) -> None:
    """Allow this process and all that it starts only what `allowed` says, for good; raises OSError if refused."""
    ruleset = _ruleset(ALL_FILES, ALL_NETWORK, ABSTRACT_SOCKETS | SIGNALS)
    for word, paths in allowed.items():
        for path in paths:
            _allow(ruleset, path, RIGHTS[word])
    _enter(ruleset)


def keep_signals() -> None:
    """Let no signal of this process, or of any that it starts, reach those outside; raises OSError if refused."""
    _enter(_ruleset(0, 0, SIGNALS))


def _ruleset(files: int, network: int, scope: int) -> int:
    attributes = struct.pack("QQQ", files, network, scope)
    return _call(CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not every system has every folder, and what is not there needs no right
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= OF_A_FILE
        _call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _enter(ruleset: int) -> None:
    try:
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _call(number: int, *arguments: int | bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    wide = [argument if isinstance(argument, bytes) else ctypes.c_long(argument) for argument in arguments]
    found: int = libc.syscall(ctypes.c_long(number), *wide)
    if found < 0:
        raise OSError(ctypes.get_errno(), f"landlock refused system call {number}")
    return found
