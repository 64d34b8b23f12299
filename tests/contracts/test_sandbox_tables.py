"""Jobs over tables find out the same in every sandbox: tables loaded, asked, read back and drawn to the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sandboxes.jails import names, proven_home, within
from tracewright import registry
from tracewright.blobs import Blobs
from tracewright.jobs import Result
from tracewright.jobs._query.engine import HIDDEN
from tracewright.pipeline.queries import Data, query_job
from tracewright.records.base import JsonObject
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._jail import cgroups

CSV = b"day,status,amount\n" + b"".join(
    f"2026-01-{day:02},{status},{day * 1.5 + len(status)}\n".encode()
    for day in range(1, 8)
    for status in ("open", "paid")
)
ASKED = (
    "SELECT day, status, sum(amount) AS paid, count(*) AS n, max(day::TIMESTAMPTZ) AS at FROM orders"
    " GROUP BY ALL ORDER BY day, status"
)
LOAD: JsonObject = {"sources": [{"input": "source", "format": "csv", "table": "orders"}]}
TYPES = (
    ("day", "DATE"),
    ("status", "VARCHAR"),
    ("paid", "DOUBLE"),
    ("n", "BIGINT"),
    ("at", "TIMESTAMP WITH TIME ZONE"),
)
COLUMNS: list[Any] = [{"name": name, "type": kind} for name, kind in TYPES]
READ: JsonObject = {"results": [{"input": "result", "format": "parquet", "columns": COLUMNS, "ordered": True}]}
DRAW: JsonObject = {
    "input": "result",
    "format": "parquet",
    "columns": COLUMNS,
    "chart": {"mark": "line", "x": "day", "y": "paid", "color": "status"},
}
ROOMY = Limits(memory_bytes=2048 * MIB, wall_seconds=120, output_bytes=4 * MIB)


@dataclass(frozen=True)
class Made:
    """What the jobs find out without any jail: the database and the result are the inputs of the jobs behind them."""

    database: bytes
    loaded: Result
    answered: Result
    read: Result
    drawn: Result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")

    def run(kind: str, request: Mapping[str, Any], name: str, data: bytes) -> Result:
        (folder / name).write_bytes(data)
        result: Result = registry.load("jobs", kind).run(request, {}, {name: folder / name})
        return result

    with chdir(folder):
        loaded = run("load_tables", LOAD, "source", CSV)
        database = loaded.artifacts["database"]
        answered = run("query", {"sql": ASKED, "tables": ["orders"], "format": "parquet"}, "shop.duckdb", database)
        rows = answered.artifacts["result.parquet"]
        return Made(
            database,
            loaded,
            answered,
            run("read_result", READ, "result", rows),
            run("draw_chart", DRAW, "result", rows),
        )


def job(kind: str, request: JsonObject, name: str, data: bytes) -> Job:
    """Return a job over one input, kept among the blobs that the sandbox shows."""
    kept = Blobs(proven_home() / "blobs").put(data)
    isolation = registry.load("jobs", kind).ISOLATION
    return Job(kind=kind, isolation=isolation, inputs={name: kept.sha256}, request=request, limits=ROOMY)


def artifacts(outcome: Outcome) -> dict[str, bytes]:
    return {name: Blobs(proven_home() / "blobs").get(one.sha256) for name, one in outcome.artifacts.items()}


def _require_inputs(name: str) -> None:
    if name == "firejail" and proven_home().is_relative_to("/tmp"):
        pytest.skip("firejail: gives a jail a /tmp of its own, which hides the inputs of a home below /tmp")


def outcomes(name: str, made: Made) -> list[Outcome]:
    """Run one job of each kind side by side."""
    _require_inputs(name)
    kept = Blobs(proven_home() / "blobs").put(made.database)
    asked = query_job(Data("shop.duckdb", kept.sha256, ("orders",)), {"sql": ASKED, "format": "parquet"})
    rows = made.answered.artifacts["result.parquet"]
    jobs = [
        job("load_tables", LOAD, "source", CSV),
        asked,
        job("read_result", READ, "result", rows),
        job("draw_chart", DRAW, "result", rows),
    ]

    async def work(sandbox: Sandbox) -> list[Outcome]:
        return list(await asyncio.gather(*map(sandbox.run, jobs)))

    found = within(name, work)
    _require_an_engine(name, found[0])
    return found


def _require_an_engine(name: str, outcome: Outcome) -> None:
    """Skip where a jail says that the engine cannot start in it, as behind Landlock."""
    if outcome.message == HIDDEN:
        assert outcome.status == "action_error"
        pytest.skip(f"{name}: {outcome.message}")


@pytest.mark.parametrize("name", names())
def test_jobs_over_tables_find_out_the_same_in_every_sandbox(name: str, made: Made) -> None:
    loaded, answered, read, drawn = outcomes(name, made)

    assert [one.status for one in (loaded, answered, read, drawn)] == ["ok"] * 4, [
        one.message for one in (loaded, answered, read, drawn)
    ]
    # The bytes of a database differ each time it is written; what it holds does not.
    assert loaded.result == made.loaded.result
    assert [*loaded.artifacts] == ["database"]
    assert answered.result == made.answered.result
    assert artifacts(answered) == made.answered.artifacts
    assert read.result == made.read.result
    assert artifacts(drawn) == made.drawn.artifacts


@pytest.mark.parametrize("name", ["bubblewrap", "landlock", "nsjail"])
def test_charts_are_drawn_where_no_control_group_counts_memory(
    name: str, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)
    drawing = job("draw_chart", DRAW, "result", made.answered.artifacts["result.parquet"])
    drawn = within(name, lambda sandbox: sandbox.run(drawing))

    assert drawn.observed.isolation is not None
    assert drawn.observed.isolation.memory == "per_process"
    assert (drawn.status, drawn.code, artifacts(drawn)) == ("ok", "", made.drawn.artifacts)


@pytest.mark.parametrize("name", names())
def test_a_query_that_never_ends_is_ended_by_its_own_parent_in_every_sandbox(name: str, made: Made) -> None:
    _require_inputs(name)
    kept = Blobs(proven_home() / "blobs").put(made.database)
    endless = "SELECT lpad('', 2000000000, lower(a.status)) AS x FROM orders a"
    data = Data("shop.duckdb", kept.sha256, ("orders",))
    asked = [query_job(data, {"sql": sql}, seconds=1.0) for sql in (endless, ASKED)]

    async def work(sandbox: Sandbox) -> list[Outcome]:
        return [await sandbox.run(one) for one in asked]

    late, after = within(name, work)
    _require_an_engine(name, late)
    assert late.code in {"RUNNER_TIMEOUT", "RUNNER_MEMORY"}, late
    assert (after.status, after.result["rows"]) == ("ok", 14)


@pytest.mark.parametrize("name", names())
def test_a_query_may_use_all_the_memory_that_it_was_given_in_every_sandbox(name: str, made: Made) -> None:
    _require_inputs(name)
    kept = Blobs(proven_home() / "blobs").put(made.database)
    data = Data("shop.duckdb", kept.sha256, ("orders",))
    large = "SELECT repeat(md5(i::VARCHAR), 20) AS x FROM range(100000) r(i)"
    request: JsonObject = {"sql": large, "limits": {"rows": 100_000, "bytes": 90 * MIB}}
    asked = [query_job(data, request, memory_bytes=mebibytes * MIB) for mebibytes in (1024, 1064, 1100)]

    async def work(sandbox: Sandbox) -> list[Outcome]:
        return [await sandbox.run(one) for one in asked]

    found = within(name, work)
    _require_an_engine(name, found[0])
    assert [(one.status, one.code, one.message) for one in found] == [("ok", "", "")] * 3
