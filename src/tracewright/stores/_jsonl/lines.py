"""A file of lines that only grows, locked while it is touched. It does not guard against programs that skip the lock.

An append that fails leaves the file as it was. A crash may leave whole lines and one torn line: readers pass over the
torn one, the next append cuts it off.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tracewright.errors import StoreError

LOCK_SECONDS = 10.0
_RETRY_SECONDS = 0.02


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO | None]:
    """Open the file beside other readers, None where there is none; nothing is made or changed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; make it readable or choose another home") from error
    with file:
        _lock(file, fcntl.LOCK_SH, path)
        yield file


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open the file alone, made if it is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b")
    except OSError as error:
        raise _unwritable(path, error) from error
    with file:
        _lock(file, fcntl.LOCK_EX, path)
        yield file


def append(file: BinaryIO, path: Path, end: int, data: bytes) -> None:
    """Put lines behind `end`, the end of the last whole line, and sync them; on StoreError nothing was added."""
    descriptor = file.fileno()
    try:
        os.truncate(descriptor, end)
        _write(descriptor, end, data if _ends_a_line(descriptor, end) else b"\n" + data)
        os.fsync(descriptor)
        if end == 0:
            _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # what cannot be cut off now is a torn line for the next append
            os.truncate(descriptor, end)
        raise _unwritable(path, error) from error


def line_number(file: BinaryIO, offset: int) -> int:
    """Return the number of the line that begins at a byte, from 1."""
    file.seek(0)
    return 1 + file.read(offset).count(b"\n")


def _write(descriptor: int, offset: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written


def _ends_a_line(descriptor: int, end: int) -> bool:
    return end == 0 or os.pread(descriptor, 1, end - 1) == b"\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(file: BinaryIO, how: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(f"{path} is locked by another process; wait for it or stop it") from None
            time.sleep(_RETRY_SECONDS)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot write {path}: {error.strerror}; free space or choose another home; nothing was added")
