"""Explaining a plan, pivots that find their values first, and eight worked plans."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.plans.shop import open_shop, shop_catalogue
from tracewright.plans.compiling import bind_params, compile_plan
from tracewright.plans.discovering import discoveries, frozen
from tracewright.plans.document import read_plan
from tracewright.plans.explaining import explain
from tracewright.plans.faults import PlanError

WORKED = sorted((Path(__file__).parent / "worked").glob("*.json"))
PIVOT = {
    "plan": 1,
    "from": "orders",
    "steps": [
        {
            "pivot": {
                "on": "status",
                "values": {"discover": 5},
                "by": ["qty"],
                "measures": [{"as": "n", "expr": {"count": "*"}}],
            }
        }
    ],
}


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem)
def test_a_worked_plan_gives_rows_and_the_schema_that_was_promised(path: Path) -> None:
    compiled = compile_plan(path.read_text(), shop_catalogue())
    values = bind_params(compiled, {}) or None
    with open_shop() as shop:
        rows = shop.execute(compiled.sql, values).fetchall()
        described = [row[0] for row in shop.execute(f"DESCRIBE {compiled.sql}", values).fetchall()]
    assert rows
    assert described == [column.name for column in compiled.columns]


def test_every_step_shows_what_it_became_and_what_is_in_sight_after_it() -> None:
    plan = {
        "plan": 1,
        "from": {"table": "orders", "as": "o"},
        "steps": [{"filter": {"gt": ["qty", 2]}}, {"share": {"of": "amount"}}, {"drop": ["status"]}],
    }
    compiled, steps = explain(plan, shop_catalogue())
    assert [step.kind for step in steps] == ["filter", "share", "drop"]
    assert [next(iter(core)) for step in steps for core in step.core] == ["filter", "derive", "select"]
    assert steps[1].columns[-1].name == "share"
    assert [column.name for column in compiled.columns] == [column.name for column in steps[2].columns]


def test_a_macro_that_begins_anew_shows_from_what() -> None:
    plan = {"plan": 1, "from": "readings", "steps": [{"histogram": {"of": "temperature", "width": 5}}]}
    _, (step,) = explain(plan, shop_catalogue())
    assert "range" in step.core[0]["from"]


def test_a_pivot_finds_its_values_first() -> None:
    plan = read_plan(PIVOT)
    with pytest.raises(PlanError, match="PIVOT_VALUES"):
        compile_plan(plan, shop_catalogue())
    (asked,) = discoveries(plan, shop_catalogue())
    with open_shop() as shop:
        values = [value for (value,) in shop.execute(asked.compiled.sql).fetchall()]
        compiled = compile_plan(frozen(plan, {asked.path: values}), shop_catalogue())
        rows = shop.execute(compiled.sql).fetchall()
    assert [column.name for column in compiled.columns] == ["qty", "open", "paid", "refunded"]
    assert sum(sum(row[1:]) for row in rows) == 400


def test_a_pivot_takes_the_texts_that_json_has_for_dates() -> None:
    day = {"cast": "ordered_at", "to": "date"}
    counts = [{"as": "n", "expr": {"count": "*"}}]
    steps = [{"pivot": {"on": day, "values": ["2024-02-29", "2024-03-01"], "measures": counts}}]
    compiled = compile_plan({"plan": 1, "from": "orders", "steps": steps}, shop_catalogue())
    by_hand = "SELECT count(*) FROM orders WHERE ordered_at::DATE = DATE '2024-02-29'"
    with open_shop() as shop:
        assert shop.execute(compiled.sql).fetchall()[0][0] == shop.execute(by_hand).fetchall()[0][0]
    steps = [{"pivot": {"on": day, "values": ["soon"], "measures": counts}}]
    with pytest.raises(PlanError, match="TYPE_MISMATCH"):
        compile_plan({"plan": 1, "from": "orders", "steps": steps}, shop_catalogue())


def test_more_values_than_were_allowed_are_refused() -> None:
    plan = read_plan(PIVOT)
    with pytest.raises(PlanError, match="LIMIT_EXCEEDED"):
        frozen(plan, {"/steps/0/pivot/values": list("abcdef")})


def test_buckets_go_by_the_plan_s_calendar() -> None:
    plan = {
        "plan": 1,
        "week_start": "sunday",
        "fiscal_start": 4,
        "from": {
            "values": [["2024-03-31 23:30:00"]],
            "columns": [{"as": "t", "type": "timestamp"}],
            "as": "v",
        },
        "steps": [
            {
                "select": [
                    {"as": "week", "expr": {"bucket": ["t", "week"]}},
                    {"as": "fiscal", "expr": {"bucket": ["t", "fiscal_year"]}},
                    {"as": "berlin", "expr": {"bucket": ["t", "day"], "tz": "Europe/Berlin"}},
                    {"as": "quarter_hour", "expr": {"bucket": ["t", {"interval": [15, "minute"]}]}},
                ]
            }
        ],
    }
    found = duckdb.connect().execute(compile_plan(plan, shop_catalogue()).sql).fetchall()[0]
    assert [str(moment) for moment in found] == [
        "2024-03-31 00:00:00",
        "2023-04-01 00:00:00",
        "2024-04-01 00:00:00",
        "2024-03-31 23:30:00",
    ]


def test_a_plan_survives_its_own_json() -> None:
    for path in WORKED:
        plan = read_plan(path.read_text())
        again = read_plan(json.dumps(plan.plain()))
        assert again.sha256() == plan.sha256()
        assert compile_plan(again, shop_catalogue()).sql == compile_plan(plan, shop_catalogue()).sql
    assert Counter(path.suffix for path in WORKED)[".json"] >= 8
