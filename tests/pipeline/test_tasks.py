"""Making tasks: drafts are finished side by side, come in their order, and are counted where they are left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import make_task
from tests.open_sandboxes import OpenSandbox
from tracewright.errors import UsageError
from tracewright.pipeline import tasks as making
from tracewright.pipeline.tasks import AT_ONCE, NAMED_DROPS, Drops, finish_in_order, iter_tasks
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.recipe import Recipe, TasksPart
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest


class Listed:
    """An environment whose tasks are a list; it tells what it was asked for."""

    name = "astgrep"
    version = "1"
    source = ""

    def __init__(self, *made: object) -> None:
        self.made = made
        self.requests: list[TaskRequest] = []

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[Any]:
        self.requests.append(request)
        yield from self.made


class LateSandbox(OpenSandbox):
    """Answers the later, the earlier a job came; says how many it ran at once."""

    def __init__(self) -> None:
        super().__init__()
        self.running = self.most = 0

    async def run(self, job: Job) -> Outcome:
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(200 - int(job.files["number"])):
            await asyncio.sleep(0)
        self.running -= 1
        return Outcome(status="ok", stdout=job.files["number"])


def drafts(count: int) -> Iterator[Deferred[Task | Dropped]]:
    for number in range(count):
        job = Job(kind="python", files={"number": str(number)})
        yield Deferred(job, lambda outcome: make_task(outcome.stdout))


def taken(environment: Any, drops: Drops, home: Path, **part: Any) -> list[Task]:
    async def work() -> list[Task]:
        recipe = Recipe(tasks=TasksPart.model_validate(part))
        return [task async for task in iter_tasks(recipe, environment, OpenSandbox(), home, drops)]

    return asyncio.run(work())


def test_what_finishes_late_keeps_its_place() -> None:
    async def work() -> list[str]:
        made = [task async for task in finish_in_order(sandbox, drafts(150))]
        return [task.instruction for task in made if isinstance(task, Task)]

    sandbox = LateSandbox()
    assert asyncio.run(work()) == [str(number) for number in range(150)]
    assert sandbox.most == AT_ONCE


def test_a_task_that_comes_twice_is_counted_and_left_out(home: Path) -> None:
    one, two = make_task("one"), make_task("two")
    drops = Drops()
    assert taken(Listed(one, two, one, one), drops, home) == [one, two]
    assert drops.counts == {"duplicate": 2}
    assert drops.named[0] == Dropped("duplicate", one.id)


def test_only_the_split_that_is_asked_for_comes(home: Path) -> None:
    environment, drops = Listed(make_task("a"), make_task("b", split="test")), Drops()
    assert [task.instruction for task in taken(environment, drops, home, split="test", seed=3, limit=9)] == ["b"]
    assert drops.counts == {"other_split": 1}
    assert environment.requests == [TaskRequest(split="test", limit=9, seed=3)]


def test_drops_are_all_counted_and_the_first_few_named(home: Path) -> None:
    drops = Drops()
    environment = Listed(*(Dropped("torn", str(number)) for number in range(NAMED_DROPS + 5)), make_task())
    assert len(taken(environment, drops, home)) == 1
    assert drops.counts == {"torn": NAMED_DROPS + 5}
    assert [dropped.where for dropped in drops.named] == [str(number) for number in range(NAMED_DROPS)]


def test_who_never_ends_is_stopped_where_nobody_said_how_many(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MOST_UNASKED", 3)
    few = [make_task(str(number)) for number in range(3)]
    assert taken(Listed(*few), Drops(), home) == few
    more = [*few, make_task("more")]
    with pytest.raises(UsageError, match="more than 3 tasks; say with --limit"):
        taken(Listed(*more), Drops(), home)
    assert taken(Listed(*more), Drops(), home, limit=9) == more


def test_finished_tasks_are_played_where_no_records_are_read(home: Path, tmp_path: Path) -> None:
    ours, other = make_task("ours"), make_task("other", environment="cards")
    (tmp_path / "tasks.jsonl").write_text(f"{ours.to_json()}\n{other.to_json()}\n")
    drops = Drops()
    made = taken(Listed(make_task("made")), drops, home, source="edits", path=str(tmp_path / "tasks.jsonl"))
    assert made == [ours]
    assert drops.named == [Dropped("no_task", "wanted a task of astgrep, found a task of 'cards'")]


def test_where_no_task_is_left_the_reasons_are_told(proved_home: Path, tmp_path: Path) -> None:
    (tmp_path / "edits.jsonl").write_text("{\n[]\n")
    recipe = Recipe(tasks=TasksPart.model_validate({"source": "edits", "path": str(tmp_path / "edits.jsonl")}))
    with pytest.raises(UsageError, match=r"wanted tasks for environment astgrep, found none \(2 corrupt_line\)"):
        asyncio.run(making.make_tasks(recipe, proved_home, Drops()))
