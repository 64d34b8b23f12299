"""`plan explain` and `plan run`, as people and programs call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.command import Ran, tracewright
from tests.jobs.shop import make
from tracewright.tables import shipped

EXAMPLES = Path(__file__).parents[2] / "examples" / "plans"
TOTALS = {
    "plan": 1,
    "from": "orders",
    "steps": [
        {"aggregate": {"by": ["status"], "measures": [{"as": "s", "expr": {"sum": "amount"}}]}},
        {"share": {"of": "s"}},
        {"sort": ["status"]},
    ],
}


@pytest.fixture
def shop(jail: Path) -> Path:
    return make(jail)


def plan(verb: str, document: Any, *words: object) -> Ran:
    Path("plan.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return tracewright("plan", verb, "plan.json", *words)


def step(*steps: Any, **keys: Any) -> dict[str, Any]:
    return {"plan": 1, **keys, "from": "orders", "steps": list(steps)}


def test_a_plan_is_explained_step_by_step(shop: Path) -> None:
    ran = plan("explain", TOTALS, "--data", shop)
    assert ran.code == 0, ran.err
    assert '"derive"' in ran.out
    assert "share float?" in ran.out
    assert 'SELECT "s1"."status"' in ran.out


def test_an_explanation_can_be_read_by_programs(shop: Path) -> None:
    told = plan("explain", TOTALS, "--data", shop, "--json").json
    assert [one["kind"] for one in told["steps"]] == ["aggregate", "share", "sort"]
    assert [column["name"] for column in told["columns"]] == ["status", "s", "share"]
    assert (told["ordered"], told["total"], told["tables"]) == (True, True, ["orders"])
    assert [next(iter(one)) for one in told["core"]["steps"]] == ["aggregate", "derive", "sort"]
    assert len({told["plan_sha256"], told["core_sha256"]}) == 2


def test_explaining_needs_no_jail_and_no_database(tmp_path: Path) -> None:
    ran = tracewright("plan", "explain", EXAMPLES / "best_customers.json", "--dialect", "postgres", "--home", tmp_path)
    assert ran.code == 0, ran.err
    assert "DATE_TRUNC('MONTH'" in ran.out
    assert not (tmp_path / "data").exists()


def test_a_plan_is_answered_with_a_table(shop: Path) -> None:
    ran = plan("run", TOTALS, "--data", shop)
    assert ran.code == 0, ran.err
    assert "15.50" in ran.out
    assert "2 rows." in ran.err


def test_an_answer_is_kept_as_a_capsule_with_its_plan_and_its_picture(shop: Path) -> None:
    ran = plan("run", TOTALS, "--data", shop)
    [kept] = [line.split()[-1] for line in ran.err.splitlines() if line.startswith("kept as capsule ")]
    assert len([line for line in ran.err.splitlines() if line.startswith("picture: ")]) == 2
    shown = tracewright("capsule", "show", kept, "--json").json
    assert (shown["request"]["kind"], shown["request"]["plan"]) == ("plan", TOTALS)
    told = tracewright("capsule", "show", kept).out
    assert '{"share": {"of": "s"}}' in told
    assert "policy: allowed; reads orders; calls " in told
    of_plan = shown["request"]["plan_sha256"][:12]
    assert [one["id"] for one in tracewright("capsule", "list", "--plan", of_plan, "--json").json["capsules"]] == [kept]
    assert tracewright("capsule", "list", "--plan", "0" * 64, "--json").json == {"capsules": []}
    assert plan("run", TOTALS, "--data", shop, "--json").json["capsule"] == kept
    assert tracewright("capsule", "verify", kept, "--json").json["ok"]
    assert tracewright("capsule", "replay", kept, "--json").json["answer"] == "identical"


def test_a_whole_answer_can_be_written_to_a_file(shop: Path) -> None:
    asked = step({"filter": {"gte": ["order_id", {"param": "least"}]}}, params={"least": {"type": "bigint"}})
    words = ("--data", shop, "--format", "parquet", "--out", "a.parquet", "--parameter", "least=2", "--json")
    ran = plan("run", asked, *words)
    assert (ran.code, ran.json["result"]["rows"]) == (0, 2)
    assert pq.read_table("a.parquet").num_rows == 2
    assert ran.json["observed"]["isolation"]["network"] == "none"


def test_the_example_plans_name_their_own_set_and_take_its_moment_for_now(jail: Path) -> None:
    ran = tracewright("plan", "run", EXAMPLES / "out_of_stock.json", "--json")
    assert (ran.code, ran.json["result"]["rows"]) == (0, 49)


def test_a_pivot_finds_its_values_first(shop: Path) -> None:
    values = {"discover": 5}
    counts = [{"as": "n", "expr": {"count": "*"}}]
    ran = plan("run", step({"pivot": {"on": "status", "values": values, "measures": counts}}), "--data", shop, "--json")
    assert [column["name"] for column in ran.json["result"]["columns"]] == ["open", "paid"]


def test_every_fault_of_a_plan_has_a_line(shop: Path) -> None:
    wrong = step({"filter": {"eq": ["status", "open"]}}, {"select": ["amont"]})
    ran = plan("run", wrong, "--data", shop)
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith("UNKNOWN_COLUMN at /steps/0/filter/eq/1: there is no column 'open' (there are: ")
    assert '{"lit": "open"}' in first
    assert "did you mean 'amount'" in second
    told = plan("explain", wrong, "--data", shop, "--json")
    assert [fault["step"] for fault in told.json["faults"]] == [0, 1]


def test_a_plan_of_500_steps_is_refused(shop: Path) -> None:
    ran = plan("run", step(*[{"limit": 1}] * 500), "--data", shop)
    assert ran.code == 2
    assert "LIMIT_EXCEEDED at /steps: a plan has at most 64 steps in one body, found 500" in ran.err


def test_a_promise_that_does_not_hold_is_exit_1_with_its_count(shop: Path) -> None:
    broken = {"join": {"to": {"table": "orders", "as": "o"}, "using": ["status"], "expect": "many_to_one"}}
    ran = plan("run", {"plan": 1, "from": "orders", "steps": [broken, {"select": ["orders.order_id"]}]}, "--data", shop)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("FANOUT: /steps/0/join: 1 keys stand in several rows")
    assert "kept as capsule " in ran.err


def test_a_division_by_zero_at_the_run_is_exit_1_with_its_code(shop: Path) -> None:
    by_zero = {"mod": ["order_id", {"sub": ["order_id", "order_id"]}]}
    ran = plan("run", step({"select": [{"as": "x", "expr": by_zero}]}), "--data", shop)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("DIVISION: ")
    assert "ratio" in ran.err


def test_an_empty_answer_is_an_answer(shop: Path) -> None:
    ran = plan("run", step({"filter": {"gt": ["amount", 1000]}}), "--data", shop, "--json")
    assert (ran.code, ran.json["result"]["rows"]) == (0, 0)


def test_more_rows_than_were_asked_for_are_cut_with_a_notice(shop: Path) -> None:
    ran = plan("run", step(), "--data", shop, "--rows", "1")
    assert ran.code == 0
    assert "cut after 1 rows" in ran.err


@pytest.mark.parametrize(
    ("keys", "words", "said"),
    [
        ({}, (), "say of which tables"),
        ({"dataset": "nowhere"}, (), "there is no set 'nowhere'"),
        ({"dataset": f"support@sha256:{'0' * 64}"}, (), "the plan is about support at 000000000000…"),
        ({}, ("--data", "support", "--parameter", "least"), "wanted --parameter NAME=VALUE"),
        ({}, ("--data", "support", "--parameter", "least=1"), "UNKNOWN_PARAM at /params/least"),
    ],
)
def test_wrong_use_is_exit_2(jail: Path, keys: dict[str, Any], words: tuple[str, ...], said: str) -> None:
    ran = plan("run", {"plan": 1, **keys, "from": "tickets"}, *words)
    assert ran.code == 2
    assert said in ran.err


def test_a_plan_may_name_the_version_of_its_set(jail: Path) -> None:
    version = shipped.registry()["support"].version_hash
    ran = plan("explain", {"plan": 1, "dataset": f"support@sha256:{version}", "from": "tickets"})
    assert ran.code == 0, ran.err
