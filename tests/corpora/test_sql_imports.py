"""Public queries as plans: all of TPC-H and TPC-DS and nearly all of Spider, with the rows of the texts themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import duckdb
import pytest

from bench import importing
from tracewright.pipeline.importing import import_job
from tracewright.pipeline.jailed import run_jailed
from tracewright.plans.catalogue import catalogue_of

TABLES = json.loads(Path(importing.__file__).with_name("tpc_tables.json").read_text())


@pytest.mark.parametrize(("name", "queries", "found"), [("tpch", 22, 15), ("tpcds", 99, 30)])
def test_every_query_of_tpc_is_a_plan_that_gives_its_rows(corpora: Path, name: str, queries: int, found: int) -> None:
    tally = importing.tpc(name, corpora, TABLES[name], None)
    assert (tally.queries, tally.equal, tally.differing) == (queries, queries, [])
    assert tally.found >= found


def test_nearly_every_query_of_spider_is_a_plan_that_gives_what_sqlite_gives(corpora: Path) -> None:
    tally = importing.spider(corpora)
    assert tally.queries == 1034
    assert tally.encoded >= 1030, tally.refused
    assert (tally.differing, tally.noted, tally.failing) == ([], [], [])
    assert tally.equal >= 980
    assert tally.found >= 930


def test_no_text_that_the_policy_must_refuse_becomes_a_plan(corpora: Path, proved_home: Path) -> None:
    with duckdb.connect() as shop:
        shop.execute((corpora / "analytics" / "shop.sql").read_text())
        names = [row[0] for row in shop.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        tables = {name: [row[:2] for row in shop.execute(f"DESCRIBE {name}").fetchall()] for name in names}
    cases = [json.loads(line) for line in (corpora / "analytics" / "redteam.jsonl").read_text().splitlines()]
    jobs = [import_job(case["sql"], catalogue_of(tables)) for case in cases]
    outcomes = asyncio.run(run_jailed(jobs, proved_home))
    codes = {outcome.code for outcome in outcomes if outcome.status != "ok"}
    assert "job_raised" not in codes
    # A value that hangs on the order of rows can be said in a plan; whether it may run is asked of the policy.
    denied = [case for case in cases if case["verdict"] == "deny" and case["code"] != "NONDETERMINISTIC"]
    ids = {case["id"] for case in denied}
    read = [case["id"] for case, outcome in zip(cases, outcomes, strict=True) if outcome.status == "ok"]
    assert len(ids) > 100
    assert not ids & set(read)


def test_the_rows_that_are_made_are_the_same_on_every_machine() -> None:
    columns = {"id": "bigint", "name": "varchar", "day": "date", "price": "decimal(7,2)", "share": "double"}
    rows = list(importing.made("t", columns, {"name": ["x", "y"], "day": ["2000-01-31"]}, {"t": ["id"]}, {}))
    assert [row[0] for row in rows] == list(range(1, importing.MADE_ROWS + 1))
    assert {row[1] for row in rows} > {"x", "y", None}
    assert str(rows[0]) == "(1, '5', None, Decimal('1.00'), 4.0)"
