"""Each query of the `.sql` files becomes the plan that stands below it, and both give the same rows and types."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pytest

from tests.plans.importing.cases import HERE, Case, read_cases
from tests.plans.shop import open_shop, shop_catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.plans.importing.sql import import_sql

FILES = sorted(path.stem for path in HERE.glob("*.sql") if path.stem != "sqlite")
CASES = {f"{name}: {case.title}": case for name in FILES for case in read_cases(name)}
PARAMS = {"least": 500, "most": 5}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_query_becomes_the_plan_below_it(case: Case) -> None:
    assert import_sql(case.sql, shop_catalogue()).plan.plain() == case.plan


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_plan_gives_what_its_query_gives(case: Case) -> None:
    compiled = compile_plan(case.plan, shop_catalogue())
    with open_shop() as shop:
        wanted, given = answer(shop, case.sql), answer(shop, compiled.sql)
    assert wanted[1]
    assert given[0] == wanted[0]
    assert Counter(map(repr, given[1])) == Counter(map(repr, wanted[1]))
    if compiled.total:
        assert given[1] == wanted[1]


def answer(shop: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[Any]]:
    """Return the types of the columns, and the rows."""
    found = shop.execute(sql, {name: value for name, value in PARAMS.items() if f"${name}" in sql} or None)
    return [str(column[1]) for column in found.description], found.fetchall()


def test_a_text_and_a_catalogue_give_the_same_bytes() -> None:
    for case in CASES.values():
        assert len({import_sql(case.sql, shop_catalogue()).plan.sha256() for _ in range(2)}) == 1


def test_a_plan_that_was_imported_is_imported_from_its_own_text_with_the_same_rows() -> None:
    with open_shop() as shop:
        for case in CASES.values():
            sql = compile_plan(case.plan, shop_catalogue()).sql
            again = compile_plan(import_sql(sql, shop_catalogue()).plan, shop_catalogue()).sql
            assert Counter(map(repr, answer(shop, again)[1])) == Counter(map(repr, answer(shop, sql)[1])), case.title


def test_names_that_no_plan_can_give_are_told_with_what_stands_for_them() -> None:
    found = import_sql('SELECT qty AS "2 words", amount AS "€", status AS plain FROM orders', shop_catalogue())
    assert found.renamed == (("2 words", "c_2_words"), ("€", "value"))


def test_a_column_answers_to_what_the_text_calls_it_only() -> None:
    sql = 'SELECT a FROM (SELECT qty AS "_a" FROM orders) x, (SELECT 7 AS a) y LIMIT 1'
    with open_shop() as shop:
        assert answer(shop, compile_plan(import_sql(sql, shop_catalogue()).plan, shop_catalogue()).sql)[1] == [(7,)]


def test_a_list_of_values_may_hold_nulls_and_numbers_below_zero() -> None:
    sql = "SELECT a, b FROM (VALUES (1, -2.5), (NULL, 3)) AS v(a, b)"
    with open_shop() as shop:
        given = answer(shop, compile_plan(import_sql(sql, shop_catalogue()).plan, shop_catalogue()).sql)
        assert given[1] == answer(shop, sql)[1]
