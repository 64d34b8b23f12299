"""Shards run in processes of their own; a worker's death costs a retry, its noise nothing, its failure is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tracewright.engines.local import LocalEngine, Options
from tracewright.errors import SandboxError, TracewrightError
from tracewright.records.base import JsonObject


@pytest.fixture(autouse=True)
def tests_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def mapped(function: str, shards: list[JsonObject], workers: int = 2) -> list[JsonObject]:
    async def work() -> list[JsonObject]:
        engine = LocalEngine(Options(workers=workers))
        return [result async for result in engine.map(f"tests.engines.work:{function}", shards)]

    return asyncio.run(work())


def numbers(count: int) -> list[JsonObject]:
    return [{"number": number} for number in range(count)]


def test_every_shard_has_one_result_from_a_bounded_number_of_processes() -> None:
    results = mapped("double", numbers(10))
    assert sorted(int(str(result["twice"])) for result in results) == list(range(0, 20, 2))
    pids = {result["pid"] for result in results}
    assert len(pids) <= 2
    assert os.getpid() not in pids


def test_results_come_as_they_finish() -> None:
    assert mapped("slow_first", numbers(3))[-1] == {"number": 0}


def test_no_shards_are_no_results() -> None:
    assert mapped("double", []) == []


def test_a_failure_keeps_its_type_and_sentence() -> None:
    with pytest.raises(SandboxError, match="the jail broke"):
        mapped("fail", numbers(2))


def test_a_fault_of_ours_comes_with_its_trace() -> None:
    with pytest.raises(TracewrightError, match=r"(?s)worker process failed.*a fault of ours"):
        mapped("stumble", numbers(1))


def test_a_worker_that_dies_is_replaced_and_its_shard_tried_again(tmp_path: Path) -> None:
    assert mapped("die_once", [{"mark": str(tmp_path / "mark")}]) == [{"survived": True}]


def test_a_shard_that_kills_every_worker_is_told() -> None:
    with pytest.raises(TracewrightError, match="died 3 times"):
        mapped("die", numbers(1))


def test_a_module_in_the_folder_we_are_called_from_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')\n")
    monkeypatch.chdir(tmp_path)
    assert len(mapped("double", numbers(1))) == 1
