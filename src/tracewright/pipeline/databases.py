"""Finds the databases of a table set in a home, for jobs that mount them; made ready are sets elsewhere."""

from __future__ import annotations

from pathlib import Path

from tracewright.errors import SourceError
from tracewright.records.job import Sha256
from tracewright.tables.shelf import Kept, Shelf


def database(home: Path, name: str, version: str) -> Sha256:
    """Return the blob of a set by its id and version; raises SourceError where the home holds no such version."""
    return _kept(home, name, version).database


def twins(home: Path, name: str, version: str) -> list[Sha256]:
    """Return the blobs of the altered copies of a set; raises SourceError where none were made."""
    made = _kept(home, name, version).twins
    if made is None:
        raise SourceError(
            f"wanted the twins of the tables {name[:80]!r}, found none in {home}; make the set ready first"
        )
    return [twin.database for twin in made.each]


def _kept(home: Path, name: str, version: str) -> Kept:
    kept = Shelf(home).find(name)
    if kept is None or kept.tables.version_hash != version:
        found = f"version {kept.tables.version_hash[:12]}" if kept else "none"
        raise SourceError(
            f"wanted the tables {name[:80]!r} in version {version[:12]}, found {found} in {home};"
            " register them with `tracewright data register`"
        )
    return kept
