"""Plays many tasks: shards over an engine's workers, a bounded number of episodes at once in each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

from tracewright.engines import Engine
from tracewright.records.base import JsonObject, Record
from tracewright.records.recipe import PolicyPart
from tracewright.records.rollout import Rollout
from tracewright.records.task import Task
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Attempt, Done, Journal
from tracewright.rollouts.rollout import Players, play
from tracewright.stores import Store

CONCURRENT_TASKS = 8
SHARD_TASKS = 16


class Shard(Record):
    """Some tasks of a rollout, goals and all, for one worker; complete in itself."""

    home: str
    rollout: Rollout
    tasks: tuple[Task, ...]


class Played(Record):
    """One task's attempts as they come back from a worker."""

    task: str
    traces: tuple[Trace, ...] = ()


class ShardResult(Record):
    """What a worker made of a shard."""

    played: tuple[Played, ...]


async def collect(
    engine: Engine, function: str, home: str, journal: Journal, store: Store, rollout: Rollout
) -> AsyncIterator[list[Done]]:
    """Play the tasks that are not done yet; yield those of each shard once their traces are in the store.

    `function` names the async function that a worker calls with a `Shard` to get a `ShardResult`, both as JSON.
    """
    done = {entry.task for entry in journal.done() if not entry.unresolved}
    missing = [task for task in journal.tasks() if task.id not in done]
    chunks = [tuple(missing[start : start + SHARD_TASKS]) for start in range(0, len(missing), SHARD_TASKS)]
    shards: list[JsonObject] = [
        Shard(home=home, rollout=rollout, tasks=chunk).model_dump(mode="json") for chunk in chunks
    ]
    async for answer in engine.map(function, shards):
        yield await _keep(store, journal, ShardResult.model_validate(answer))


async def _keep(store: Store, journal: Journal, result: ShardResult) -> list[Done]:
    traces = [trace for played in result.played for trace in played.traces]
    if traces:
        await store.append(traces)
    entries = [Done(task=played.task, attempts=tuple(map(Attempt.of, played.traces))) for played in result.played]
    journal.add_done(entries)
    return entries


async def collect_shard(players: Players, part: PolicyPart, journal: Journal, tasks: Sequence[Task]) -> ShardResult:
    """Play all attempts at each task, at most eight tasks at once; what the journal has is not played again."""
    limit = asyncio.Semaphore(CONCURRENT_TASKS)

    async def one(task: Task) -> Played:
        async with limit:
            return Played(task=task.id, traces=tuple(await play_group(players, part, journal, task)))

    return ShardResult(played=tuple(await asyncio.gather(*(one(task) for task in tasks))))


async def play_group(players: Players, part: PolicyPart, journal: Journal, task: Task) -> list[Trace]:
    """Play the attempts at one task in order; a group ends at its first pass or when nothing is left to try."""
    done = journal.steps(task.id)
    traces: list[Trace] = []
    for attempt in range(part.attempts):
        record = partial(journal.add_step, task.id, attempt)
        trace = await play(players, task, attempt, done.get(attempt, ()), record)
        if trace is None:
            break
        traces.append(trace)
        if trace.passed and part.stop_at_pass:
            break
    return traces
