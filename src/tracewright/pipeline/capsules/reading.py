"""Has stored results read and drawn in the jail: what they hold is somebody else's, whoever keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tracewright import registry
from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.pipeline.build import open_sandbox
from tracewright.records.base import JsonObject, Record, canonical
from tracewright.records.capsule import CHART, PICTURES, ResultColumn, ResultName, ResultRef
from tracewright.records.chart import Chart
from tracewright.records.job import MIB, Artifact, Job, Limits, Outcome, Sha256
from tracewright.records.recipe import SandboxPart
from tracewright.sandboxes import Sandbox

READING = Limits(memory_bytes=2048 * MIB, wall_seconds=120, output_bytes=4 * MIB)
PREVIEW_ROWS = 50


@dataclass(frozen=True)
class Bench:
    """A jail, and the home whose blobs it mounts."""

    sandbox: Sandbox
    home: Path
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def bytes_of(self, artifact: Artifact) -> bytes:
        """Return the bytes of what a job wrote."""
        return Blobs(self.home / "blobs").get(artifact.sha256)


class Facts(Record):
    """What the job `read_result` says of one result."""

    columns: tuple[ResultColumn, ...]
    preview: tuple[tuple[Any, ...], ...]
    rows: int
    logical: Sha256
    multiset: Sha256
    rounded: Sha256


@asynccontextmanager
async def bench(home: Path, sandbox: str = "auto") -> AsyncIterator[Bench]:
    """Open the jail that everything about capsules runs in; raises MissingPartError where none holds."""
    async with open_sandbox(SandboxPart(name=sandbox), home) as jail:
        yield Bench(jail, home)


async def read_facts(
    there: Bench, name: ResultName, sha256: Sha256, columns: list[JsonObject], ordered: bool
) -> tuple[Facts, dict[str, str]]:
    """Have a result read in the jail; returns its facts and the libraries that read it.

    Raises SandboxError for a result that is none.
    """
    one: JsonObject = {"input": "result", "format": form_of(name), "columns": [*columns], "ordered": ordered}
    request: JsonObject = {"results": [one], "preview": PREVIEW_ROWS}
    outcome = await there.sandbox.run(job("read_result", {"result": sha256}, request))
    return _facts(outcome), _libraries(outcome)


def _facts(outcome: Outcome) -> Facts:
    told = outcome.result.get("results")
    if outcome.status != "ok" or not isinstance(told, list):
        raise SandboxError(f"the result could not be read ({outcome.code or outcome.status}): {outcome.message}")
    try:
        return Facts.model_validate(told[0])
    except (ValidationError, IndexError) as error:
        raise SandboxError(f"the job read_result sent something that is no reading: {error}") from error


def _libraries(outcome: Outcome) -> dict[str, str]:
    told = outcome.result.get("libraries")
    return {str(name): str(found) for name, found in told.items()} if isinstance(told, dict) else {}


def form_of(name: ResultName) -> str:
    """Return how a result's file is written."""
    return name.removeprefix("result.")


def told_columns(result: ResultRef) -> list[JsonObject]:
    """Return names and types of a result's columns, as jobs want them."""
    return [{"name": column.name, "type": column.type} for column in result.columns]


def preview(facts: Facts) -> bytes:
    """Return the first rows as canonical JSON."""
    named = [{"name": column.name, "type": column.type} for column in facts.columns]
    shown = {"columns": named, "rows": facts.preview, "more": facts.rows > len(facts.preview)}
    return canonical(shown)


async def draw(there: Bench, result: ResultRef, chart: Chart) -> tuple[dict[str, bytes], str]:
    """Return the files of a chart, and a sentence where some could not be made."""
    request: JsonObject = {
        "input": "result",
        "format": form_of(result.file),
        "columns": [*told_columns(result)],
        "chart": chart.model_dump(mode="json"),
    }
    try:
        outcome = await there.sandbox.run(job("draw_chart", {"result": result.sha256}, request))
    except MissingPartError as missing:
        return {}, f"no picture was drawn: {missing}"
    wanted = {CHART, *PICTURES}
    drawn = {name: there.bytes_of(found) for name, found in outcome.artifacts.items() if name in wanted}
    whole = outcome.status == "ok" and not outcome.code
    return drawn, "" if whole else outcome.message or f"no picture was drawn: {outcome.code or outcome.status}"


def job(kind: str, inputs: Mapping[str, Sha256], request: JsonObject) -> Job:
    """Return a job that reads results; raises MissingPartError where its libraries are not installed."""
    isolation = registry.load("jobs", kind).ISOLATION
    return Job(kind=kind, isolation=isolation, inputs=dict(inputs), request=request, limits=READING)
