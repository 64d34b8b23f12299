"""Takes in a capsule that was made elsewhere: a stranger's file, of which nothing is kept until all of it holds.

Only the capsule, its runs and its rows are taken; preview, chart and pictures are made anew here, in the jail.
"""

from __future__ import annotations

import stat
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from tracewright.blobs import Blobs
from tracewright.errors import SandboxError, SourceError
from tracewright.pipeline.capsules import shelf, verifying
from tracewright.pipeline.capsules.exporting import CRATE
from tracewright.pipeline.capsules.reading import Bench, draw, preview, read_facts, told_columns
from tracewright.records.capsule import CAPSULE, PREVIEW, RUNS, Capsule, Runs
from tracewright.records.job import Sha256

MOST_BYTES = 256 << 20
MOST_ENTRIES = 16
SMALL_BYTES = 8 << 20
"""All but the rows and the pictures is text that people can read."""
ENCRYPTED = 1


class Taken(NamedTuple):
    """A capsule that was taken in: whether it is new here, and what could not be drawn and why."""

    id: Sha256
    new: bool
    note: str = ""


async def take(there: Bench, path: Path) -> Taken:
    """Take in a capsule from a file that `export` wrote.

    Raises SourceError, with no capsule kept, for a file that is anything else or does not hold.
    """
    files = unpacked(_read(path), path.name)
    files.pop(CRATE, None)
    capsule_id = sha256(files.get(CAPSULE, b"")).hexdigest()
    if faults := verifying.file_faults(files, capsule_id):
        raise SourceError(f"{path.name} holds no sound capsule: {faults[0].file} {faults[0].what}")
    capsule = shelf.read_capsule(files[CAPSULE])
    made, note = await _made_anew(there, capsule, files, path.name)
    told = Runs.from_json(files[RUNS])
    new = shelf.put(shelf.folder(there.home, capsule_id), shelf.contents(capsule, made, told))
    return Taken(capsule_id, new, note)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise SourceError(f"wanted a file of at most {MOST_BYTES >> 20} MiB at {path}, found none or a larger one")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def unpacked(data: bytes, name: str) -> dict[str, bytes]:
    """Return the files of an archive by name; raises SourceError for whatever `packed` would not write."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _require_few(entries, len(data), name)
            for entry in entries:
                _require_plain(entry, name)
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OSError) as error:
        raise SourceError(f"{name} is no archive that `tracewright capsule export` wrote: {error}") from error


def _require_few(entries: list[zipfile.ZipInfo], size: int, name: str) -> None:
    if len(entries) > MOST_ENTRIES:
        raise SourceError(f"{name} holds {len(entries)} files; a capsule has at most {MOST_ENTRIES}")
    if len({entry.filename for entry in entries}) < len(entries):
        raise SourceError(f"{name} holds two files of one name")
    if sum(entry.file_size for entry in entries) > size:
        raise SourceError(f"{name} tells of more bytes than it has")


def _require_plain(entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse what is no plain file of a capsule; only stored files are read, and they cannot grow."""
    shown = entry.filename[:80]
    if entry.filename not in (*verifying.KNOWN, CRATE):
        raise SourceError(f"{name} holds {shown!r}, which belongs to no capsule")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise SourceError(f"{name} holds {shown!r} as a link, folder or device, not as a file")
    stored = entry.compress_type == zipfile.ZIP_STORED and entry.file_size == entry.compress_size
    if not stored or entry.flag_bits & ENCRYPTED:
        raise SourceError(f"{name} holds {shown!r} compressed or encrypted; send the file as it was exported")
    if entry.filename.endswith(".json") and entry.file_size > SMALL_BYTES:
        raise SourceError(f"{name} holds {shown!r} with {entry.file_size} bytes; at most {SMALL_BYTES} are read")


async def _made_anew(
    there: Bench, capsule: Capsule, files: dict[str, bytes], name: str
) -> tuple[dict[str, bytes], str]:
    """Return result, preview and chart, and what could not be drawn.

    Raises SourceError where the rows are not those that the capsule tells of.
    """
    if (result := capsule.result) is None:
        return {}, ""
    Blobs(there.home / "blobs").put(files[result.file])
    try:
        facts, _ = await read_facts(there, result.file, result.sha256, told_columns(result), result.ordered)
    except SandboxError as error:
        raise SourceError(f"{name} holds rows that cannot be read: {error}") from error
    if wrong := verifying.differing(facts, result):
        raise SourceError(f"{name} holds a result with other {wrong[0]} than its capsule tells")
    drawn, note = await draw(there, result, capsule.chart) if capsule.chart else ({}, "")
    return {result.file: files[result.file], PREVIEW: preview(facts), **drawn}, note
