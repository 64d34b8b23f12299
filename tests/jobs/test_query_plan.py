"""The jobs `query_plan` and `compare_answers`: a plan's rows and faults, and how far an answer agrees with gold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.shop import make
from tracewright.jobs import Result, compare_answers, query_plan

CATALOGUE: Mapping[str, Any] = {
    "tables": [
        {
            "name": "orders",
            "columns": [
                {"name": "order_id", "type": "INTEGER"},
                {"name": "customer_id", "type": "INTEGER"},
                {"name": "amount", "type": "DECIMAL(10,2)"},
                {"name": "status", "type": "VARCHAR"},
                {"name": "ordered_at", "type": "TIMESTAMP"},
            ],
            "keys": [["order_id"]],
        },
        {
            "name": "customers",
            "columns": [
                {"name": "customer_id", "type": "INTEGER"},
                {"name": "name", "type": "VARCHAR"},
                {"name": "country", "type": "VARCHAR"},
            ],
        },
    ]
}
BY_STATUS: Mapping[str, Any] = {
    "plan": 1,
    "from": "orders",
    "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return {"shop.duckdb": make(tmp_path_factory.mktemp("shop"))}


def planned(shop: Mapping[str, Path], plan: Any) -> Result:
    return query_plan.run({"plan": plan, "catalogue": CATALOGUE}, {}, shop)


def compared(shop: Mapping[str, Path], answer: Any, **request: Any) -> Result:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    asked = {"gold": {"plan": BY_STATUS}, "catalogue": CATALOGUE, **request}
    return compare_answers.run(asked, {"answer.json": text}, shop)


def test_a_plan_comes_back_as_rows_with_its_sql(shop: Mapping[str, Path]) -> None:
    done = planned(shop, BY_STATUS)
    assert done.status == "ok"
    assert sorted(done.result["preview"]) == [["open", 1], ["paid", 2]]
    assert done.result["tables"] == ["orders"]
    assert done.result["ordered"] is False
    assert "result.arrow" in done.artifacts


def test_a_fault_names_what_there_is(shop: Mapping[str, Path]) -> None:
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"select": ["amout"]}]})
    assert (done.status, done.code) == ("action_error", "UNKNOWN_COLUMN")
    assert "'amount'" in done.message


def test_a_plan_of_five_hundred_steps_is_refused(shop: Mapping[str, Path]) -> None:
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"limit": 1}] * 500})
    assert (done.status, done.code) == ("action_error", "LIMIT_EXCEEDED")


def test_what_a_join_expects_is_checked(shop: Mapping[str, Path]) -> None:
    join = {"to": "orders", "on": {"eq": ["customers.customer_id", "orders.customer_id"]}, "expect": "many_to_one"}
    done = planned(shop, {"plan": 1, "from": "customers", "steps": [{"join": join}, {"select": ["name"]}]})
    assert (done.status, done.code) == ("action_error", "FANOUT")


def test_values_of_a_pivot_are_found_first(shop: Mapping[str, Path]) -> None:
    pivot = {"on": "status", "values": {"discover": 5}, "by": [], "measures": [{"as": "n", "expr": {"count": "*"}}]}
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"pivot": pivot}]})
    assert done.status == "ok", done.message
    assert done.result["preview"] == [[1, 2]]


def test_what_is_no_plan_is_refused(shop: Mapping[str, Path]) -> None:
    nothing: tuple[Any, ...] = (None, [], "orders", {"plan": 2})
    for plan in nothing:
        assert planned(shop, plan).status == "action_error"


def test_an_equal_answer_is_told(shop: Mapping[str, Path]) -> None:
    done = compared(shop, {"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]})
    assert (done.status, done.result["equal"], done.result["gold_tables"]) == ("ok", True, ["orders"])


def test_gold_may_be_sql(shop: Mapping[str, Path]) -> None:
    gold = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status"}
    done = compared(shop, {"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]}, gold=gold)
    assert done.result["equal"] is True


def test_no_row_of_the_gold_result_comes_out(shop: Mapping[str, Path]) -> None:
    done = compared(shop, {"columns": ["x"], "rows": [[1]]})
    assert "paid" not in json.dumps(done.result)
    assert not done.artifacts


@pytest.mark.parametrize("text", ["", "[]", '{"columns": ["a"], "rows": [[1, 2]]}', '{"columns": 3, "rows": 4}'])
def test_an_answer_that_cannot_be_read_equals_nothing(shop: Mapping[str, Path], text: str) -> None:
    done = compared(shop, text)
    assert (done.status, done.code) == ("action_error", "unreadable_answer")


def test_a_plan_can_be_read_from_sql(shop: Mapping[str, Path]) -> None:
    told = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY n", "dialect": "sqlite"}
    done = query_plan.run({"import": told, "catalogue": CATALOGUE}, {}, shop)
    assert done.result["preview"] == [["open", 1], ["paid", 2]]
    assert done.result["plan"]["from"]
    refused = query_plan.run({"import": {**told, "sql": "DROP TABLE orders"}, "catalogue": CATALOGUE}, {}, shop)
    assert (refused.status, refused.code) == ("action_error", "NOT_A_QUERY")
