"""The red-team corpus: every verdict is right, and what may run ends within its limits."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.shop import Policy, make
from tracewright.jobs.query import run

SECONDS = 2.0
EARLIER = {"EMPTY", "LEX", "LIMIT", "MULTI_STATEMENT", "STMT_DENIED", "DML_IN_CTE", "TABLE_DENIED"}
"""What may be said instead of the expected code, since it is found before."""


@pytest.fixture(scope="module")
def cases(corpora: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (corpora / "analytics" / "redteam.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def shop(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = (corpora / "analytics" / "shop.sql").read_text("utf-8")
    return make(tmp_path_factory.mktemp("shop"), script)


def test_every_verdict_is_right(cases: list[dict[str, Any]], shop: Path) -> None:
    policy = Policy(shop)
    found = {case["id"]: policy.verdict(case["sql"]) for case in cases}
    assert len(found) == 207
    allowed = {case["id"] for case in cases if case["verdict"] == "allow"}
    denied = {case["id"] for case in cases if case["verdict"] == "deny"}
    assert {name for name in allowed if found[name] != "OK"} == set()
    assert {name for name in denied if found[name] == "OK"} == set()
    expected = {case["id"]: case["code"] for case in cases}
    assert {name: found[name] for name in denied if found[name] not in EARLIER | {expected[name]}} == {}


def test_what_must_be_contained_ends_within_its_limits(cases: list[dict[str, Any]], shop: Path) -> None:
    for case in cases:
        if case["verdict"] != "contain":
            continue
        began = time.monotonic()
        done = run({"sql": case["sql"], "limits": {"seconds": SECONDS}}, {}, {"shop.duckdb": shop})
        assert time.monotonic() - began < SECONDS + 0.5, case["id"]
        assert done.code != "RUNNER_CRASH", case["id"]
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 1536 << 20


@pytest.mark.parametrize("corpus", ["tpch", "tpcds"])
def test_every_query_of_the_benchmarks_passes(corpora: Path, corpus: str, tmp_path: Path) -> None:
    class _Everything(frozenset[str]):
        """A catalogue that holds every table."""

        def __contains__(self, name: object) -> bool:
            return True

    from tracewright.jobs._query.policy import check
    from tracewright.jobs._query.walk import Catalogue

    policy = Policy(make(tmp_path))
    lines = (corpora / "analytics" / f"{corpus}.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["sql"] for line in lines]
    assert all(check(text, policy.parser, Catalogue("shop", _Everything())).canonical for text in texts)
