"""What is wrong with a plan: its code, its place in the plan as written, what there is instead, and the hint."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from tests.plans.shop import open_shop, shop_catalogue
from tracewright.plans.compiling import bind_params, compile_plan
from tracewright.plans.document import read_plan
from tracewright.plans.faults import PlanError, PlanFault, run_code

Steps = list[Any]
COUNT = {"as": "n", "expr": {"count": "*"}}


def faults(*steps: Any, source: Any = "orders", **keys: Any) -> tuple[PlanFault, ...]:
    with pytest.raises(PlanError) as refused:
        compile_plan({"plan": 1, "from": source, "steps": list(steps), **keys}, shop_catalogue())
    return refused.value.faults


def lints(*steps: Any, source: Any = "orders", **keys: Any) -> list[str]:
    return [
        lint.code
        for lint in compile_plan({"plan": 1, "from": source, "steps": list(steps), **keys}, shop_catalogue()).lints
    ]


def test_a_text_in_place_of_a_literal_is_told_how_to_write_one() -> None:
    (fault,) = faults({"limit": 3}, {"filter": {"eq": ["status", "paid"]}})
    assert (fault.code, fault.path, fault.step) == ("UNKNOWN_COLUMN", "/steps/1/filter/eq/1", 1)
    assert '{"lit": "paid"}' in fault.hint
    assert "status" in fault.have


def test_near_names_are_offered() -> None:
    (fault,) = faults({"select": ["order_idd"]})
    assert "did you mean 'order_id'" in fault.hint
    (fault,) = faults(source="order")
    assert (fault.code, fault.path) == ("UNKNOWN_TABLE", "/from")
    assert "'orders'" in fault.hint


def test_several_faults_are_told_at_once_and_at_most_20() -> None:
    found = faults(
        {"filter": {"gt": ["amout", 1]}}, {"derive": [{"as": "x", "expr": {"upper": "status"}}]}, {"select": ["nope"]}
    )
    assert [fault.code for fault in found] == ["UNKNOWN_COLUMN", "UNKNOWN_KEY", "UNKNOWN_COLUMN"]
    assert len(faults({"select": [f"no_{n}" for n in range(40)]})) == 20


def test_what_follows_an_unknown_table_is_not_held_against_the_plan() -> None:
    found = faults({"filter": {"gt": ["whatever", 1]}}, {"select": ["anything"]}, source="nowhere")
    assert [fault.code for fault in found] == ["UNKNOWN_TABLE"]


CODES: dict[str, tuple[str, Steps]] = {
    "a step that is none": ("UNKNOWN_KEY", [{"filtre": True}]),
    "two steps in one": ("UNKNOWN_KEY", [{"filter": True, "limit": 1}]),
    "SQL text": ("UNKNOWN_KEY", [{"derive": [{"as": "x", "expr": {"sql": "1"}}]}]),
    "a scratch name": ("BAD_NAME", [{"derive": [{"as": "_x", "expr": 1}]}]),
    "a name with a quote": ("BAD_NAME", [{"derive": [{"as": 'a"b', "expr": 1}]}]),
    "a name twice": ("DUPLICATE_NAME", [{"select": ["status", {"as": "Status", "expr": 1}]}]),
    "a derived name that is there": ("DUPLICATE_NAME", [{"derive": [{"as": "qty", "expr": 1}]}]),
    "an alias twice": ("DUPLICATE_NAME", [{"join": {"to": "orders", "on": True}}]),
    "a name of two columns": (
        "AMBIGUOUS_COLUMN",
        [
            {"join": {"to": "tickets", "on": {"eq": ["orders.customer_id", "tickets.customer_id"]}}},
            {"select": ["customer_id"]},
        ],
    ),
    "an unknown function": ("UNKNOWN_FUNCTION", [{"derive": [{"as": "x", "expr": {"call": "read_text", "args": []}}]}]),
    "an unknown parameter": ("UNKNOWN_PARAM", [{"filter": {"gt": ["amount", {"param": "least"}]}}]),
    "too few arguments": ("ARITY", [{"filter": {"gt": ["amount"]}}]),
    "a text compared with a number": ("TYPE_MISMATCH", [{"filter": {"gt": ["status", 1]}}]),
    "a text compared with a time": ("TYPE_MISMATCH", [{"filter": {"gt": ["ordered_at", {"lit": "2024-01-01"}]}}]),
    "a filter that is no condition": ("TYPE_MISMATCH", [{"filter": "amount"}]),
    "arms of a case that differ": (
        "TYPE_MISMATCH",
        [{"derive": [{"as": "x", "expr": {"case": [[True, 1]], "else": {"lit": "a"}}}]}],
    ),
    "a date that is none": ("TYPE_MISMATCH", [{"derive": [{"as": "x", "expr": {"lit": "gestern", "as": "date"}}]}]),
    "a type that is none": ("TYPE_MISMATCH", [{"derive": [{"as": "x", "expr": {"cast": "qty", "to": "money"}}]}]),
    "a column that is not grouped": (
        "NOT_GROUPED",
        [{"aggregate": {"by": ["status"], "measures": [{"as": "x", "expr": "qty"}]}}],
    ),
    "an aggregate in a filter": ("AGGREGATE_PLACE", [{"filter": {"gt": [{"sum": "qty"}, 1]}}]),
    "an aggregate in an aggregate": (
        "NESTED_AGGREGATE",
        [{"aggregate": {"measures": [{"as": "x", "expr": {"sum": {"max": "qty"}}}]}}],
    ),
    "a window in a filter": ("WINDOW_PLACE", [{"filter": {"gt": [{"over": {"sum": "qty"}}, 1]}}]),
    "two columns for one value": (
        "SUBPLAN_SHAPE",
        [{"filter": {"gt": ["qty", {"scalar": {"from": "orders", "steps": [{"select": ["qty", "amount"]}]}}]}}],
    ),
    "a plan around that is not there": ("UNKNOWN_COLUMN", [{"filter": {"eq": ["qty", {"outer": "qty"}]}}]),
    "sets of other widths": ("SET_SHAPE", [{"union": {"with": ["customers"]}}]),
    "a recursion without an end": (
        "UNBOUNDED_RECURSION",
        [
            {
                "join": {
                    "to": {"recurse": {"name": "r", "seed": {"from": "orders"}, "step": {"from": "r"}}, "as": "r"},
                    "how": "cross",
                }
            }
        ],
    ),
    "a frame from end to start": (
        "BAD_FRAME",
        [{"derive": [{"as": "x", "expr": {"over": {"sum": "qty"}, "order": ["qty"], "frame": {"rows": [2, 1]}}}]}],
    ),
    "an unknown key of a join": (
        "UNKNOWN_KEY",
        [{"join": {"to": "customers", "using": ["customer_id"], "kind": "left"}}],
    ),
    "a join on nothing": ("BAD_SHAPE", [{"join": {"to": "customers"}}]),
    "a size beyond the bound": (
        "LIMIT_EXCEEDED",
        [{"derive": [{"as": "x", "expr": {"call": "repeat", "args": ["status", 99_999]}}]}],
    ),
    "a size that is no literal": (
        "LIMIT_EXCEEDED",
        [{"derive": [{"as": "x", "expr": {"call": "repeat", "args": ["status", "qty"]}}]}],
    ),
    "an order of constants": ("BAD_SHAPE", [{"sort": [1]}]),
    "a constant key of sets": (
        "BAD_SHAPE",
        [{"aggregate": {"by": [{"as": "k", "expr": 7}], "measures": [COUNT], "sets": [["k"], []]}}],
    ),
    "a pivot whose values nobody found": (
        "PIVOT_VALUES",
        [{"pivot": {"on": "status", "values": {"discover": 3}, "measures": [COUNT]}}],
    ),
    "a promise that nothing can count": (
        "BAD_SHAPE",
        [{"join": {"to": "tickets", "on": {"lt": ["orders.qty", "tickets.csat"]}, "expect": "many_to_one"}}],
    ),
    "an integer that JSON cannot keep": ("BAD_SHAPE", [{"filter": {"eq": ["qty", 2**60]}}]),
}


@pytest.mark.parametrize("case", CODES)
def test_every_slip_has_its_code(case: str) -> None:
    code, steps = CODES[case]
    assert [fault.code for fault in faults(*steps)] == [code]


DOCUMENTS: dict[str, tuple[str, str]] = {
    "no JSON": ("PLAN_JSON", "{"),
    "a key twice": ("PLAN_JSON", '{"plan": 1, "from": "a", "from": "b"}'),
    "no number": ("PLAN_JSON", '{"plan": 1, "from": "a", "steps": [{"limit": NaN}]}'),
    "another version": ("PLAN_VERSION", '{"plan": 2, "from": "a"}'),
    "no version": ("PLAN_VERSION", '{"from": "a"}'),
    "an unknown key": ("UNKNOWN_KEY", '{"plan": 1, "from": "a", "sql": "SELECT 1"}'),
    "no source": ("BAD_SHAPE", '{"plan": 1}'),
    "too deep": ("LIMIT_EXCEEDED", '{"plan": 1, "from": ' + "[" * 70 + "]" * 70 + "}"),
    "too long": ("LIMIT_EXCEEDED", '{"plan": 1, "from": "a", "notes": "' + "x" * 300_000 + '"}'),
    "deep beyond reason": ("PLAN_JSON", "[" * 200_000),
    "no object": ("BAD_SHAPE", "[]"),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_that_is_no_plan_is_refused(case: str) -> None:
    code, text = DOCUMENTS[case]
    with pytest.raises(PlanError) as refused:
        read_plan(text)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_names_of_lets_are_held_apart_from_tables_and_circles() -> None:
    body = {"from": "orders", "steps": [{"aggregate": {"measures": [COUNT]}}]}
    assert [fault.code for fault in faults(let={"Orders": body})] == ["NAME_SHADOWS"]
    assert "CYCLE" in {fault.code for fault in faults(source="a", let={"a": {"from": "b"}, "b": {"from": "a"}})}


def test_a_chart_names_columns_of_the_result() -> None:
    (fault,) = faults({"select": ["qty"]}, chart={"mark": "bar", "x": "qty", "y": "amount"})
    assert (fault.code, fault.path, fault.have) == ("CHART_COLUMN", "/chart/y", ("qty",))


def test_a_fault_in_what_a_macro_wrote_is_told_at_the_macro() -> None:
    (fault,) = faults({"top": {"n": 1, "order": [{"desc": "amout"}]}})
    assert (fault.code, fault.path, fault.step) == ("UNKNOWN_COLUMN", "/steps/0/top/order/0/desc", 0)


def test_parameters_are_checked_and_bound() -> None:
    wrong = faults(params={"since": {"type": "date", "value": "soon"}})
    assert [(fault.code, fault.path) for fault in wrong] == [("PARAM_TYPE", "/params/since/value")]
    plan = {"plan": 1, "from": "orders", "params": {"since": {"type": "timestamp"}}}
    compiled = compile_plan(
        {**plan, "steps": [{"filter": {"gte": ["ordered_at", {"param": "since"}]}}]}, shop_catalogue()
    )
    assert "CAST($since AS TIMESTAMP)" in compiled.sql
    assert bind_params(compiled, {"since": "2024-03-01T00:00:00"}) == {"since": "2024-03-01T00:00:00"}
    with pytest.raises(PlanError, match="PARAM_MISSING"):
        bind_params(compiled, {})


def grown(size: int) -> Any:
    """Return an expression that has so many parts."""
    return {"add": ["qty", *range(size)]}


GROWING: dict[str, Steps] = {
    "a pivot of many values": [{"pivot": {"on": grown(900), "values": list(range(100)), "measures": [COUNT]}}],
    "many sets of a large key": [
        {
            "aggregate": {
                "by": [{"as": "k", "expr": grown(900)}],
                "measures": [COUNT],
                "sets": [["k"], *[[] for _ in range(60)]],
            }
        }
    ],
    "a sum of very many": [{"derive": [{"as": "x", "expr": grown(990)}]}],
    "many promises": [
        {"join": {"to": {"table": "tickets", "as": f"t{n}"}, "using": ["customer_id"], "expect": "many_to_one"}}
        for n in range(17)
    ],
}


@pytest.mark.parametrize("case", GROWING)
def test_a_small_plan_that_would_grow_large_is_refused(case: str) -> None:
    assert {fault.code for fault in faults(*GROWING[case])} == {"LIMIT_EXCEEDED"}


LINTS: dict[str, tuple[str, Steps]] = {
    "a limit by chance": ("NO_TOTAL_ORDER", [{"sort": ["status"]}, {"limit": 3}]),
    "a first row by chance": ("NO_TOTAL_ORDER", [{"first": {"per": ["status"], "order": ["qty"]}}]),
    "a list in no order": (
        "ORDER_DEPENDENT",
        [{"aggregate": {"measures": [{"as": "x", "expr": {"agg": "list", "args": ["qty"]}}]}}],
    ),
    "not in with nulls": (
        "NOT_IN_NULLABLE",
        [{"filter": {"not": {"in": ["qty", {"plan": {"from": "tickets", "steps": [{"select": ["csat"]}]}}]}}}],
    ),
    "a cross join": ("CROSS_JOIN", [{"join": {"to": "products", "how": "cross"}}, {"select": ["qty"]}]),
    "a sort that is lost": ("SORT_LOST", [{"sort": ["order_id"]}, {"filter": {"gt": ["qty", 1]}}]),
    "a divisor that is zero": ("DIVISION", [{"derive": [{"as": "x", "expr": {"mod": ["qty", 0]}}]}]),
    "a divisor that may be zero": ("DIVISION", [{"derive": [{"as": "x", "expr": {"div": ["amount", "qty"]}}]}]),
    "a sum over rows that a join repeats": (
        "FANOUT_RISK",
        [
            {"join": {"to": "products", "on": {"eq": ["orders.product_id", "products.product_id"]}}},
            {"aggregate": {"measures": [{"as": "x", "expr": {"sum": "price"}}]}},
        ],
    ),
}


@pytest.mark.parametrize("case", LINTS)
def test_what_may_surprise_is_warned_of(case: str) -> None:
    code, steps = LINTS[case]
    assert lints(*steps) == [code]


def test_a_let_that_nobody_reads_and_floats_that_must_be_equal_are_warned_of() -> None:
    assert lints(let={"spare": {"from": "tickets"}}) == ["UNUSED_LET"]
    assert lints({"filter": {"eq": ["temperature", 20.5]}}, source="readings") == ["FLOAT_EQUALITY"]


def test_a_divisor_that_is_written_out_and_a_ratio_are_not_warned_of() -> None:
    exprs = [{"div": ["amount", 2]}, {"ratio": ["amount", "qty"]}]
    assert lints({"derive": [{"as": f"x{n}", "expr": expr} for n, expr in enumerate(exprs)]}) == []


def test_total_orders_and_sums_over_the_many_are_not_warned_of() -> None:
    join = {"join": {"to": "products", "on": {"eq": ["orders.product_id", "products.product_id"]}}}
    assert lints(join, {"aggregate": {"by": ["category"], "measures": [{"as": "x", "expr": {"sum": "amount"}}]}}) == []
    assert lints({"sort": ["status", "order_id"]}, {"limit": 3}) == []


def test_the_hash_knows_no_key_order_and_no_notes() -> None:
    plan = {"plan": 1, "from": "orders", "steps": [{"limit": {"rows": 1, "offset": 2}}]}
    turned = {"steps": [{"limit": {"offset": 2, "rows": 1}}], "from": "orders", "plan": 1, "notes": "x"}
    assert read_plan(plan).sha256() == read_plan(json.dumps(turned)).sha256()
    assert read_plan({**plan, "steps": []}).sha256() != read_plan(plan).sha256()


RUNS: dict[str, tuple[str, Any]] = {
    "several rows for one value": ("SCALAR_ROWS", {"scalar": {"from": "orders", "steps": [{"select": ["qty"]}]}}),
    "a zero among the divisors": ("DIVISION", {"idiv": ["qty", {"sub": ["qty", "qty"]}]}),
    "more than an integer holds": ("OVERFLOW", {"mul": ["qty", 9_000_000_000_000_000, 9_000_000_000_000_000]}),
    "a text that is no number": ("CAST", {"cast": "status", "to": "bigint"}),
}


@pytest.mark.parametrize("case", RUNS)
def test_what_fails_at_the_run_has_its_code(case: str) -> None:
    code, expr = RUNS[case]
    steps = [{"select": [{"as": "x", "expr": expr}]}]
    compiled = compile_plan({"plan": 1, "from": "orders", "steps": steps}, shop_catalogue())
    with open_shop() as shop, pytest.raises(duckdb.Error) as failed:
        shop.execute(compiled.sql).fetchall()
    assert run_code(str(failed.value)) == code


def test_a_failure_of_another_kind_has_no_code_of_a_plan() -> None:
    assert run_code("Out of Memory Error: could not allocate block") == ""
