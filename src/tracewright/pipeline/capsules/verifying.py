"""Checks that a capsule is what it was: every file against its hash, and the result against what is told of it.

Whoever can write a whole capsule anew can write one that holds: without a signature nothing says who made it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tracewright.blobs import Blobs
from tracewright.errors import RecordError, SandboxError, StoreError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.reading import Bench, Facts, preview, read_facts, told_columns
from tracewright.plans.document import read_plan
from tracewright.plans.faults import PlanError
from tracewright.records.base import Record
from tracewright.records.capsule import (
    ATTESTATION,
    CAPSULE,
    CHART,
    PICTURES,
    PREVIEW,
    RUNS,
    Capsule,
    ResultRef,
    Runs,
    statement,
)
from tracewright.records.job import Sha256

MOST_BYTES = 256 << 20
RESULTS = ("result.parquet", "result.arrow")
VOUCHING = (CAPSULE, RUNS, ATTESTATION)
KNOWN = (*VOUCHING, *RESULTS, PREVIEW, CHART, *PICTURES)


class Fault(Record):
    """A file of a capsule that is not what it should be, and what is wrong with it."""

    file: str
    what: str


class Verification(Record):
    """What came of a check; `contents` says whether the result was read as well as hashed."""

    id: Sha256
    ok: bool
    contents: bool
    faults: tuple[Fault, ...] = ()


async def verify(there: Bench | None, home: Path, capsule_id: Sha256) -> Verification:
    """Check a capsule of a home; without a jail only the bytes of its files. Every fault names its file."""
    files, strays = read_folder(shelf.folder(home, capsule_id))
    faults = [*strays, *file_faults(files, capsule_id)]
    if there and not faults:
        faults = [fault async for fault in _content_faults(there, files)]
    return Verification(id=capsule_id, ok=not faults, contents=there is not None and not faults, faults=tuple(faults))


def read_folder(folder: Path) -> tuple[dict[str, bytes], list[Fault]]:
    """Return the files of a capsule by name, and what there is that cannot be one of them."""
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name not in KNOWN:
            faults.append(Fault(file=path.name, what="belongs to no capsule"))
        elif path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
            faults.append(Fault(file=path.name, what="is no plain file, or larger than a capsule's can be"))
        else:
            files[path.name] = path.read_bytes()
    return files, faults


def file_faults(files: Mapping[str, bytes], capsule_id: Sha256) -> list[Fault]:
    """Return what is wrong with the bytes of a capsule's files; none where every hash holds."""
    missing = [Fault(file=name, what="is missing") for name in VOUCHING if name not in files]
    if missing:
        return missing
    if sha256(files[CAPSULE]).hexdigest() != capsule_id:
        return [Fault(file=CAPSULE, what=f"does not hash to the id {capsule_id}")]
    try:
        capsule = shelf.read_capsule(files[CAPSULE])
        canonical = capsule.to_json().encode()
    except (StoreError, RecordError) as error:
        return [Fault(file=CAPSULE, what=str(error))]
    if canonical != files[CAPSULE]:
        return [Fault(file=CAPSULE, what="is not in the canonical form")]
    return [
        *_result_faults(capsule, files),
        *_attested_faults(capsule, files),
        *_run_faults(files[RUNS]),
        *_plan_faults(capsule),
    ]


def _result_faults(capsule: Capsule, files: Mapping[str, bytes]) -> Iterator[Fault]:
    wanted = capsule.result.file if capsule.result else ""
    for name in RESULTS:
        if name != wanted and name in files:
            yield Fault(file=name, what="is there although the capsule tells of no such result")
    if capsule.result and wanted not in files:
        yield Fault(file=wanted, what="is missing")
    elif capsule.result and sha256(files[wanted]).hexdigest() != capsule.result.sha256:
        yield Fault(file=wanted, what="does not hash to what the capsule tells")


