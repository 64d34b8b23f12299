"""The function catalogue against the engine: names reviewed, signatures true, none that the policy refuses."""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from typing import Any

import duckdb
import pytest

from scripts.review_plan_functions import FILE, engine_names, reviewed, text_of
from tests.plans.shop import open_shop, shop_catalogue
from tracewright.jobs._query.reviewed import REVIEWED
from tracewright.plans.catalogue import catalogue_of
from tracewright.plans.compiling import compile_plan
from tracewright.plans.families import Type, parse_type
from tracewright.plans.functions import Function, catalogue, result_type

SAMPLES = {
    "int": "BIGINT", "dec": "DECIMAL(10,2)", "float": "DOUBLE", "text": "VARCHAR", "bool": "BOOLEAN", "date": "DATE",
    "ts": "TIMESTAMP", "tstz": "TIMESTAMPTZ", "time": "TIME", "interval": "INTERVAL", "json": "JSON", "blob": "BLOB",
    "list": "BIGINT[]", "map": "MAP(VARCHAR, BIGINT)",
}  # fmt: skip
CLASSES = {
    "num": ("int", "dec", "float"), "when": ("date", "ts", "tstz"), "moment": ("date", "ts", "tstz", "time"),
    "any": ("int", "text"), "whole": ("int",), "item": ("int",),
}  # fmt: skip
UNITS = {"date_trunc", "date_part", "date_diff", "date_sub"}
NO_TIME = {"epoch_ms", "epoch_us", "year", "month", "day", "quarter", "week", "dayofweek", "isodow", "dayofyear"} | {
    "weekofyear", "century", "decade",
}  # fmt: skip
"""These take a `moment` for the sake of one signature; a time of day has no such part, which binding says."""


@cache
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    columns = ", ".join(f"NULL::{kind} AS c_{name}" for name, kind in SAMPLES.items())
    connection.execute(f"CREATE TABLE samples AS SELECT {columns}")
    return connection


def calls(function: Function) -> list[tuple[list[str], str]]:
    """Return each way to call a function on the samples: families, and the SQL."""
    found = []
    for takes, _ in function.ways:
        parts = [part.rstrip("?.") for part in takes]
        for families in product(*(CLASSES.get(part, (part,)) for part in parts if part != "T")):
            rest = iter(families)
            chosen = [found_first if part == "T" else next(rest) for part, found_first in _firsts(parts, families)]
            args = ", ".join(_argument(function, index, name) for index, name in enumerate(chosen))
            over = " OVER (ORDER BY c_int)" if function.kind == "window" else ""
            found.append((chosen, f"{function.name}({args}){over}"))
    return found


def _firsts(parts: list[str], families: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(part, families[0] if families else "") for part in parts]


def _argument(function: Function, index: int, family: str) -> str:
    if index == function.bounded:
        return "3"
    if index in function.literals:
        return "0.5" if function.name.startswith(("quantile", "approx")) else {"text": "'i'", "int": "1"}[family]
    return "'month'" if function.name in UNITS and index == 0 else f"c_{family}"


def test_nobody_has_to_look_at_a_new_name() -> None:
    data = json.loads(FILE.read_text())
    assert FILE.read_text() == text_of(reviewed(data, engine_names())), "run scripts/review_plan_functions.py"
    assert (data["unreviewed"], data["gone"]) == ([], [])
    assert not set(data["offered"]) & set(data["left_out"])


def test_the_policy_allows_whatever_a_plan_may_call() -> None:
    windows = {name for name, function in catalogue().items() if function.kind == "window"}
    assert set(catalogue()) - windows <= REVIEWED.expressions
    assert windows <= REVIEWED.windows


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_signature_says_what_the_engine_binds(name: str) -> None:
    function = catalogue()[name]
    for families, sql in calls(function):
        if "time" in families and name in NO_TIME | UNITS:
            continue
        given = [parse_type(SAMPLES[family]) for family in families]
        promised = result_type(function, [kind for kind in given if kind is not None])
        described = str(engine().table("samples").project(f"{sql} AS r").types[0])
        found = parse_type(described)
        assert promised is not None, sql
        if name == "round":  # its scale hangs on the value of its argument
            found = Type(promised.family, scale=promised.scale) if found and found.family == promised.family else found
        assert _alike(promised, found), f"{sql} is {described}, not {promised}"


def _alike(promised: Type, found: Type | None) -> bool:
    return found is not None and (promised.family, promised.scale) == (found.family, found.scale)


VALUES = {
    "int": "2", "dec": "0.5", "float": "0.25", "text": "'7'", "bool": "true", "date": "'2024-02-29'",
    "ts": "'2024-02-29 08:30:00'", "tstz": "'2024-02-29 08:30:00+00'", "time": "'08:30:00'", "interval": "'1 day'",
    "json": """'{"a": [1]}'""", "blob": "'ab'", "list": "[3, 1, 2]", "map": "MAP {'k': 1}",
}  # fmt: skip


@cache
def filled() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f"CAST({VALUES[name]} AS {kind}) AS c_{name}" for name, kind in SAMPLES.items())
    connection.execute(f"CREATE TABLE samples AS SELECT {columns}")
    return connection


def node(function: Function, families: list[str]) -> dict[str, Any]:
    """Return the call as a plan writes it."""
    args = [_written(function, index, family) for index, family in enumerate(families)]
    match function.kind:
        case "aggregate":
            return {"agg": function.name, "args": args, "order": ["c_int"]}
        case "window":
            return {"over": {"call": function.name, "args": args}, "order": ["c_int"]}
    return {"call": function.name, "args": args}


def _written(function: Function, index: int, family: str) -> Any:
    if index == function.bounded:
        return 3
    if index in function.literals:
        if function.name == "strptime" or function.name == "strftime":
            return {"lit": "%Y-%m-%d"}
        return 0.5 if function.name.startswith(("quantile", "approx")) else {"text": {"lit": "i"}, "int": 0}[family]
    if function.name in UNITS and index == 0:
        return {"lit": "month"}
    return {"lit": "2024-02-29"} if function.name == "strptime" else f"c_{family}"


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_function_compiles_runs_and_gives_what_was_promised(name: str) -> None:
    function = catalogue()[name]
    known = catalogue_of({"samples": {f"c_{name}": kind for name, kind in SAMPLES.items()}})
    for families, _ in calls(function):
        if "time" in families and name in NO_TIME | UNITS:
            continue
        item = {"as": "r", "expr": node(function, families)}
        step = {"aggregate": {"measures": [item]}} if function.kind == "aggregate" else {"select": [item]}
        compiled = compile_plan({"plan": 1, "from": "samples", "steps": [step]}, known)
        relation = filled().sql(compiled.sql)
        (found,) = relation.project("CAST(r AS VARCHAR)").fetchall()  # a time with a zone needs no library as a text
        described = parse_type(str(relation.types[0]))
        assert (compiled.columns[0].family.partition("(")[0], len(found)) == (str(described).partition("(")[0], 1)
        assert compiled.columns[0].nullable or found[0] is not None


@pytest.mark.parametrize("digits", [-1, 0, 1, 2, 5])
def test_rounding_a_decimal_keeps_as_many_digits_as_were_asked_for(digits: int) -> None:
    steps = [{"select": [{"as": "r", "expr": {"call": "round", "args": ["price", digits]}}]}]
    compiled = compile_plan({"plan": 1, "from": "products", "steps": steps}, shop_catalogue())
    with open_shop() as shop:
        found = parse_type(str(shop.sql(compiled.sql).types[0]))
    assert found is not None
    assert compiled.columns[0].family == str(found)
