"""Stored traces run or graded again: finds them, their environments and, for grading, their goals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from tracewright.environments import Environment
from tracewright.errors import RecordError, SourceError, UsageError
from tracewright.pipeline.build import environment_of, grader_of, open_sandbox, store_of
from tracewright.pipeline.known import part_named
from tracewright.pipeline.tables import ready
from tracewright.pipeline.tasks import Drops
from tracewright.pipeline.trace_files import read_traces
from tracewright.records.recipe import SandboxPart, StorePart
from tracewright.records.task import Dropped, Task, read_task
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Journal
from tracewright.rollouts.rejudge import Change, RejudgeReport, difference, rejudge
from tracewright.rollouts.replay import Drift, ReplayReport, replay
from tracewright.sandboxes import Sandbox
from tracewright.stores import Query, Store

PAGE = 200
AT_ONCE = 8


async def replay_traces(
    home: Path,
    store: str,
    ids: Sequence[str],
    limit: int | None,
    seed: int,
    path: Path | None,
    progress: Callable[[int, int], None],
    drops: Drops | None = None,
) -> ReplayReport:
    """Replay the traces named, or `limit` of all drawn with `seed`; raises UsageError where there are none.

    A line of the file at `path` that is no trace is counted in `drops`, and the rest goes on.
    """
    chosen = await _chosen(home, store, ids, limit, seed, path, drops or Drops())
    drifts: list[Drift] = []
    await ready(home, [trace.task for trace in chosen])
    async with open_sandbox(SandboxPart(), home) as sandbox:
        for start in range(0, len(chosen), AT_ONCE):
            window = chosen[start : start + AT_ONCE]
            found = await asyncio.gather(*(_replayed(trace, home, sandbox) for trace in window))
            drifts += [drift for drift in found if drift]
            progress(start + len(window), len(chosen))
    return ReplayReport(traces=len(chosen), equal=len(chosen) - len(drifts), drifted=tuple(drifts))


async def _replayed(trace: Trace, home: Path, sandbox: Sandbox) -> Drift | None:
    return await replay(trace, _environment(trace, home), sandbox)


def _environment(trace: Trace, home: Path) -> Environment:
    return environment_of(part_named(trace.environment, home), home)


async def _chosen(
    home: Path, store: str, ids: Sequence[str], limit: int | None, seed: int, path: Path | None, drops: Drops
) -> list[Trace]:
    if path is not None:
        traces = list(_read(path, drops))
    elif ids:
        traces = [await find_trace(store_of(StorePart(name=store), home), trace_id) for trace_id in ids]
    else:
        traces = [trace async for trace in all_traces(store_of(StorePart(name=store), home), Query())]
    if not traces:
        raise UsageError(f"there are no traces to replay in {path or home}; collect some with `tracewright rollout`")
    if limit is None or limit >= len(traces):
        return traces
    by_id = sorted(traces, key=lambda trace: trace.id)
    return random.Random(seed).sample(by_id, limit)  # noqa: S311 -- a seeded draw, no secret


def _read(path: Path, drops: Drops) -> Iterator[Trace]:
    for found in read_traces(path, changed=True):
        if isinstance(found, Dropped):
            drops.add(found)
        else:
            yield found


async def find_trace(store: Store, trace_id: str) -> Trace:
    """Return one trace; raises UsageError if there is none of that id."""
    trace = await store.get(trace_id)
    if trace is None:
        raise UsageError(f"there is no trace {trace_id!r}; list them with `tracewright traces list`")
    return trace


async def all_traces(store: Store, query: Query) -> AsyncIterator[Trace]:
    """Yield all traces that match, page by page."""
    query = query.model_copy(update={"limit": PAGE})
    while True:
        page = await store.find(query)
        for trace in page.traces:
            yield trace
        if not page.cursor:
            return
        query = query.model_copy(update={"cursor": page.cursor})


async def rejudge_traces(
    home: Path, store: str, rollout: str, tasks: Path | None, write: bool, drops: Drops
) -> RejudgeReport:
    """Grade stored traces again with the goals of their rollouts (or of a file); keep the changed ones if asked to.

    A line of the file at `tasks` that is no task is counted in `drops`, and the rest goes on.
    """
    kept = store_of(StorePart(name=store), home)
    goals: dict[str, dict[str, Task]] = {}
    named = {task.id: task for task in _tasks_in(tasks, drops)} if tasks else {}
    count, unknown, changes, regraded = 0, 0, [], []
    async with open_sandbox(SandboxPart(), home) as sandbox:
        async for trace in all_traces(kept, Query(rollout=rollout)):
            count += 1
            task = named.get(trace.task.id) or _goal(home, trace, goals)
            if task is None:
                unknown += 1
                continue
            await ready(home, [task])
            part = part_named(trace.environment, home)
            new = await rejudge(trace, task, environment_of(part, home), grader_of(part, home), sandbox)
            if new.id != trace.id:
                changes.append(Change(trace=trace.id, what=difference(trace, new), now=new.id))
                regraded.append(new)
    if write and regraded:
        await kept.append(regraded)
    return RejudgeReport(traces=count, unknown=unknown, changed=tuple(changes))


def _goal(home: Path, trace: Trace, goals: dict[str, dict[str, Task]]) -> Task | None:
    name = trace.provenance.rollout
    if name not in goals:
        goals[name] = {}
        if name and (home / "rollouts" / name / "tasks.jsonl").exists():
            goals[name] = {task.id: task for task in Journal(home, name).tasks()}
    return goals[name].get(trace.task.id)


def _tasks_in(path: Path, drops: Drops) -> Iterator[Task]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise SourceError(f"wanted tasks as JSON lines at {path}, found: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield read_task(line.decode(errors="replace"), f"{path}:{number}")
        except RecordError as error:
            drops.add(Dropped("no_task", str(error)))