def _attested_faults(capsule: Capsule, files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Compare the attestation with what must stand in it, then every other file with the attestation."""
    listed = _listed(files[ATTESTATION])
    result: dict[str, Sha256] = {capsule.result.file: capsule.result.sha256} if capsule.result else {}
    if listed is None or not {*listed} <= {*KNOWN} or statement(capsule, {**listed, **result}) != files[ATTESTATION]:
        yield Fault(file=ATTESTATION, what="is not the statement that belongs to this capsule")
        return
    others = {name: sha256(data).hexdigest() for name, data in files.items() if name not in VOUCHING}
    # The result is held against the capsule itself, which is the stronger word.
    wrong = [name for name in sorted({*others, *listed} - {*RESULTS}) if others.get(name) != listed.get(name)]
    for name in wrong:
        yield Fault(file=name, what=_disagreement(name, others, listed))
    if wrong:
        yield Fault(file=ATTESTATION, what=f"does not agree with {', '.join(wrong)}: either may be what was changed")


def _disagreement(name: str, found: Mapping[str, Sha256], listed: Mapping[str, Sha256]) -> str:
    if name not in found:
        return "is missing"
    return "does not hash to what the attestation tells" if name in listed else "is not named in the attestation"


def _listed(data: bytes) -> dict[str, Sha256] | None:
    """Return the files that an attestation names, but for the capsule itself; None where it is none."""
    try:
        subjects: Any = json.loads(data)["subject"]
        found = {str(one["name"]): str(one["digest"]["sha256"]) for one in subjects}
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    found.pop(CAPSULE, None)
    return found


def _run_faults(data: bytes) -> Iterator[Fault]:
    try:
        told = Runs.from_json(data)
        canonical = (told.to_json() + "\n").encode()
        changed = [index for index, run in enumerate(told.runs) if run.sha256 != run.content_hash()]
    except (ValueError, RecordError) as error:
        yield Fault(file=RUNS, what=f"does not tell of runs: {str(error).splitlines()[0]}")
        return
    for index in changed:
        yield Fault(file=RUNS, what=f"run {index} was changed")
    if not told.runs or (not changed and canonical != data):
        yield Fault(file=RUNS, what="tells of no run, or not in the canonical form")


def _plan_faults(capsule: Capsule) -> Iterator[Fault]:
    plan = capsule.request.plan
    if plan is None:
        return
    try:
        found = read_plan(plan).sha256()
    except PlanError as error:
        # A plan that was refused is kept as it was written.
        if capsule.outcome.status != "rejected":
            yield Fault(file=CAPSULE, what=f"its plan cannot be read: {error}")
        return
    if found != capsule.request.plan_sha256:
        yield Fault(file=CAPSULE, what="its plan does not hash to plan_sha256")


async def _content_faults(there: Bench, files: Mapping[str, bytes]) -> AsyncIterator[Fault]:
    """Read the result in the jail and hold it against the capsule, and the preview against the result."""
    result = shelf.read_capsule(files[CAPSULE]).result
    if result is None:
        return
    Blobs(there.home / "blobs").put(files[result.file])
    try:
        facts, _ = await read_facts(there, result.file, result.sha256, told_columns(result), result.ordered)
    except SandboxError as error:
        yield Fault(file=result.file, what=str(error))
        return
    for name in differing(facts, result):
        yield Fault(file=result.file, what=f"does not hold the {name} that the capsule tells")
    if preview(facts) != files.get(PREVIEW):
        yield Fault(file=PREVIEW, what="does not show the first rows of the result")


def differing(facts: Facts, result: ResultRef) -> list[str]:
    """Return the names of what a capsule tells of its result and the result itself does not bear out."""
    pairs = {
        "columns": (facts.columns, result.columns),
        "rows": (facts.rows, result.rows),
        "logical_sha256": (facts.logical, result.logical_sha256),
        "multiset_sha256": (facts.multiset, result.multiset_sha256),
        "rounded_sha256": (facts.rounded, result.rounded_sha256),
    }
    return [name for name, (found, told) in pairs.items() if found != told]
