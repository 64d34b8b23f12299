"""Promises that hold of every plan, tried on random ones; `--hypothesis-profile explore` tries ten times as many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.plans import properties
from tests.plans.small import TABLES, open_small, small_catalogue
from tests.plans.strategies import plans
from tracewright.jobs._query.locks import Opened, Parser, catalogue_of, open_locked
from tracewright.jobs._query.policy import check
from tracewright.plans.compiling import compile_plan

MANY = 2 * settings().max_examples
"""200 as it is, 2,000 under the profile `explore`."""
# A plan is drawn step by step, and each step is compiled.
SLOWLY = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=MANY, suppress_health_check=SLOWLY)
@given(plan=plans())
def test_a_plan_means_the_same_after_sql_and_back(plan: dict[str, Any]) -> None:
    properties.survives_sql(plan)


@settings(suppress_health_check=SLOWLY)
@given(plan=plans())
def test_what_comes_out_is_what_was_promised(plan: dict[str, Any]) -> None:
    properties.keeps_its_schema(plan)


@settings(suppress_health_check=SLOWLY)
@given(plan=plans())
def test_a_plan_its_json_and_its_core_are_one_text(plan: dict[str, Any]) -> None:
    properties.compiles_the_same(plan)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    path = Path(tmp_path_factory.mktemp("small")) / "small.duckdb"
    open_small(str(path)).close()
    opened = open_locked(path, 600)
    yield opened
    opened.parser.close()
    opened.data.close()


def test_the_policy_lets_every_plan_pass(locked: Opened) -> None:
    parser, catalogue = Parser(locked), catalogue_of(locked, list(TABLES))

    @settings(suppress_health_check=SLOWLY)
    @given(plan=plans())
    def passes(plan: dict[str, Any]) -> None:
        check(compile_plan(plan, small_catalogue()).sql, parser, catalogue)

    passes()
