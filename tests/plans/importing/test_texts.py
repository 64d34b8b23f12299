"""Many small texts in each dialect: those marked `same` give by their plans what they give by themselves.

A line is `same`, or the code of the refusal, and a text that the engine of the dialect can run.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.plans.importing import people
from tests.plans.importing.cases import HERE
from tests.plans.shop import open_shop, shop_catalogue
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.plans.importing.refusal import ImportRefusal
from tracewright.plans.importing.sql import import_sql

CATALOGUES: dict[str, Callable[[], Catalogue]] = {"duckdb": shop_catalogue, "sqlite": people.catalogue}
LINES = [
    pytest.param(dialect, *line.split(" ", 1), id=f"{dialect} {number}")
    for dialect in CATALOGUES
    for number, line in enumerate((HERE / "texts" / f"{dialect}.txt").read_text().splitlines(), start=1)
]


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Any]]:
    """Give the engine of each dialect, and DuckDB with the tables of the dialect's texts."""
    lite, beside, shop = sqlite3.connect(":memory:"), duckdb.connect(), open_shop()
    for connection in (lite, beside):
        people.filled(connection)
    yield {"duckdb": (shop, shop), "sqlite": (lite, beside)}
    for each in (lite, beside, shop):
        each.close()


@pytest.mark.parametrize(("dialect", "expected", "sql"), LINES)
def test_a_text_means_the_same_as_its_plan_or_is_refused(
    engines: dict[str, Any], dialect: str, expected: str, sql: str
) -> None:
    own, duck = engines[dialect]
    wanted = own.execute(sql).fetchall()
    catalogue = CATALOGUES[dialect]()
    if expected != "same":
        with pytest.raises(ImportRefusal, match=f"^{expected}: "):
            import_sql(sql, catalogue, dialect)
        return
    given = duck.execute(compile_plan(import_sql(sql, catalogue, dialect).plan, catalogue).sql).fetchall()
    assert Counter(map(_comparable, given)) == Counter(map(_comparable, wanted))


def _comparable(row: tuple[Any, ...]) -> str:
    numbers = (int, float, Decimal)
    return repr([f"{float(value):.9g}" if isinstance(value, numbers) else value for value in row])
