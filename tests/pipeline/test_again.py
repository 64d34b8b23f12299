"""Stored traces are found again, page by page, and a draw of them does not depend on how they came in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.builders import make_task, make_trace
from tests.list_store import ListStore
from tracewright.errors import UsageError
from tracewright.pipeline import again
from tracewright.pipeline.build import store_of
from tracewright.pipeline.tasks import Drops
from tracewright.records.recipe import StorePart
from tracewright.records.trace import Trace
from tracewright.stores import Query

TRACES = [make_trace(make_task(str(number))) for number in range(12)]


def chosen(home: Path, limit: int | None, seed: int = 7) -> list[Trace]:
    return asyncio.run(again._chosen(home, "sql", (), limit, seed, None, Drops()))


def filled(home: Path, traces: list[Trace]) -> Path:
    asyncio.run(store_of(StorePart(), home).append(traces))
    return home


def test_every_page_is_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> list[Trace]:
        return [trace async for trace in again.all_traces(ListStore(TRACES), Query(order="newest", limit=1))]

    monkeypatch.setattr(again, "PAGE", 5)
    assert asyncio.run(work()) == TRACES[::-1]


def test_a_draw_depends_on_the_seed_and_the_set_alone(tmp_path: Path) -> None:
    one, other = filled(tmp_path / "one", TRACES), filled(tmp_path / "other", TRACES[::-1])
    assert chosen(one, 5) == chosen(other, 5)
    assert chosen(one, 5) != chosen(one, 5, seed=8)
    assert len({trace.id for trace in chosen(one, 5)}) == 5


def test_a_limit_over_all_is_all_as_they_came_in(tmp_path: Path) -> None:
    home = filled(tmp_path / "one", TRACES)
    assert chosen(home, None) == chosen(home, 99) == TRACES


def test_a_trace_that_is_not_there_is_wrong_use() -> None:
    assert asyncio.run(again.find_trace(ListStore(TRACES), TRACES[3].id)) == TRACES[3]
    with pytest.raises(UsageError, match="traces list"):
        asyncio.run(again.find_trace(ListStore(), "0" * 64))
