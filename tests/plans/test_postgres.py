"""Every core and macro step in PostgreSQL's dialect, as golden text: the same on every machine, and read back the same.

`python -m tests.plans.test_postgres` writes the golden files anew, after somebody has looked at the difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import sqlglot

from tests.plans.shop import TABLES, open_shop, shop_catalogue
from tests.plans.texts import read_texts, written
from tests.stores.postgres import AbsentError, postgres
from tracewright.errors import UsageError
from tracewright.plans.bodies import CORE
from tracewright.plans.compiling import bind_params, compile_plan
from tracewright.plans.macros import MACROS
from tracewright.plans.writing import to_dialect

HERE = Path(__file__).parent
GOLDEN = HERE / "postgres"


def cases(name: str) -> dict[str, dict[str, object]]:
    """Return the plans of one file by name."""
    if name == "worked":
        return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((HERE / "worked").glob("*.json"))}
    lines = (HERE / f"{name}.jsonl").read_text("utf-8").splitlines()
    return {case["name"]: {"plan": 1, **case["plan"]} for case in map(json.loads, lines)}


def texts(name: str) -> dict[str, str]:
    """Return the PostgreSQL texts of those plans."""
    return {case: _text(compile_plan(plan, shop_catalogue()).sql) for case, plan in cases(name).items()}


def _text(sql: str) -> str:
    try:
        return to_dialect(sql, "postgres")
    except UsageError as error:
        return f"{NONE} {error}"


NONE = "none:"
FILES = ("core_steps", "macro_steps", "worked")


def said(name: str) -> dict[str, str]:
    """Return the golden texts but for what PostgreSQL cannot say."""
    return {case: text for case, text in read_texts(GOLDEN / f"{name}.sql").items() if not text.startswith(NONE)}


OTHERWISE = {
    "rolling over time is null below min_rows": "no round(double, digits)",
    "percentile names its columns": "a quantile of decimals keeps more digits",
    "retention is absent after the last period": "date_trunc of a date has a time zone",
}
"""What the language promises of DuckDB alone, by the names of the cases that show it."""


@pytest.fixture(scope="module")
def keeper() -> Iterator[psycopg.Connection[Any]]:
    """Return a connection to a PostgreSQL of one's own in which the shop's tables are."""
    try:
        with postgres() as server, psycopg.connect(server.address(), autocommit=True) as connection:
            with open_shop() as shop:
                for table in TABLES:
                    _copy(shop, connection, table)
            yield connection
    except AbsentError as absent:
        pytest.skip(str(absent))


def _copy(shop: duckdb.DuckDBPyConnection, connection: psycopg.Connection[Any], table: str) -> None:
    columns = [(row[0], TYPES.get(row[1], row[1])) for row in shop.execute(f"DESCRIBE {table}").fetchall()]
    connection.execute(f"CREATE TABLE {table} ({', '.join(map(' '.join, columns))})".encode())
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  # the tables are ours
        cursor.executemany(insert.encode(), shop.table(table).fetchall())


TYPES = {"VARCHAR": "text", "DOUBLE": "double precision"}


@pytest.mark.parametrize("name", FILES)
def test_the_texts_mean_the_same_to_postgres(name: str, keeper: psycopg.Connection[Any]) -> None:
    plans, otherwise = cases(name), []
    with open_shop() as shop:
        for case, text in said(name).items():
            compiled = compile_plan(plans[case], shop_catalogue())
            values = bind_params(compiled, {})
            if _answer(keeper, _filled(text, values)) != _rounded(
                shop.execute(compiled.sql, values or None).fetchall()
            ):
                otherwise.append(case)
    assert otherwise == [case for case in OTHERWISE if case in plans]


def _filled(text: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        text = text.replace(f"%({name})s", f"'{value}'").replace(f"${name}", f"'{value}'")
    return text


def _answer(keeper: psycopg.Connection[Any], text: str) -> Counter[tuple[Any, ...]]:
    try:
        return _rounded(keeper.execute(text.encode()).fetchall())
    except psycopg.Error:
        return Counter()


def _rounded(rows: list[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(map(_cell, row)) for row in rows)


def _cell(value: Any) -> Any:
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float(f"{value:.8g}") if number else value


@pytest.mark.parametrize("name", FILES)
def test_the_texts_are_the_golden_ones(name: str) -> None:
    assert texts(name) == read_texts(GOLDEN / f"{name}.sql")


@pytest.mark.parametrize("name", FILES)
def test_the_texts_are_read_back_the_same(name: str) -> None:
    for text in said(name).values():
        assert sqlglot.parse_one(text, read="postgres").sql(dialect="postgres").upper() == text.upper()


def test_every_step_has_its_text() -> None:
    plans = json.dumps([cases(name) for name in FILES])
    assert [step for step in [*CORE, *MACROS] if f'"{step}": ' not in plans] == []


if __name__ == "__main__":
    for file in FILES:
        (GOLDEN / f"{file}.sql").write_text(written(texts(file)), "utf-8")
