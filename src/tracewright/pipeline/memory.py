"""Finds what the agent remembered of a task: in the steps of a rollout, under way or done, else in stored traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tracewright.errors import UsageError
from tracewright.pipeline.again import all_traces
from tracewright.pipeline.build import store_of
from tracewright.records.base import Record
from tracewright.records.recipe import StorePart
from tracewright.records.state import State
from tracewright.records.trace import Step, state_before
from tracewright.rollouts.journal import Journal
from tracewright.stores import Query

SHORTEST_PREFIX = 8
ID_LENGTH = 64
SUFFIX = ".jsonl"


class Memory(Record):
    """What `tracewright state dump --json` prints: the memory after `steps` steps of one attempt."""

    task: str
    rollout: str = ""
    trace: str = ""
    attempt: int
    steps: int
    state: State


async def remember(home: Path, store: str, task: str, rollout: str, attempt: int | None) -> Memory:
    """Return the memory of a task: of the rollout named, else of the newest that played it, else of a stored trace.

    Of several attempts it is the one asked for, else the last. Raises UsageError where there is none.
    """
    if len(task) < SHORTEST_PREFIX:
        raise UsageError(f"wanted a task id or its first {SHORTEST_PREFIX} characters or more, found {task!r}")
    found = _from_rollouts(home, task, rollout, attempt) or await _from_store(home, store, task, rollout, attempt)
    if found is None:
        where = f"rollout {rollout}" if rollout else f"any rollout or trace of {home}"
        which = "" if attempt is None else f" with attempt {attempt}"
        raise UsageError(f"there is no task {task!r}{which} in {where}; list traces with `tracewright traces list`")
    return found


def _from_rollouts(home: Path, task: str, rollout: str, attempt: int | None) -> Memory | None:
    folder = home / "rollouts"
    names = [rollout] if rollout else sorted((path.name for path in folder.glob("*") if path.is_dir()), reverse=True)
    for name in names:
        journal = Journal(home, name)
        played = (path.name.removesuffix(SUFFIX) for path in journal.folder.glob(f"*{SUFFIX}"))
        whole = _only(task, (stem for stem in played if len(stem) == ID_LENGTH))
        steps = journal.steps(whole) if whole else {}
        number = max(steps, default=-1) if attempt is None else attempt
        if number in steps:
            return _memory(whole, steps[number], number, rollout=name)
    return None


async def _from_store(home: Path, store: str, task: str, rollout: str, attempt: int | None) -> Memory | None:
    query = Query(rollout=rollout, task=task if len(task) == ID_LENGTH else "", order="newest")
    traces = [
        trace
        async for trace in all_traces(store_of(StorePart(name=store), home), query)
        if trace.task.id.startswith(task) and attempt in (None, trace.attempt)
    ]
    whole = _only(task, (trace.task.id for trace in traces))
    if not traces:
        return None
    chosen = next(trace for trace in traces if trace.task.id == whole)
    return _memory(whole, chosen.steps, chosen.attempt, rollout=chosen.provenance.rollout, trace=chosen.id)


def _only(prefix: str, ids: Iterable[str]) -> str:
    matching = sorted({name for name in ids if name.startswith(prefix)})
    if len(matching) > 1:
        some = ", ".join(name[:12] for name in matching[:5])
        raise UsageError(f"{prefix!r} is the beginning of {len(matching)} tasks ({some}); write more of it")
    return matching[0] if matching else ""


def _memory(task: str, steps: Sequence[Step], attempt: int, rollout: str = "", trace: str = "") -> Memory:
    state = state_before(steps, len(steps))
    return Memory(task=task, rollout=rollout, trace=trace, attempt=attempt, steps=len(steps), state=state)
