"""Makes the job that asks one set of tables a query, and asks the policy about many texts without running any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tracewright import registry
from tracewright.errors import SandboxError
from tracewright.pipeline.jailed import run_jailed
from tracewright.pipeline.tables import plain_name, prepared
from tracewright.records.base import JsonObject, Record
from tracewright.records.job import MIB, Job, Limits, Outcome, Sha256
from tracewright.tables.schema import database_file
from tracewright.tables.shelf import FORMATS

KIND = "query"
BATCH = 64
WORKER_BYTES = 768 * MIB
"""What the engine and its libraries take of a jail's address space before any query."""
SLACK_SECONDS = 5.0
"""A query's own timer ends it; the jail's timer stands behind that, for what comes before and after."""


class Verdict(Record):
    """What the policy says of one text."""

    sql: str
    verdict: Literal["allow", "deny"]
    code: str
    reason: str = ""


@dataclass(frozen=True)
class Data:
    """A prepared set: the name of its file in the jail, which is also the database's, the blob, and the tables."""

    file: str
    sha256: Sha256
    tables: tuple[str, ...]


async def data_of(home: Path, name: str) -> Data:
    """Return a set or file made ready; raises UsageError for an unknown name, SourceError for a changed file."""
    kept = await prepared(home, name)
    path = Path(name)
    database = plain_name(path.stem) if path.suffix in FORMATS else name
    return Data(
        database_file(database),
        kept.database,
        tuple(t.name for t in kept.tables.tables),
    )


def query_job(data: Data, request: JsonObject, seconds: float = 10.0, memory_bytes: int = 1024 * MIB) -> Job:
    """Return the job for a request of the kind `query`; `seconds` and `memory_bytes` are the limits of the query."""
    limits = {**_object(request.get("limits")), "seconds": seconds, "memory_bytes": memory_bytes}
    jail = Limits(memory_bytes=memory_bytes + WORKER_BYTES, wall_seconds=seconds + SLACK_SECONDS)
    isolation = registry.load("jobs", KIND).ISOLATION
    asked: JsonObject = {**request, "tables": list(data.tables), "limits": limits}
    return Job(kind=KIND, isolation=isolation, inputs={data.file: data.sha256}, request=asked, limits=jail)


async def judged(home: Path, name: str, texts: Sequence[str]) -> list[Verdict]:
    """Return the policy's verdict on every text, in order; nothing is run."""
    data = await data_of(home, name)
    found: list[Verdict | None] = [_unwritable(text) for text in texts]
    asked = [text for text, verdict in zip(texts, found, strict=True) if verdict is None]
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    jobs = [query_job(data, {"op": "check", "sql": list(batch)}) for batch in batches]
    outcomes = await run_jailed(jobs, home)
    told = iter(
        [verdict for batch, outcome in zip(batches, outcomes, strict=True) for verdict in _read(batch, outcome)]
    )
    return [verdict or next(told) for verdict in found]


def _unwritable(text: str) -> Verdict | None:
    """Half a character (a lone surrogate) cannot even be handed to the jail."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode(errors="replace").decode()
        return Verdict(sql=shown, verdict="deny", code="LEX", reason="The text holds half a character.")
    return None


def _read(batch: Sequence[str], outcome: Outcome) -> list[Verdict]:
    verdicts = outcome.result.get("verdicts")
    if not isinstance(verdicts, list) or len(verdicts) != len(batch):
        # No verdict is no permission.
        reason = f"The check ended without a verdict ({outcome.code or outcome.status})."
        return [Verdict(sql=text, verdict="deny", code="RUNNER_CRASH", reason=reason) for text in batch]
    try:
        return [
            Verdict(sql=text, verdict=told["verdict"], code=told["code"], reason=told["reason"])  # type: ignore[index,call-overload]  # validated here
            for text, told in zip(batch, verdicts, strict=True)
        ]
    except (ValidationError, KeyError, TypeError) as error:
        raise SandboxError(f"the job {KIND} sent something that is no verdict: {error}") from error


def _object(value: object) -> JsonObject:
    return dict(value) if isinstance(value, dict) else {}
