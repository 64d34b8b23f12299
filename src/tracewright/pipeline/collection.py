"""A rollout from recipe to report: makes the tasks, plays them, can be interrupted anywhere and resumed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from time import monotonic

from tracewright.errors import StoreError, UsageError
from tracewright.pipeline.build import check_parts, engine_of, now, open_players, provenance, store_of
from tracewright.pipeline.tables import ready
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.base import JsonObject
from tracewright.records.recipe import Recipe
from tracewright.records.rollout import Rollout, RolloutReport
from tracewright.records.task import Task
from tracewright.rollouts.collect import Shard, collect, collect_shard
from tracewright.rollouts.journal import Done, Journal, claim, tasks_sha256
from tracewright.rollouts.report import report

WORK = "tracewright.pipeline.collection:play_shard"
Progress = Callable[[int, int], None]
"""Called with the number of tasks done and of all tasks."""


async def start(recipe: Recipe, home: Path, drops: Drops) -> Rollout:
    """Make the tasks of a recipe and put the rollout on disk, ready to be played."""
    check_parts(recipe, home)
    tasks = await make_tasks(recipe, home, drops)
    return begin(recipe, home, tasks, drops)


def begin(recipe: Recipe, home: Path, tasks: list[Task], drops: Drops) -> Rollout:
    """Put a rollout of given tasks on disk; raises UsageError where the policy cannot play any of them."""
    if recipe.policy.name == "oracle" and not any(task.goal.actions for task in tasks):
        raise UsageError(f"the oracle plays gold actions and none of the {len(tasks)} tasks has any; use search")
    created = now()
    rollout = Rollout(
        id=claim(home, f"{created:%Y%m%d-%H%M%S}-{recipe.id[:8]}"),
        recipe=recipe,
        recipe_id=recipe.id,
        tasks_sha256=tasks_sha256(tasks),
        tasks=len(tasks),
        dropped=dict(sorted(drops.counts.items())),
        created_at=created.isoformat(timespec="seconds"),
    )
    Journal(home, rollout.id).create(rollout, tasks)
    return rollout


def load(home: Path, rollout_id: str, recipe: Recipe | None = None) -> Rollout:
    """Read a rollout to go on with; raises UsageError when its recipe or its tasks are not the same any more."""
    journal = Journal(home, rollout_id)
    rollout = journal.load()
    if recipe is not None and recipe.id != rollout.recipe_id:
        raise UsageError(f"rollout {rollout_id} was made by another recipe; start a new one with `tracewright run`")
    if rollout.recipe.id != rollout.recipe_id:
        raise UsageError(f"the recipe of rollout {rollout_id} was changed on disk; start a new one")
    if tasks_sha256(journal.tasks()) != rollout.tasks_sha256:
        raise UsageError(f"the tasks of rollout {rollout_id} were changed on disk; start a new one")
    return rollout


async def run(rollout: Rollout, home: Path, progress: Progress) -> RolloutReport:
    """Play what is missing of a rollout and return its report; whatever ends it early leaves it resumable."""
    journal = Journal(home, rollout.id)
    with journal.alone():
        return await _run(rollout, home, journal, progress)


async def _run(rollout: Rollout, home: Path, journal: Journal, progress: Progress) -> RolloutReport:
    store, engine = store_of(rollout.recipe.store, home), engine_of(rollout.recipe, home)
    begun, done = monotonic(), len([entry for entry in journal.done() if not entry.unresolved])
    finished = False
    await ready(home, journal.tasks())
    try:
        progress(done, rollout.tasks)
        async for entries in collect(engine, WORK, str(home), journal, store, rollout):
            done += len(entries)
            progress(done, rollout.tasks)
        finished = True
    finally:
        await engine.close()
        # Where a full disk ended the work, it must not hide that by refusing this too.
        with nullcontext() if finished else suppress(StoreError):
            journal.save(rollout.model_copy(update={"status": "completed" if finished else "interrupted"}))
    return summary(rollout, home, monotonic() - begun)


def summary(rollout: Rollout, home: Path, seconds: float) -> RolloutReport:
    """Return the report of what is done so far."""
    journal = Journal(home, rollout.id)
    entries: list[Done] = journal.done()
    return report(rollout, journal.tasks(), entries, seconds)


async def play_shard(raw: JsonObject) -> JsonObject:
    """Play one shard; runs in an engine's worker."""
    shard = Shard.model_validate(raw)
    home, rollout = Path(shard.home), shard.rollout
    tasks = {task.id: task for task in shard.tasks}
    source = provenance(rollout.recipe.engine.name, rollout.id)
    share = 1 / rollout.recipe.engine.workers
    async with open_players(rollout.recipe, home, tasks, source, share) as players:
        result = await collect_shard(players, rollout.recipe.policy, Journal(home, rollout.id), shard.tasks)
    return result.model_dump(mode="json", exclude_defaults=True)
