"""Reads what git says of a commit: its files, its message and date, the hunks of a patch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

PLAIN_FILES = frozenset({"100644", "100755"})
_STAMP = re.compile(r"^committer .*> (-?\d{1,12}) [+-]\d{4}$", re.MULTILINE)
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True)
class Change:
    """One path of a commit: hashes of its two blobs, and whether a plain file was modified."""

    path: str
    before: str
    after: str
    modified: bool


@dataclass(frozen=True)
class Commit:
    """A commit's message and its date in UTC (ISO 8601); who wrote it is left out."""

    message: str
    date: str


@dataclass(frozen=True)
class Hunk:
    """The lines that a patch takes out in one place and those that it puts there."""

    minus: tuple[str, ...]
    plus: tuple[str, ...]


def read_changes(raw: bytes) -> Iterator[Change]:
    """Yield the changes of `diff-tree -r -z --raw`; a path that is no UTF-8 keeps replacement characters."""
    fields = raw.split(b"\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        words = head.decode().lstrip(":").split()
        if len(words) != 5:
            return
        old_mode, new_mode, before, after, status = words
        modified = status == "M" and {old_mode, new_mode} <= PLAIN_FILES
        yield Change(path.decode(errors="replace"), before, after, modified)


def read_commit(data: bytes) -> Commit:
    """Read a commit object."""
    head, _, message = data.decode(errors="replace").partition("\n\n")
    stamp = _STAMP.search(head)
    return Commit(message, _date(int(stamp.group(1))) if stamp else "")


def read_tree(data: bytes, hash_bytes: int) -> Iterator[tuple[str, str]]:
    """Yield name and hash of the plain files of a tree object."""
    at = 0
    while at < len(data):
        middle, end = data.find(b" ", at), data.find(b"\0", at)
        if not at < middle < end:
            return
        if data[at:middle].decode(errors="replace") in PLAIN_FILES:
            yield data[middle + 1 : end].decode(errors="replace"), data[end + 1 : end + 1 + hash_bytes].hex()
        at = end + 1 + hash_bytes


def read_hunks(patch: bytes) -> tuple[Hunk, ...]:
    """Return the hunks of a patch without context lines."""
    hunks: list[tuple[list[str], list[str]]] = []
    for line in patch.split(b"\n"):
        if _HUNK.match(line):
            hunks.append(([], []))
        elif hunks and line[:1] in {b"-", b"+"}:
            hunks[-1][line[:1] == b"+"].append(line[1:].decode(errors="replace"))
    return tuple(Hunk(tuple(minus), tuple(plus)) for minus, plus in hunks)


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""
