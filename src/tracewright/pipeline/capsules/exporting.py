"""Writes a capsule as an RO-Crate: one zip file that is the same bytes on every machine, told of in JSON-LD.

Process Run Crate 0.5 over RO-Crate 1.1: one action, its instruments, what it read and what came of it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from tracewright.errors import StoreError
from tracewright.pipeline.capsules import shelf, verifying
from tracewright.records.capsule import ATTESTATION, CAPSULE, CHART, PREVIEW, RUNS, Capsule, Run, Runs
from tracewright.records.job import Sha256

CRATE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT = (
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
)
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can tell."""
MEDIA = {
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
ABOUT = {
    CAPSULE: "The request and what came of it; its sha256 is the capsule's id",
    RUNS: "When and where it ran",
    PREVIEW: "The first rows",
    CHART: "The chart, as a Vega-Lite specification",
    ATTESTATION: "What made what, as an in-toto statement without a signature",
}


def export(home: Path, capsule_id: Sha256, with_question: bool = True) -> tuple[Sha256, bytes]:
    """Return the id and the zip of a capsule; raises StoreError for one that does not hold.

    Without its question it is another capsule, with an id of its own. Nothing in the home is changed.
    """
    capsule = shelf.load(home, capsule_id)
    files, strays = verifying.read_folder(shelf.folder(home, capsule_id))
    if faults := [*strays, *verifying.file_faults(files, capsule_id)]:
        raise StoreError(f"capsule {capsule_id} does not hold and is not exported: {faults[0].file} {faults[0].what}")
    if not with_question:
        capsule, told = capsule.without_question(), Runs.from_json(files[RUNS])
        others = {name: data for name, data in files.items() if name not in verifying.VOUCHING}
        files = shelf.contents(capsule, others, told)
    return capsule.id, packed({**files, CRATE: crate(capsule, files)})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files in the order of their names: stored, so that no compressor's version shows."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[name])
    return whole.getvalue()


def crate(capsule: Capsule, files: Mapping[str, bytes]) -> bytes:
    """Return the metadata file of a crate that holds these files."""
    first = Runs.from_json(files[RUNS]).runs[0]
    graph = [
        {"@id": CRATE, "@type": "CreativeWork", "about": _to("./"), "conformsTo": _to("https://w3id.org/ro/crate/1.1")},
        _root(capsule, first, sorted(files)),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": _licence(capsule), "@type": "CreativeWork", "name": capsule.licence},
        *(_file(name, files[name]) for name in sorted(files)),
        *_tables(capsule),
        *_software(capsule, first),
        _action(capsule, first),
    ]
    return (json.dumps({"@context": CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1) + "\n").encode()


def _root(capsule: Capsule, first: Run, names: list[str]) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": _to(PROFILE),
        "name": f"Capsule {capsule.id[:12]}",
        "description": capsule.request.question or f"A query over the tables of {capsule.request.data.id}",
        "identifier": f"urn:sha256:{capsule.id}",
        "datePublished": first.at,
        "license": _to(_licence(capsule)),
        "hasPart": [_to(name) for name in names],
        "mentions": [_to("#query")],
    }


def _licence(capsule: Capsule) -> str:
    custom = capsule.licence.startswith("LicenseRef-")
    return f"#{capsule.licence}" if custom else f"https://spdx.org/licenses/{capsule.licence}"


def _file(name: str, data: bytes) -> dict[str, Any]:
    told = {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": MEDIA[Path(name).suffix],
        "contentSize": str(len(data)),
        "sha256": sha256(data).hexdigest(),
    }
    return {**told, "description": ABOUT[name]} if name in ABOUT else told


def _tables(capsule: Capsule) -> Iterator[dict[str, Any]]:
    data = capsule.request.data
    for table in data.tables:
        yield {
            "@id": f"#table-{table.name}",
            "@type": "Dataset",
            "name": f"{data.id}.{table.name}",
            "description": f"{table.rows} rows; not in this crate",
            "identifier": f"urn:sha256:{table.sha256}",
        }


def _software(capsule: Capsule, first: Run) -> Iterator[dict[str, Any]]:
    engine, ours = capsule.request.engine, first.tracewright
    yield {"@id": "#engine", "@type": "SoftwareApplication", "name": engine.name, "softwareVersion": engine.version}
    yield {"@id": "#tracewright", "@type": "SoftwareApplication", "name": "tracewright", "softwareVersion": ours}


def _action(capsule: Capsule, first: Run) -> dict[str, Any]:
    done = capsule.outcome.status == "ok"
    action = {
        "@id": "#query",
        "@type": "CreateAction",
        "name": f"Query {capsule.request.content_hash()[:12]}",
        "description": capsule.request.sql or capsule.request.raw_sql or "A plan that came to no query",
        "instrument": [_to("#engine"), _to("#tracewright")],
        "object": [_to(f"#table-{table.name}") for table in capsule.request.data.tables],
        "result": [_to(capsule.result.file)] if capsule.result else [],
        "startTime": first.at,
        **_end(first),
        "actionStatus": f"http://schema.org/{'Completed' if done else 'Failed'}ActionStatus",
    }
    return action if done else {**action, "error": f"{capsule.outcome.code} {capsule.outcome.message}".strip()}


def _end(first: Run) -> dict[str, str]:
    if first.wall_seconds is None:
        return {}
    end = datetime.fromisoformat(first.at) + timedelta(seconds=first.wall_seconds)
    return {"endTime": end.isoformat(timespec="milliseconds")}


def _to(name: str) -> dict[str, str]:
    return {"@id": name}
