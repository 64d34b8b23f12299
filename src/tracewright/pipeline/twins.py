"""Makes the twins of a table set: altered copies over which an answer that was only fitted to the rows is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from tracewright.blobs import Blobs
from tracewright.errors import SourceError
from tracewright.pipeline.jailed import run_jailed
from tracewright.records.base import JsonObject, Record, digest
from tracewright.records.job import MIB, Job, Limits, Outcome, Sha256
from tracewright.tables.shelf import Kept, Shelf, Twin, Twins

MADE = 2
"""The version of how twins are made: those of another are made anew."""
NUMBERS = (1, 2, 3)
LIMITS = Limits(memory_bytes=2048 * MIB, wall_seconds=600, file_bytes=1024 * MIB)
KIND = "twin_tables"
NOT_MADE = {"memory_bytes", "odd_column", "out_of_memory", "too_large", "wall_seconds"}
"""The codes with which the job ends over tables too large or too odd for it: they have fewer twins, or none."""


class _Table(Record):
    sha256: Sha256
    rows: int


class _Altered(Record):
    """What the job says; read as strictly as any other foreign text."""

    tables: Mapping[str, _Table]
    engine: str


async def twinned(home: Path, kept: Kept) -> Kept:
    """Return a set with its twins, which are made once in each home; their content follows from the set's version."""
    blobs = Blobs(home / "blobs")
    if kept.twins and kept.twins.made == MADE and all(blobs.path(twin.database).is_file() for twin in kept.twins.each):
        return kept
    outcomes = await run_jailed([twin_job(kept, number) for number in NUMBERS], home)
    each = tuple(_read(kept, outcome) for outcome in outcomes if outcome.code not in NOT_MADE)
    return Shelf(home).keep(kept.model_copy(update={"twins": Twins(made=MADE, each=each)}))


def twin_job(kept: Kept, number: int) -> Job:
    """Return the job that makes one of the twins of a set."""
    tables = kept.tables
    told: JsonObject = {
        "tables": [
            {"name": t.name, "key": [*t.key], "columns": [{"name": c.name, "type": c.type} for c in t.columns]}
            for t in tables.tables
        ],
        "relationships": [{"from": link.child, "to": link.parent} for link in tables.relationships],
    }
    rules: JsonObject = {"seed": tables.version_hash, "number": number, "memory_bytes": LIMITS.memory_bytes // 2}
    inputs: dict[str, Sha256] = {"tables.duckdb": kept.database}
    return Job(kind=KIND, isolation="oneshot", inputs=inputs, request={**told, **rules}, limits=LIMITS)


def _read(kept: Kept, outcome: Outcome) -> Twin:
    """Read what the jail says of a twin; raises SourceError where it made none."""
    if outcome.status != "ok":
        raise SourceError(
            f"no twin of the tables {kept.tables.id!r} was made ({outcome.code or outcome.status}): {outcome.message}"
        )
    try:
        content = digest(_Altered.model_validate(outcome.result).plain()["tables"])
        return Twin(database=outcome.artifacts["database"].sha256, content=content)
    except (ValidationError, KeyError) as error:
        raise SourceError(f"the job {KIND} did not say what it made: {error}") from error
