"""The demo makes the same traces and rows in every home, and can be run again in a home that holds more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import make_task, make_trace
from tests.jail import needs_jail
from tracewright.datasets.manifests import keys
from tracewright.pipeline import demo as module
from tracewright.pipeline.build import store_of
from tracewright.pipeline.demo import DemoReport, OwnTraces, demo
from tracewright.records.recipe import StorePart
from tracewright.stores import Query

FEW = {"commits": (8, 8), "mined": (4, 4), "synthetic": (8, 8), "cards": (8, 8)}


@dataclass(frozen=True)
class Turn:
    """A home in which the demo ran, and what it reported."""

    home: Path
    report: DemoReport

    def traces(self) -> set[str]:
        """Return the ids of all traces of the home."""
        page = asyncio.run(store_of(StorePart(), self.home).find(Query(limit=1000)))
        return {trace.id for trace in page.traces}

    def exports(self) -> dict[str, bytes]:
        """Return the rendered files by name."""
        return {name: (self.home / name).read_bytes() for name in self.report.exports}


def turn(home: Path, legs: Mapping[str, tuple[int, int]] = FEW) -> Turn:
    """Run the demo with few tasks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LEGS", legs)
        return Turn(home, asyncio.run(demo(home, True, 2, lambda text: None, lambda done, total: None)))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Turn:
    """Run the demo in a home of its own."""
    return turn(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Turn:
    """Run it in another one."""
    return turn(tmp_path_factory.mktemp("second"))


@needs_jail
def test_tasks_of_all_kinds_are_played_and_replays_agree(first: Turn) -> None:
    report = first.report
    assert {kind: tally.tasks for kind, tally in report.by["kind"].items()} == {
        name: few for name, (few, _) in FEW.items()
    }
    assert report.verified >= 0.9 * report.tasks
    assert (report.failed, report.replayed, report.agreed) == (0, 10, 10)


@needs_jail
def test_the_report_names_what_was_made(first: Turn) -> None:
    text = (first.home / first.report.report).read_text()
    assert f"{first.report.verified} of {first.report.tasks} tasks verified" in text
    assert first.report.sha256 in text
    assert "| kind | mined | 4 |" in text


@needs_jail
def test_two_homes_hold_the_same_traces_and_rows(first: Turn, second: Turn) -> None:
    assert first.traces() == second.traces()
    names = [name.rpartition("/")[2] for name in first.report.exports]
    assert names == ["messages.jsonl", "tunix_sft.jsonl", "prompt_completion.jsonl"]
    assert first.exports() == second.exports()
    assert all(first.exports().values())


@needs_jail
def test_a_second_turn_gives_the_same_dataset_whatever_came_in_between(second: Turn) -> None:
    stranger = make_trace(make_task(environment="gone", licence="Apache-2.0"))
    asyncio.run(store_of(StorePart(), second.home).append([stranger]))
    again = turn(second.home)
    assert (again.report.dataset, again.report.sha256) == (second.report.dataset, second.report.sha256)


@needs_jail
def test_a_larger_turn_takes_the_next_version(tmp_path: Path) -> None:
    small = {"commits": (4, 4), "cards": (4, 4)}
    turn(tmp_path, small)
    assert turn(tmp_path, {**small, "cards": (12, 12)}).report.dataset == "demo-v2"
    assert keys(tmp_path) == ["demo-v1", "demo-v2"]


def test_own_traces_are_all_that_is_seen_of_a_store(tmp_path: Path) -> None:
    traces = [make_trace(make_task(instruction=f"Number {number}")) for number in range(5)]
    store = store_of(StorePart(name="jsonl"), tmp_path)
    own = OwnTraces(store, {traces[1].id, traces[3].id})

    async def seen() -> tuple[int, int, set[str], bool]:
        added = await own.append(traces)
        found = (await own.find(Query())).traces
        return added, await own.count(Query(limit=1)), {trace.id for trace in found}, await own.delete(traces[0].id)

    assert asyncio.run(seen()) == (5, 2, {traces[1].id, traces[3].id}, False)
    assert asyncio.run(own.get(traces[0].id)) is None
    assert asyncio.run(own.get(traces[1].id)) == traces[1]
