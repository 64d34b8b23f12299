"""The whole turn of the product on embedded defaults: tasks of three kinds, traces, a dataset, a report."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import tracewright
from tracewright import registry
from tracewright.blobs import write_whole
from tracewright.datasets.build import build_dataset
from tracewright.datasets.export import export_dataset
from tracewright.datasets.manifests import keys
from tracewright.errors import DatasetError
from tracewright.pipeline.again import replay_traces
from tracewright.pipeline.build import now, parts, store_of
from tracewright.pipeline.collection import Progress, run, start
from tracewright.pipeline.made_history import make_history
from tracewright.pipeline.tasks import Drops
from tracewright.records.base import Record
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.recipe import Recipe, StorePart, read_recipe_data
from tracewright.records.rollout import Rollout, RolloutReport, Tally
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Attempt, Journal
from tracewright.stores import Page, Query, Store

SEED = 7
REPLAYED = 10
RENDERED = ("messages", "tunix_sft", "prompt_completion")
LEGS = {"commits": (60, 20), "mined": (60, 12), "synthetic": (200, 40), "cards": (60, 20)}
"""The legs of the demo, and how many tasks each has, whole and short."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Leg:
    """One part of the demo: the tasks of one kind, played."""

    name: str
    report: RolloutReport
    attempts: tuple[Attempt, ...]


class DemoReport(Record):
    """What `tracewright demo --json` prints."""

    tasks: int
    traces: int
    verified: int
    failed: int
    by: Mapping[str, Mapping[str, Tally]]
    seconds: float
    steps_per_second: float
    dataset: str
    sha256: str
    examples: int
    exports: tuple[str, ...]
    replayed: int
    agreed: int
    report: str


async def demo(home: Path, fast: bool, workers: int, say: Say, progress: Progress) -> DemoReport:
    """Turn the wheel once and write `reports/demo.md`; the same traces come out on every machine.

    In a home that has more traces, only those of the demo enter its dataset. A second turn gives the same dataset;
    where another one has its key, it takes the next version.
    """
    begun = monotonic()
    rollouts = {name: await _started(name, home, fast, workers, say) for name in LEGS}
    legs = await _played(rollouts, home, progress)
    attempts = [attempt for leg in legs for attempt in leg.attempts]
    ids = sorted({attempt.trace for attempt in attempts})
    manifest = await _dataset(home, frozenset(ids), say)
    exports = [await _export(home, manifest, renderer, say) for renderer in RENDERED]
    say(f"replaying {REPLAYED} traces")
    drawn = random.Random(SEED).sample(ids, min(REPLAYED, len(ids)))  # noqa: S311 -- a seeded draw, no secret
    again = await replay_traces(home, "sql", drawn, None, SEED, None, lambda done, total: None)
    played = sum(leg.report.seconds for leg in legs)
    report = DemoReport(
        tasks=sum(leg.report.tasks for leg in legs),
        traces=len(attempts),
        verified=sum(leg.report.verified for leg in legs),
        failed=sum(leg.report.failed for leg in legs),
        by=_by(legs),
        seconds=round(monotonic() - begun, 1),
        steps_per_second=round(sum(attempt.steps for attempt in attempts) / played, 1) if played else 0.0,
        dataset=manifest.key,
        sha256=manifest.sha256,
        examples=exports[0][1],
        exports=tuple(name for name, _ in exports),
        replayed=again.traces,
        agreed=again.equal,
        report="reports/demo.md",
    )
    write_whole(home / report.report, _markdown(report))
    return report


async def _started(name: str, home: Path, fast: bool, workers: int, say: Say) -> Rollout:
    recipe = _recipe(name, home, LEGS[name][fast], workers)
    rollout = await start(recipe, home, Drops())
    say(f"{name}: {rollout.tasks} tasks for {recipe.policy.name}")
    return rollout


async def _played(rollouts: Mapping[str, Rollout], home: Path, progress: Progress) -> list[Leg]:
    total = sum(rollout.tasks for rollout in rollouts.values())
    legs: list[Leg] = []
    for name, rollout in rollouts.items():
        before = sum(leg.report.tasks for leg in legs)
        report = await run(rollout, home, partial(_further, progress, before, total))
        attempts = tuple(attempt for entry in Journal(home, rollout.id).done() for attempt in entry.attempts)
        legs.append(Leg(name, report, attempts))
    return legs


def _further(progress: Progress, before: int, total: int, done: int, own_total: int) -> None:
    progress(before + done, total)


