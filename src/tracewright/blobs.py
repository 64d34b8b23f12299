"""Content-addressed files: a blob's name is the sha256 of its bytes, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracewright.errors import StoreError
from tracewright.records.job import Artifact


class Blobs:
    """The folder `blobs/<2>/<sha256>` of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, media_type: str = "application/octet-stream") -> Artifact:
        """Keep bytes and return what points to them; the same bytes twice are kept once."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            write_whole(path, data)
        return Artifact(sha256=sha256, bytes=len(data), media_type=media_type)

    def get(self, sha256: str) -> bytes:
        """Return the bytes of a blob; raises StoreError if they are missing or were changed."""
        try:
            data = self.path(sha256).read_bytes()
        except OSError as error:
            raise StoreError(f"blob {sha256} is not in {self.folder}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"blob {sha256} in {self.folder} was changed on disk; restore it from a copy")
        return data

    def path(self, sha256: str) -> Path:
        """Return where a blob lies; raises StoreError for anything that is no sha256."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise StoreError(f"wanted a sha256 in 64 lower-case hex digits, found {sha256[:80]!r}")
        return self.folder / sha256[:2] / sha256


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file so that it is there whole or not at all; raises StoreError when the disk says no."""
    raw = data.encode() if isinstance(data, str) else data
    write_stream(path, lambda file: file.write(raw))


def write_stream(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file that is there whole or not at all, as `whole_file` has it."""
    with whole_file(path) as file:
        write(file)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to be filled; it is synced, then gets its name; on any failure nothing is left at `path`.

    A link at `path` is replaced, not followed; a folder, pipe or device is refused.
    """
    temporary = ""
    try:
        if path.exists() and not path.is_file():
            raise StoreError(f"cannot write {path}: it is there and is no file; name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        temporary = ""
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space or choose another home") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
