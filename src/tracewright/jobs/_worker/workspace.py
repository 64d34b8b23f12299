"""The work folder of a job: files go in, what changed comes out. Links and devices are named, never followed."""

from __future__ import annotations

import difflib
import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracewright.jobs._lines.alignment import in_place

MAX_CHANGED = 4096
MAX_ENTRIES = 50_000
DIFF_BYTES = 1 << 20
SKIPPED = {"__pycache__", ".pytest_cache"}
"""Folders that tools leave behind; they are no work of the job."""


@dataclass(frozen=True)
class Changes:
    """What a job left in its folder: the files that changed, or the first thing that cannot be brought out."""

    files: Mapping[str, str | None] = field(default_factory=dict)
    code: str = ""
    message: str = ""


class _RefusedError(Exception):
    """Something in the folder cannot be an output; carries the code and the sentence."""


def wipe(*folders: Path) -> None:
    """Leave nothing of the last job in these folders; raises OSError where something stays, or is not ours to wipe."""
    for folder in folders:
        if folder.is_symlink():
            raise NotADirectoryError(f"{folder} was replaced by a link")
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                _remove(Path(entry.path))
            else:
                Path(entry.path).unlink()


def fill(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a job into its empty folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def receive(inputs: Mapping[str, int], body: bytes) -> None:
    """Write the inputs of a jail that nothing can be mounted into: paths and sizes, and their bytes one after another.

    They are made read-only, which hinders no job that owns them: a jail of its own is what keeps others safe.
    """
    offset = 0
    for name, size in inputs.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body[offset : offset + size])
        path.chmod(0o444)
        offset += size
    for folder in {Path(name).parent for name in inputs}:
        # The folder that a kubelet lays out belongs to root; the files in it are ours.
        with suppress(PermissionError):
            folder.chmod(0o555)


def collect(folder: Path, before: Mapping[str, str], limit: int) -> Changes:
    """Return what differs from `before`; `limit` bounds the bytes of all changed files together."""
    if folder.is_symlink():
        return Changes(code="irregular_file", message="the workspace was replaced by a link; it was not followed")
    try:
        return Changes(_changed(folder, before, limit))
    except _RefusedError as refusal:
        code, message = refusal.args
        return Changes(code=code, message=message)
    except OSError as error:
        return Changes(code="unreadable_file", message=f"the workspace cannot be read any more: {error}"[:2000])


def unified_diff(before: Mapping[str, str], changed: Mapping[str, str | None]) -> str:
    """Return one unified diff over all changed files, sorted by path, without dates, cut at a line beyond 1 MiB."""
    lines: list[str] = []
    size = 0
    for path in sorted(changed):
        for line in _diff_lines(path, before.get(path), changed[path]):
            size += len(line)
            if size > DIFF_BYTES:
                return "".join(lines) + "[diff cut here]\n"
            lines.append(line)
    return "".join(lines)


def path_fault(path: str) -> str:
    """Say why a path may not leave the jail, or return nothing; the rule is that of `records.base.WorkspacePath`."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return "a path that leaves the workspace"
    if any(ord(char) < 32 or char in "\\\x7f" for char in path):
        return "a control character or backslash"
    return "a path over 1024 bytes" if size > 1024 else ""


def _changed(folder: Path, before: Mapping[str, str], limit: int) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    seen: set[str] = set()
    room = limit
    for path, entry in _walk(folder):
        seen.add(path)
        text = _read(path, entry, room)
        if text == before.get(path):
            continue
        room -= entry.stat(follow_symlinks=False).st_size
        found[path] = text
        if len(found) > MAX_CHANGED:
            raise _RefusedError("too_many_files", f"more than {MAX_CHANGED} files changed")
    return found | dict.fromkeys(before.keys() - seen)


def _walk(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield every entry that is no folder, with its path below `folder`, in order of names."""
    waiting = [""]
    count = 0
    while waiting:
        prefix = waiting.pop()
        for entry in sorted(os.scandir(folder / prefix), key=lambda found: found.name):
            count += 1
            if count > MAX_ENTRIES:
                raise _RefusedError("too_many_files", f"the workspace holds more than {MAX_ENTRIES} entries")
            path = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield path, entry
            elif entry.name not in SKIPPED:
                waiting.append(f"{path}/")


def _read(path: str, entry: os.DirEntry[str], room: int) -> str:
    if fault := path_fault(path):
        raise _RefusedError("unsafe_path", f"{ascii(path)[:200]} cannot be brought out: {fault}")
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise _RefusedError("irregular_file", f"{path} is {_kind(status.st_mode)}, not a file; it was not followed")
    if status.st_size > room:
        raise _RefusedError("files_too_large", f"{path} is too large to be brought out ({status.st_size} bytes)")
    # The check above and this open are not one step: a link that slips in between is refused by O_NOFOLLOW.
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(room + 1)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _RefusedError("non_utf8_file", f"{path} is not UTF-8 text (byte {error.start})") from error


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    return kinds.get(stat.S_IFMT(mode), "something unknown")


def _diff_lines(path: str, old: str | None, new: str | None) -> Iterator[str]:
    ours, theirs = _lines(old or ""), _lines(new or "")
    left, right = _shown(ours), _shown(theirs)
    matcher = _Steps(ours, theirs)
    header = [
        "--- /dev/null\n" if old is None else f"--- a/{path}\n",
        "+++ /dev/null\n" if new is None else f"+++ b/{path}\n",
    ]
    for group in matcher.get_grouped_opcodes():
        yield from header
        header = []
        (_, start, _, at, _), (_, _, end, _, to) = group[0], group[-1]
        yield f"@@ -{_range(start, end)} +{_range(at, to)} @@\n"
        for tag, first, last, begin, stop in group:
            yield from map((" " if tag == "equal" else "-").__add__, left[first:last])
            if tag != "equal":
                yield from map("+".__add__, right[begin:stop])


class _Steps(difflib.SequenceMatcher[str]):
    """Steps between lines that are searched for only where lines moved."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        self._known = in_place(old, new)
        super().__init__(None, *(("", "") if self._known else (old, new)))

    def get_opcodes(self) -> Any:
        return list(self._known) if self._known else super().get_opcodes()


def _range(start: int, end: int) -> str:
    """Return a range of lines as unified diffs write it: counted from 1, an empty one from the line before."""
    length = end - start
    return str(start + 1) if length == 1 else f"{start + (length > 0)},{length}"


def _shown(lines: list[str]) -> list[str]:
    """Return lines as unified diffs show them: of a last one without an end that is said."""
    if not lines or lines[-1].endswith("\n"):
        return lines
    return [*lines[:-1], f"{lines[-1]}\n\\ No newline at end of file\n"]


def _lines(text: str) -> list[str]:
    # str.splitlines also breaks at form feeds and other characters that are no end of a line in a file.
    return io.StringIO(text, newline="\n").readlines()


def _remove(folder: Path) -> None:
    import shutil  # brings the compressors along, which a jail that has nothing to wipe does without

    _open_up(folder)
    for parent, folders, _ in os.walk(folder):
        for path in (Path(parent, name) for name in folders):
            if not path.is_symlink():
                _open_up(path)
    shutil.rmtree(folder)


def _open_up(folder: Path) -> None:
    # Not every jail lets modes be changed, and hardly a folder needs it.
    if folder.stat().st_mode & 0o700 != 0o700:
        folder.chmod(0o700)
