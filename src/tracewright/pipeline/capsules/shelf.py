"""Keeps capsules under `<home>/capsules/<2>/<id>/`: a folder of that name holds a whole capsule and does not change.

Only `run.json` grows: one entry for every time that the same capsule came out again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from tracewright.blobs import write_whole
from tracewright.errors import StoreError, UsageError
from tracewright.records.base import SCHEMA_VERSION
from tracewright.records.capsule import ATTESTATION, CAPSULE, RUNS, Capsule, Run, Runs, statement
from tracewright.records.job import Sha256

ID = re.compile(r"[0-9a-f]{64}")
MOST_RUNS = 1000
"""The first run and the newest are kept."""


def folder(home: Path, capsule_id: Sha256) -> Path:
    """Return where a capsule lies, or would lie; raises UsageError for anything that is no id."""
    if not ID.fullmatch(capsule_id):
        raise UsageError(f"wanted a capsule's id in 64 lower-case hex digits, found {capsule_id[:80]!r}")
    return home / "capsules" / capsule_id[:2] / capsule_id


def ids(home: Path) -> list[Sha256]:
    """Return the ids of the capsules that there are, sorted."""
    found = (home / "capsules").glob(f"[0-9a-f][0-9a-f]/*/{CAPSULE}")
    return sorted(path.parent.name for path in found if ID.fullmatch(path.parent.name))


def find(home: Path, start: str) -> Sha256:
    """Return the one id that begins so; raises UsageError where none or several do."""
    known = ids(home)
    found = [capsule_id for capsule_id in known if capsule_id.startswith(start)] if start else []
    if len(found) == 1:
        return found[0]
    what = "several begin" if found else "none begins"
    raise UsageError(
        f"wanted one capsule, {what} with {start[:80]!r} among {len(known)}; `tracewright capsule list` names them"
    )


def load(home: Path, capsule_id: Sha256) -> Capsule:
    """Return a capsule; raises UsageError for an unknown id, StoreError for one that was changed."""
    path = folder(home, capsule_id) / CAPSULE
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no capsule {capsule_id}; `tracewright capsule list` names those there are"
        ) from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != capsule_id:
        raise StoreError(f"{path} does not hash to its id; it was changed: restore it from a copy")
    return read_capsule(data)


def read_capsule(data: bytes) -> Capsule:
    """Read the bytes of a `capsule.json`; raises StoreError that says what is wrong with them."""
    try:
        version = json.loads(data).get("schema_version", 0)
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise StoreError(f"this capsule has the form {version}, newer than ours; upgrade tracewright")
        return Capsule.from_json(data)
    except ValidationError as error:
        fault = error.errors()[0]
        raise StoreError(f"{CAPSULE} is no capsule: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise StoreError(f"{CAPSULE} is no capsule: {str(error)[:200]}") from error


def runs(home: Path, capsule_id: Sha256) -> Runs:
    """Return the runs of a capsule, oldest first; raises StoreError where they cannot be read."""
    path = folder(home, capsule_id) / RUNS
    try:
        return Runs.from_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} does not tell of runs: {error}") from error


def keep(home: Path, capsule: Capsule, files: Mapping[str, bytes], run: Run) -> bool:
    """Write a capsule with its files whole or not at all; where it is there already, only the run is added.

    Returns whether it is new. `files` are result, preview, chart and pictures by name.
    """
    target = folder(home, capsule.id)
    if (target / CAPSULE).is_file() or not put(target, contents(capsule, files, Runs(runs=(run.sealed(),)))):
        add_run(home, capsule.id, run)
        return False
    return True


def contents(capsule: Capsule, files: Mapping[str, bytes], told: Runs) -> dict[str, bytes]:
    """Return all files of a capsule by name; what vouches for the others comes after them, the capsule itself last."""
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return {
        **dict(sorted(files.items())),
        RUNS: _written(told),
        ATTESTATION: statement(capsule, hashes),
        CAPSULE: capsule.to_json().encode(),
    }


def put(target: Path, files: Mapping[str, bytes]) -> bool:
    """Make a folder of files appear at once, written in the order given; False where it is there already."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=".") as temporary:
            whole = Path(temporary) / "whole"
            for name, data in files.items():
                write_whole(whole / name, data)
            whole.rename(target)
    except OSError as error:
        # A folder that holds files cannot be renamed over.
        if (target / CAPSULE).is_file():
            return False
        raise StoreError(f"cannot write {target}: {error.strerror}; free space or choose another home") from error
    return True


def add_run(home: Path, capsule_id: Sha256, run: Run) -> None:
    """Add a run to those of a capsule; others may do so at the same time."""
    with _alone(folder(home, capsule_id)):
        told = (*runs(home, capsule_id).runs, run.sealed())
        kept = told if len(told) <= MOST_RUNS else (told[0], *told[-MOST_RUNS + 1 :])
        write_whole(folder(home, capsule_id) / RUNS, _written(Runs(runs=kept)))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _written(told: Runs) -> bytes:
    return (told.to_json() + "\n").encode()
