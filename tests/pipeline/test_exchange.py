"""Sweeping blobs: what a trace or an unfinished rollout leans on stays, be it in whichever store; the rest goes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.builders import make_step, make_task, make_trace
from tracewright.blobs import Blobs
from tracewright.errors import StoreError
from tracewright.pipeline.build import store_of
from tracewright.pipeline.collection import begin
from tracewright.pipeline.exchange import Swept, collect_garbage
from tracewright.pipeline.tasks import Drops
from tracewright.records.job import Artifact, Outcome
from tracewright.records.recipe import PolicyPart, Recipe, StorePart
from tracewright.records.task import Task
from tracewright.records.trace import Step
from tracewright.rollouts.journal import Journal

NOW = 0.0


def swept(home: Path) -> Swept:
    return asyncio.run(collect_garbage(home, "sql", NOW))


def put(home: Path, text: str) -> Artifact:
    return Blobs(home / "blobs").put(text.encode())


def task_on(artifact: Artifact) -> Task:
    return make_task(inputs={"data": artifact.sha256})


def step_with(artifact: Artifact) -> Step:
    return make_step(outcome=Outcome(status="ok", artifacts={"report": artifact}))


def keep(home: Path, store: str, task: Task, *steps: Step) -> None:
    asyncio.run(store_of(StorePart(name=store), home).append([make_trace(task, steps)]))


def test_what_a_trace_points_to_stays(home: Path) -> None:
    given, made, left = (put(home, text) for text in ("given", "made", "left"))
    keep(home, "sql", task_on(given), step_with(made))
    assert swept(home) == Swept(removed=1, bytes=4, kept=2)
    assert not Blobs(home / "blobs").path(left.sha256).exists()


def test_what_an_unfinished_rollout_leans_on_stays_until_it_is_over(home: Path) -> None:
    given, made = put(home, "given"), put(home, "made")
    task = task_on(given)
    rollout = begin(Recipe(policy=PolicyPart(name="nop")), home, [task], Drops())
    journal = Journal(home, rollout.id)
    journal.add_step(task.id, 0, step_with(made))
    assert swept(home) == Swept(removed=0, bytes=0, kept=2)
    journal.save(rollout.model_copy(update={"status": "completed"}))
    assert swept(home) == Swept(removed=2, bytes=9, kept=0)


def test_every_store_that_a_rollout_wrote_to_is_looked_through(home: Path) -> None:
    task = task_on(put(home, "given"))
    recipe = Recipe(policy=PolicyPart(name="nop"), store=StorePart(name="jsonl"))
    rollout = begin(recipe, home, [task], Drops())
    Journal(home, rollout.id).save(rollout.model_copy(update={"status": "completed"}))
    keep(home, "jsonl", task)
    assert swept(home) == Swept(removed=0, bytes=0, kept=1)


def test_a_home_without_blobs_has_nothing_to_sweep(home: Path) -> None:
    assert swept(home) == Swept(removed=0, bytes=0, kept=0)


def test_a_blob_that_cannot_be_removed_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = put(home, "left")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match=f"cannot remove .*{left.sha256}: Permission denied"):
        swept(home)
