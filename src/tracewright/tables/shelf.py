"""The sets that a home holds, each in `data/raw/<id>/`: `source/`, `normalized/` with the database, and `_meta.json`.

A database is known by the sha256 of its bytes and cannot be written; one that was changed all the same is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tracewright.blobs import Blobs, whole_file, write_whole
from tracewright.errors import SourceError, StoreError, UsageError
from tracewright.records.base import Record
from tracewright.records.job import Sha256
from tracewright.tables.schema import TableSet

Format = Literal["csv", "parquet", "arrow", "duckdb"]

FORMATS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".duckdb": "duckdb",
    ".db": "duckdb",
}
"""What a file is taken for, by the end of its name."""
SET_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
SOURCE_BYTES = 1 << 30
PART = 1 << 20
META = "_meta.json"


class SourceFile(Record):
    """The file that a set was read from; `path` only serves to notice that it changed there."""

    name: str
    format: Format
    sha256: Sha256
    bytes: int
    path: str = ""


class Rejected(Record):
    """A line of a CSV that could not be read, and why."""

    table: str
    line: int
    column: str = ""
    reason: str


class Skipped(Record):
    """Something of a file that was not taken, and why."""

    name: str
    reason: str


class Twin(Record):
    """An altered copy of a set: the blob of its database, and the hash of what its tables hold."""

    database: Sha256
    content: Sha256


class Twins(Record):
    """The altered copies of a set in the order in which they are asked; `made` is the version of how they are made."""

    made: int
    each: tuple[Twin, ...]


class Kept(Record):
    """A set in a home, and the database that queries attach: `database` is the sha256 of its bytes, and its blob."""

    schema_version: int = 1
    tables: TableSet
    database: Sha256
    database_bytes: int
    engine: str
    source: SourceFile | None = None
    rejected_rows: int = 0
    rejected: tuple[Rejected, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    twins: Twins | None = None


class Shelf:
    """The table sets of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "data" / "raw"
        self._blobs = Blobs(home / "blobs")

    def names(self) -> list[str]:
        """Return the ids of the sets that this home holds, sorted."""
        return sorted(
            path.parent.name for path in self._folder.glob(f"*/{META}") if SET_NAME.fullmatch(path.parent.name)
        )

    def find(self, name: str) -> Kept | None:
        """Return what is known of a set, None where this home has none of that name."""
        path = self.folder(name) / META
        if not path.is_file():
            return None
        try:
            return Kept.from_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise StoreError(
                f"{path} does not tell what it should: {error}; remove {path.parent}, register anew"
            ) from error

    def folder(self, name: str) -> Path:
        """Return where a set lies; raises UsageError for anything that is no plain name."""
        if not SET_NAME.fullmatch(name):
            raise UsageError(f"a set is called by lower-case letters, digits, '_' and '-', found {name[:80]!r}")
        return self._folder / name

    def take(self, name: str, path: Path, kind: Format) -> SourceFile:
        """Copy a file of the user's into the home, as a blob too, and return what it was."""
        try:
            size = path.stat().st_size
            if not path.is_file() or size > SOURCE_BYTES:
                raise UsageError(
                    f"wanted a file of at most {SOURCE_BYTES >> 20} MiB at {path}, found none or a larger one"
                )
            sha256 = self._copy(path, self.folder(name) / "source", kind)
        except OSError as error:
            raise UsageError(f"wanted a file that can be read at {path}: {error.strerror}") from error
        return SourceFile(name=path.name, format=kind, sha256=sha256, bytes=size, path=str(path.resolve()))

    def keep(self, kept: Kept) -> Kept:
        """Move the database, so far only a blob, beside what is known of it; from then on the set is there."""
        path = self._database(kept)
        if not path.exists():
            _link(self._blobs.path(kept.database), path)
        path.chmod(0o444)
        write_whole(self.folder(kept.tables.id) / META, kept.to_json() + "\n")
        return kept

    def mount(self, kept: Kept) -> Sha256:
        """Return the blob that a job mounts to read the set; raises SourceError where a file is not what it was.

        Neither the database nor, where it still lies there, the file that it was read from may have changed.
        """
        path = self._database(kept)
        check(path, kept.database, f"remove {path.parents[1]}, then register the file again")
        if kept.source and Path(kept.source.path).is_file():
            check(Path(kept.source.path), kept.source.sha256, "register it again with --replace")
        blob = self._blobs.path(kept.database)
        if not (blob.exists() and blob.samefile(path)):
            blob.unlink(missing_ok=True)
            _link(path, blob)
        return kept.database

    def _database(self, kept: Kept) -> Path:
        return self.folder(kept.tables.id) / "normalized" / f"{kept.database}.duckdb"

    def _copy(self, path: Path, folder: Path, kind: Format) -> Sha256:
        hashed = hashlib.sha256()
        copy = folder / f"incoming.{kind}"
        with path.open("rb") as file, whole_file(copy) as out:
            while part := file.read(PART):
                hashed.update(part)
                out.write(part)
        named = copy.replace(folder / f"{hashed.hexdigest()}.{kind}")
        blob = self._blobs.path(hashed.hexdigest())
        if not blob.exists():
            _link(named, blob)
        return hashed.hexdigest()


def check(path: Path, sha256: Sha256, fix: str) -> None:
    """Raise SourceError unless a file holds the bytes that it held."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; {fix}") from error
    if found != sha256:
        raise SourceError(f"{path} changed: wanted the sha256 {sha256[:12]}…, found {found[:12]}…; {fix}")


def _link(source: Path, target: Path) -> None:
    """Let one file be in two places; copy it where the file system knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with source.open("rb") as file, whole_file(target) as out:
            shutil.copyfileobj(file, out)
