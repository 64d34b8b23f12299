"""Traces in and out of a store: files of rows out, trace JSONL in, and the blobs that nothing points to swept up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Literal

from tracewright import registry
from tracewright.blobs import Blobs
from tracewright.datasets.export import write_rows
from tracewright.errors import StoreError
from tracewright.pipeline.again import all_traces
from tracewright.pipeline.build import now, parts, store_of
from tracewright.pipeline.trace_files import read_traces
from tracewright.records.base import JsonObject, Record
from tracewright.records.recipe import StorePart
from tracewright.records.task import Dropped
from tracewright.records.trace import Step, Trace
from tracewright.renderers import Renderer
from tracewright.rollouts.journal import Journal
from tracewright.stores import Query

BATCH = 100


class Imported(Record):
    """What `tracewright traces import --json` prints."""

    added: int
    known: int
    faults: tuple[str, ...] = ()


class Swept(Record):
    """What `tracewright traces gc --json` prints."""

    removed: int
    bytes: int
    kept: int


async def export_traces(
    home: Path, store: str, query: Query, renderer: str, form: Literal["jsonl", "csv", "parquet"], out: Path
) -> int:
    """Write the rows that a renderer makes of the traces that match; return how many."""
    built: Renderer = registry.build("renderers", renderer, {}, parts(home))
    opened = store_of(StorePart(name=store), home)

    async def rows() -> AsyncIterator[JsonObject]:
        async for trace in all_traces(opened, query):
            for row in built.render(trace):
                yield row

    return await write_rows(rows(), built.columns, form, out)


async def import_traces(home: Path, store: str, path: Path) -> Imported:
    """Take in trace JSONL; a line that is no trace, or whose id does not fit its content, is named and left out."""
    opened = store_of(StorePart(name=store), home)
    faults: list[str] = []
    added = known = 0
    for batch in _batches(_traces(path, faults)):
        new = await opened.append(batch)
        added, known = added + new, known + len(batch) - new
    return Imported(added=added, known=known, faults=tuple(faults))


def _traces(path: Path, faults: list[str]) -> Iterator[Trace]:
    for found in read_traces(path):
        if isinstance(found, Dropped):
            faults.append(found.where)
        else:
            yield found


def _batches(traces: Iterator[Trace]) -> Iterator[list[Trace]]:
    batch: list[Trace] = []
    for trace in traces:
        batch.append(trace)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def collect_garbage(home: Path, store: str, older_than: float) -> Swept:
    """Remove blobs older than `older_than` seconds that no stored trace and no unfinished rollout points to.

    The stores looked through are the one named and each that a rollout of this home has written to.
    """
    used = await _used(home, store)
    folder = Blobs(home / "blobs").folder
    removed = size = kept = 0
    # A younger blob may belong to a trace that is not stored yet.
    horizon = now().timestamp() - older_than
    for path in sorted(folder.glob("??/*")):
        facts = path.stat()
        if path.name in used or facts.st_mtime > horizon:
            kept += 1
            continue
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(f"cannot remove {path}: {error.strerror}") from error
        removed, size = removed + 1, size + facts.st_size
    return Swept(removed=removed, bytes=size, kept=kept)


async def _used(home: Path, store: str) -> set[str]:
    rollouts = [Journal(home, path.parent.name).load() for path in sorted((home / "rollouts").glob("*/rollout.json"))]
    stores = {part.to_json(): part for part in (StorePart(name=store), *(one.recipe.store for one in rollouts))}
    # What is interrupted may be resumed on any day.
    used = {name for one in rollouts if one.status != "completed" for name in _leant_on(Journal(home, one.id))}
    for part in stores.values():
        async for trace in all_traces(store_of(part, home), Query()):
            used.update(trace.task.inputs.values(), _artifacts(trace.steps))
    return used


def _leant_on(journal: Journal) -> Iterator[str]:
    for task in journal.tasks():
        yield from task.inputs.values()
        for steps in journal.steps(task.id).values():
            yield from _artifacts(steps)


def _artifacts(steps: Iterable[Step]) -> Iterator[str]:
    return (artifact.sha256 for step in steps for artifact in step.outcome.artifacts.values())
