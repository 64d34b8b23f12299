"""The jobs `query_plan` and `compare_answers`: a plan's rows and faults, and how far an answer agrees with gold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.apart import Run, apart
from tests.jobs.shop import make
from tracewright.jobs import Result

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


@dataclass(frozen=True)
class Shop:
    """A file of tables, and a process to ask it in."""

    inputs: Mapping[str, Path]
    run: Run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with apart() as run:
        yield Shop({"shop.duckdb": make(tmp_path_factory.mktemp("shop"))}, run)


def planned(shop: Shop, plan: Any) -> Result:
    return shop.run("query_plan", {"plan": plan, "catalogue": CATALOGUE}, shop.inputs)


def compared(shop: Shop, answer: Any, **request: Any) -> Result:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    asked = {"gold": {"plan": BY_STATUS}, "catalogue": CATALOGUE, **request}
    return shop.run("compare_answers", asked, shop.inputs, {"answer.json": text})


def test_a_plan_comes_back_as_rows_with_its_sql(shop: Shop) -> None:
    done = planned(shop, BY_STATUS)
    assert done.status == "ok"
    assert sorted(done.result["preview"]) == [["open", 1], ["paid", 2]]
    assert done.result["tables"] == ["orders"]
    assert done.result["ordered"] is False
    assert "result.arrow" in done.artifacts


def test_a_fault_names_what_there_is(shop: Shop) -> None:
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"select": ["amout"]}]})
    assert (done.status, done.code) == ("action_error", "UNKNOWN_COLUMN")
    assert "'amount'" in done.message


def test_a_plan_of_five_hundred_steps_is_refused(shop: Shop) -> None:
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"limit": 1}] * 500})
    assert (done.status, done.code) == ("action_error", "LIMIT_EXCEEDED")


def test_what_a_join_expects_is_checked(shop: Shop) -> None:
    join = {"to": "orders", "on": {"eq": ["customers.customer_id", "orders.customer_id"]}, "expect": "many_to_one"}
    done = planned(shop, {"plan": 1, "from": "customers", "steps": [{"join": join}, {"select": ["name"]}]})
    assert (done.status, done.code) == ("action_error", "FANOUT")


def test_values_of_a_pivot_are_found_first(shop: Shop) -> None:
    pivot = {"on": "status", "values": {"discover": 5}, "by": [], "measures": [{"as": "n", "expr": {"count": "*"}}]}
    done = planned(shop, {"plan": 1, "from": "orders", "steps": [{"pivot": pivot}]})
    assert done.status == "ok", done.message
    assert done.result["preview"] == [[1, 2]]


def test_what_is_no_plan_is_refused(shop: Shop) -> None:
    nothing: tuple[Any, ...] = (None, [], "orders", {"plan": 2})
    for plan in nothing:
        assert planned(shop, plan).status == "action_error"


def test_an_equal_answer_is_told(shop: Shop) -> None:
    done = compared(shop, {"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]})
    assert (done.status, done.result["equal"], done.result["gold_tables"]) == ("ok", True, ["orders"])


def test_gold_may_be_sql(shop: Shop) -> None:
    gold = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status"}
    done = compared(shop, {"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]}, gold=gold)
    assert done.result["equal"] is True


def test_no_row_of_the_gold_result_comes_out(shop: Shop) -> None:
    done = compared(shop, {"columns": ["x"], "rows": [[1]]})
    assert "paid" not in json.dumps(done.result)
    assert not done.artifacts


@pytest.mark.parametrize("text", ["", "[]", '{"columns": ["a"], "rows": [[1, 2]]}', '{"columns": 3, "rows": 4}'])
def test_an_answer_that_cannot_be_read_equals_nothing(shop: Shop, text: str) -> None:
    done = compared(shop, text)
    assert (done.status, done.code) == ("action_error", "unreadable_answer")


def test_over_altered_tables_it_is_told_whether_gold_finds_something_else(shop: Shop) -> None:
    now = {"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]}
    other = {"columns": ["status", "n"], "rows": [["paid", 3], ["open", 1]]}

    def told(**files: Any) -> tuple[Any, ...]:
        texts = {f"{name}.json": json.dumps(rows) for name, rows in files.items()}
        asked = {"gold": {"plan": BY_STATUS}, "catalogue": CATALOGUE}
        done = shop.run("compare_answers", asked, shop.inputs, texts)
        return done.status, *(done.result.get(name) for name in ("changed", "something", "equal"))

    assert told(answer=now, before=other) == ("ok", True, True, True)
    assert told(answer=other, before=other) == ("ok", True, True, False)
    assert told(answer=now, before=now) == ("ok", False, True, True)
    assert told(before=other) == ("ok", True, True, None)
    assert told() == ("action_error", None, None, None)


def test_a_plan_can_be_read_from_sql(shop: Shop) -> None:
    told = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY n", "dialect": "sqlite"}
    done = shop.run("query_plan", {"import": told, "catalogue": CATALOGUE}, shop.inputs)
    assert done.result["preview"] == [["open", 1], ["paid", 2]]
    assert done.result["plan"]["from"]
    again = {"import": {**told, "sql": "DROP TABLE orders"}, "catalogue": CATALOGUE}
    refused = shop.run("query_plan", again, shop.inputs)
    assert (refused.status, refused.code) == ("action_error", "NOT_A_QUERY")