def _recipe(name: str, home: Path, limit: int, workers: int) -> Recipe:
    tasks: dict[str, Any] = {"seed": SEED, "limit": limit}
    environment, policy = "astgrep", "oracle"
    match name:
        case "commits":
            tasks |= {"source": "edits", "path": str(examples() / "edits.jsonl")}
            policy = "search"
        case "mined":
            history = make_history(examples() / "code", home / "demo")
            tasks |= {"source": "git_history", "path": str(history), "address": "examples"}
            policy = "search"
        case "cards":
            environment = "cards"
    data = {
        "environment": {"name": environment},
        "tasks": tasks,
        "policy": {"name": policy, "attempts": 8 if policy == "search" else 1},
        "engine": {"workers": workers},
    }
    return read_recipe_data(Recipe, data, "the demo")


def examples() -> Path:
    """Return where the example sources lie: in the wheel, else beside the sources of a checkout."""
    package = Path(tracewright.__file__).parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[1] / "examples"


class OwnTraces:
    """Some traces of a store, by their ids: whatever else it holds is not seen."""

    def __init__(self, store: Store, ids: Collection[str]) -> None:
        self._store = store
        self._ids = ids

    async def append(self, traces: Sequence[Trace]) -> int:
        return await self._store.append(traces)

    async def get(self, trace_id: str) -> Trace | None:
        return await self._store.get(trace_id) if trace_id in self._ids else None

    async def find(self, query: Query) -> Page:
        """Return what is ours of one page of the store; it may be empty and yet not the last."""
        page = await self._store.find(query)
        return Page(traces=tuple(trace for trace in page.traces if trace.id in self._ids), cursor=page.cursor)

    async def count(self, query: Query) -> int:
        page = await self.find(query)
        total = len(page.traces)
        while page.cursor:
            page = await self.find(query.model_copy(update={"cursor": page.cursor}))
            total += len(page.traces)
        return total

    async def delete(self, trace_id: str) -> bool:
        return trace_id in self._ids and await self._store.delete(trace_id)


async def _dataset(home: Path, ids: Collection[str], say: Say) -> Manifest:
    own = OwnTraces(store_of(StorePart(), home), ids)
    manifest = await _free_version(own, home)
    say(f"dataset {manifest.key}: {len(manifest.traces)} traces, sha256 {manifest.sha256[:16]}")
    return manifest


async def _free_version(store: Store, home: Path) -> Manifest:
    """Build `demo-v1`, or the first version that is free or holds the same."""
    number = 1
    while True:
        request = DatasetRequest(name="demo", version=f"v{number}", strategy="stratified", seed=SEED)
        try:
            return await build_dataset(store, request, home, now)
        except DatasetError:
            if request.key not in keys(home):
                raise
        number += 1


async def _export(home: Path, manifest: Manifest, renderer: str, say: Say) -> tuple[str, int]:
    built = registry.build("renderers", renderer, {}, parts(home))
    name = f"datasets/{manifest.key}/{renderer}.jsonl"
    rows = await export_dataset(store_of(StorePart(), home), manifest, built, "jsonl", home / name)
    say(f"{renderer}: {rows} examples")
    return name, rows


def _by(legs: Sequence[Leg]) -> dict[str, dict[str, Tally]]:
    languages: dict[str, Tally] = {}
    for leg in legs:
        for language, tally in leg.report.by.get("language", {}).items():
            languages[language] = _sum(languages.get(language, Tally()), tally)
    kinds = {leg.name: Tally(tasks=leg.report.tasks, verified=leg.report.verified) for leg in legs}
    return {"kind": kinds, "language": dict(sorted(languages.items()))}


def _sum(left: Tally, right: Tally) -> Tally:
    return Tally(**{name: getattr(left, name) + getattr(right, name) for name in Tally.model_fields})


def _markdown(report: DemoReport) -> str:
    rows = [
        f"| {name} | {value} | {tally.tasks} | {tally.verified} |"
        for name, slices in report.by.items()
        for value, tally in slices.items()
    ]
    lines = [
        "# One turn of the wheel",
        "",
        f"{report.verified} of {report.tasks} tasks verified in {report.traces} traces, {report.failed} failed by",
        f"infrastructure; {report.seconds} s in all, {report.steps_per_second} steps/s while playing.",
        "",
        "| by | | tasks | verified |",
        "|---|---|---:|---:|",
        *rows,
        "",
        f"Dataset `{report.dataset}`, sha256 `{report.sha256}`, {report.examples} examples as chat messages.",
        f"Replayed {report.replayed} traces drawn at random: {report.agreed} came out the same.",
        "",
    ]
    return "\n".join(lines)
