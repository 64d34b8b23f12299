"""Reads the code files of a folder that may be hostile: no links are followed, no file is read beyond a cap."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracewright.records.task import Dropped
from tracewright.sources._code.languages import language_of
from tracewright.sources._code.licences import LICENCE_FILE, Licence, read_licence
from tracewright.sources._code.paths import is_safe

SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist", "target", "vendor", "site-packages"})


@dataclass(frozen=True)
class Found:
    """A code file: its path below the folder, its text, its language."""

    path: str
    text: str
    language: str


def code_files(folder: Path, languages: frozenset[str], max_bytes: int) -> Iterator[Found | Dropped]:
    """Yield the files of these languages below `folder`, sorted by path; hidden and vendored folders are left out."""
    for path in sorted(_paths(folder)):
        if language_of(path) not in languages:
            continue
        data = read_plain(folder / path, max_bytes)
        if isinstance(data, str):
            yield Dropped(data, path)
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield Dropped("not_utf8", f"{path}: byte {error.start}")
            continue
        yield Dropped("nul_byte", path) if "\0" in text else Found(path, text, language_of(path))


def folder_licence(folder: Path, max_bytes: int = 1 << 18) -> Licence:
    """Return the licence that a licence file right in the folder states, `LicenseRef-unknown` where there is none."""
    for path in sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name)):
        data = read_plain(path, max_bytes) if LICENCE_FILE.fullmatch(path.name) else ""
        if isinstance(data, bytes):
            return read_licence(path.name, data)
    return Licence()


def read_plain(path: Path, max_bytes: int) -> bytes | str:
    """Return the bytes of a plain file, or the reason why it is not read: a link, something else, too large."""
    try:
        # O_NOFOLLOW and O_NONBLOCK: neither a link nor a pipe put there meanwhile can lead astray.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return "unreadable"
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return "not_a_file"
        data = file.read(max_bytes + 1)
    return data if len(data) <= max_bytes else "too_large"


def _paths(folder: Path) -> Iterator[str]:
    for here, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in SKIPPED]
        for name in names:
            path = (Path(here) / name).relative_to(folder).as_posix()
            if is_safe(path):
                yield path
