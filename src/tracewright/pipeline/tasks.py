"""Makes tasks: an environment's drafts are finished in the jail, in order, and told apart by their ids."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tracewright.environments import Environment, MadeTask
from tracewright.errors import UsageError
from tracewright.pipeline.build import environment_of, open_sandbox, source_of
from tracewright.pipeline.tables import prepared
from tracewright.records.base import Record
from tracewright.records.recipe import Recipe
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest
from tracewright.rollouts.rollout import settle
from tracewright.sandboxes import Sandbox
from tracewright.sources import Source

AT_ONCE = 64
NAMED_DROPS = 20
MOST_UNASKED = 5000
"""How many tasks an environment that makes them from the seed alone may make where nobody said how many."""

T = TypeVar("T")


@dataclass
class Drops:
    """What could not be used, counted by reason; the first few are named."""

    counts: Counter[str] = field(default_factory=Counter)
    named: list[Dropped] = field(default_factory=list)

    def add(self, dropped: Dropped) -> None:
        """Count one drop."""
        self.counts[dropped.reason] += 1
        if len(self.named) < NAMED_DROPS:
            self.named.append(dropped)


async def make_tasks(recipe: Recipe, home: Path, drops: Drops) -> list[Task]:
    """Return the tasks that a recipe asks for, the same ones in the same order every time; drops are counted.

    Raises UsageError when not one task is left.
    """
    environment = environment_of(recipe.environment, home)
    async with open_sandbox(recipe.sandbox, home) as sandbox:
        limit = recipe.tasks.limit
        tasks = [task async for task in _take(iter_tasks(recipe, environment, sandbox, home, drops), limit)]
    if not tasks:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(drops.counts.items())) or "none was made"
        raise UsageError(f"wanted tasks for environment {environment.name}, found none ({reasons})")
    return tasks


async def iter_tasks(
    recipe: Recipe, environment: Environment, sandbox: Sandbox, home: Path, drops: Drops
) -> AsyncIterator[Task]:
    """Yield the tasks of the split asked for, without repetitions."""
    source = source_of(recipe, environment, home)
    for name in getattr(source, "tables", ()):
        await prepared(home, name)
    request = TaskRequest(split=recipe.tasks.split, limit=recipe.tasks.limit, seed=recipe.tasks.seed)
    drafts = _drafts(environment, source, request, drops)
    seen: set[str] = set()
    async for made in finish_in_order(sandbox, drafts):
        if isinstance(made, Dropped):
            drops.add(made)
        elif made.id in seen:
            drops.add(Dropped("duplicate", made.id))
        elif recipe.tasks.split in (None, made.split):
            seen.add(made.id)
            yield made
        else:
            drops.counts["other_split"] += 1


async def finish_in_order(sandbox: Sandbox, drafts: Iterable[MadeTask | Deferred[MadeTask]]) -> AsyncIterator[MadeTask]:
    """Finish drafts in the jail, a window of them at once, and yield them in their order."""

    async def one(draft: MadeTask | Deferred[MadeTask]) -> MadeTask:
        return await settle(sandbox, draft)

    waiting = iter(drafts)
    while window := list(islice(waiting, AT_ONCE)):
        for made in await asyncio.gather(*map(one, window)):
            yield made


def _drafts(
    environment: Environment, source: Source | None, request: TaskRequest, drops: Drops
) -> Iterator[MadeTask | Deferred[MadeTask]]:
    records = _records(source, drops)
    if environment.source or source is None:
        made = environment.tasks(records, request)
        return made if source or request.limit else _bounded(made, environment.name)
    # An environment that reads no records cannot make tasks of them, but it can play those that are made.
    return (_played(record, environment.name) for record in records)


def _bounded(drafts: Iterator[MadeTask | Deferred[MadeTask]], name: str) -> Iterator[MadeTask | Deferred[MadeTask]]:
    yield from islice(drafts, MOST_UNASKED)
    if next(drafts, None) is not None:
        raise UsageError(f"environment {name} makes more than {MOST_UNASKED} tasks; say with --limit how many you want")


def _played(record: Record, name: str) -> MadeTask:
    if isinstance(record, Task) and record.environment == name:
        return record
    found = f"a task of {record.environment[:60]!r}" if isinstance(record, Task) else "no task"
    return Dropped("no_task", f"wanted a task of {name}, found {found}")


def _records(source: Source | None, drops: Drops) -> Iterator[Record]:
    for record in source.records() if source else ():
        if isinstance(record, Dropped):
            drops.add(record)
        else:
            yield record


async def _take(items: AsyncIterator[T], limit: int | None) -> AsyncIterator[T]:
    count = 0
    async for item in items:
        yield item
        count += 1
        if limit is not None and count >= limit:
            return
