"""Steps over the shop: each plan's rows equal those of SQL written by hand, and its schema is the engine's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.plans.shop import open_shop, shop_catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.plans.families import parse_type
from tracewright.plans.faults import PlanError

Steps = list[dict[str, Any]]
ORDERS = {"table": "orders", "as": "o"}

FILES = ("core_steps.jsonl", "macro_steps.jsonl")
LINES = [line for name in FILES for line in Path(__file__).with_name(name).read_text().splitlines()]
SAME: dict[str, dict[str, Any]] = {case["name"]: case for case in map(json.loads, LINES)}


@pytest.mark.parametrize("case", SAME)
def test_a_plan_gives_the_rows_of_its_sql(case: str) -> None:
    plan, sql = SAME[case]["plan"], SAME[case]["sql"]
    compiled = compile_plan({"plan": 1, **plan}, shop_catalogue())
    with open_shop() as shop:
        found, wanted = shop.execute(compiled.sql).fetchall(), shop.execute(sql).fetchall()
        described = shop.execute(f"DESCRIBE {compiled.sql}").fetchall()
    assert wanted or "nothing" in case
    assert Counter(found) == Counter(wanted)
    families = [(row[0], str(parse_type(row[1])).partition("(")[0]) for row in described]
    assert families == [(column.name, column.family.partition("(")[0]) for column in compiled.columns]


def test_rows_stay_in_order_through_a_select_after_sort_and_limit() -> None:
    steps: Steps = [{"sort": [{"desc": "amount"}, "order_id"]}, {"limit": 5}, {"select": ["order_id"]}]
    compiled = compile_plan({"plan": 1, "from": "orders", "steps": steps}, shop_catalogue())
    with open_shop() as shop:
        wanted = shop.execute("SELECT order_id FROM orders ORDER BY amount DESC, order_id LIMIT 5").fetchall()
        assert shop.execute(compiled.sql).fetchall() == wanted
    assert (compiled.ordered, compiled.total) == (True, True)


@pytest.mark.parametrize("case", SAME)
def test_a_core_plan_compiles_to_the_same_text(case: str) -> None:
    compiled = compile_plan({"plan": 1, **SAME[case]["plan"]}, shop_catalogue())
    again = compile_plan(compiled.core.plain(), shop_catalogue(), core=True)
    assert (again.sql, again.plan_sha256, again.core_sha256) == (
        compiled.sql,
        compiled.core_sha256,
        compiled.core_sha256,
    )


def test_the_same_plan_gives_the_same_bytes() -> None:
    plan = SAME["a lateral plan reads the rows beside it"]["plan"]
    assert len({compile_plan({"plan": 1, **plan}, shop_catalogue()).sql for _ in range(3)}) == 1


def test_what_a_join_expects_becomes_a_check_where_no_key_proves_it() -> None:
    def plan(to: str, key: str) -> dict[str, Any]:
        on = {"eq": ["o.customer_id", f"x.{key}"]}
        join = {"join": {"to": {"table": to, "as": "x"}, "on": on, "expect": "many_to_one"}}
        return {"plan": 1, "from": ORDERS, "steps": [join, {"select": ["o.order_id"]}]}

    assert compile_plan(plan("customers", "customer_id"), shop_catalogue()).checks == ()
    (check,) = compile_plan(plan("tickets", "customer_id"), shop_catalogue()).checks
    with open_shop() as shop:
        assert shop.execute(check.sql).fetchall()[0][0] > 0
    assert (check.code, check.path) == ("FANOUT", "/steps/0/join")


def test_a_check_reads_whatever_was_joined() -> None:
    paid = {"plan": {"from": "tickets", "steps": [{"filter": {"gt": ["csat", {"param": "least"}]}}]}, "as": "x"}
    join = {"join": {"to": paid, "on": {"eq": ["m.customer_id", "x.customer_id"]}, "expect": "one_to_one"}}
    monthly = {"from": "orders", "steps": [{"filter": {"gt": ["qty", 6]}}]}
    source, params = {"let": "monthly", "as": "m"}, {"least": {"type": "bigint", "value": 3}}
    plan = {
        "plan": 1,
        "params": params,
        "let": {"monthly": monthly},
        "from": source,
        "steps": [join, {"select": ["qty"]}],
    }
    checks = compile_plan(plan, shop_catalogue()).checks
    by_hand = [
        "SELECT customer_id FROM tickets WHERE csat > 3 GROUP BY 1 HAVING count(*) > 1",
        "SELECT customer_id FROM orders WHERE qty > 6 GROUP BY 1 HAVING count(*) > 1",
    ]
    with open_shop() as shop:
        for check, keys in zip(checks, by_hand, strict=True):
            wanted = len(shop.execute(keys).fetchall())
            found = shop.execute(check.sql, dict.fromkeys(check.params, 3) or None).fetchall()
            assert found == [(wanted,)]
            assert wanted


def test_an_alias_that_a_semi_join_used_up_is_free_again() -> None:
    on = {"using": ["customer_id"]}
    steps: Steps = [{"join": {"to": "customers", "how": "semi", **on}}, {"join": {"to": "customers", **on}}]
    compiled = compile_plan({"plan": 1, "from": "orders", "steps": [*steps, {"select": ["name"]}]}, shop_catalogue())
    with open_shop() as shop:
        assert len(shop.execute(compiled.sql).fetchall()) == 400


def test_a_plan_of_500_steps_is_refused() -> None:
    with pytest.raises(PlanError, match="LIMIT_EXCEEDED at /steps: a plan has at most 64 steps in one body, found 500"):
        compile_plan({"plan": 1, "from": "orders", "steps": [{"limit": 1}] * 500}, shop_catalogue())
