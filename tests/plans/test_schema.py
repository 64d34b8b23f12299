"""The schema of plans: every plan that we know of fits it, slips of shape do not, and every step is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # kubernetes-validate brings it

from tests.cli.command import tracewright
from tests.plans.test_examples import EXAMPLES
from tests.plans.test_faults import CODES
from tests.plans.test_postgres import FILES, cases
from tracewright.plans.bodies import CORE
from tracewright.plans.macros import MACROS
from tracewright.plans.schema import SHAPES, plan_schema


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    Draft202012Validator.check_schema(plan_schema())
    return Draft202012Validator(plan_schema())


def test_every_plan_that_compiles_fits(schema: Draft202012Validator) -> None:
    known: dict[str, Any] = {name: json.loads(text) for name, text in EXAMPLES.items()}
    for file in FILES:
        known |= cases(file)
    assert [name for name, plan in known.items() if not schema.is_valid(plan)] == []


@pytest.mark.parametrize("case", ["a step that is none", "two steps in one", "SQL text", "an unknown key of a join"])
def test_a_slip_of_shape_does_not_fit(case: str, schema: Draft202012Validator) -> None:
    assert not schema.is_valid({"plan": 1, "from": "orders", "steps": CODES[case][1]})


def test_every_step_is_in_the_schema() -> None:
    steps = {kind for one in plan_schema()["$defs"]["step"]["oneOf"] for kind in one["required"]}
    assert steps == {*CORE, *MACROS}
    assert set(SHAPES) <= steps


def test_the_schema_is_printed_by_name() -> None:
    assert tracewright("schema", "query_plan").json == plan_schema()
    assert tracewright("schema", "QueryPlan").json["title"] == "QueryPlan"
