"""What SQLite means by a query is what its plan gives: affinities, bare columns, whole division, nulls first."""

from __future__ import annotations

import sqlite3
from collections import Counter

import duckdb
import pytest

from tests.plans.importing import people
from tests.plans.importing.cases import Case, read_cases
from tracewright.plans.compiling import compile_plan
from tracewright.plans.importing.refusal import ImportRefusal
from tracewright.plans.importing.sql import import_sql

CASES = {case.title: case for case in read_cases("sqlite")}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_query_becomes_the_plan_below_it(case: Case) -> None:
    assert import_sql(case.sql, people.catalogue(), "sqlite").plan.plain() == case.plan


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_plan_gives_what_sqlite_gives(case: Case) -> None:
    assert rows_by_plan(case.sql) == rows_by_sqlite(case.sql)


def rows_by_sqlite(sql: str) -> Counter[tuple[object, ...]]:
    connection = sqlite3.connect(":memory:")
    people.filled(connection)
    found = Counter(connection.execute(sql).fetchall())
    connection.close()
    assert found
    return found


def rows_by_plan(sql: str) -> Counter[tuple[object, ...]]:
    with duckdb.connect() as connection:
        people.filled(connection)
        compiled = compile_plan(import_sql(sql, people.catalogue(), "sqlite").plan, people.catalogue())
        return Counter(connection.execute(compiled.sql).fetchall())


@pytest.mark.parametrize("sign", ["=", "<>", "<", "<=", ">", ">="])
@pytest.mark.parametrize("other", ["keeper", "weight", "3", "'3'", "keeper + 1", "kind"])
def test_texts_and_numbers_are_compared_as_sqlite_compares_them(sign: str, other: str) -> None:
    sql = f"SELECT id, owner {sign} {other} FROM pets WHERE (owner {sign} {other}) IS NOT NULL"  # noqa: S608 -- ours
    assert rows_by_plan(sql) == rows_by_sqlite(sql)


def test_a_value_that_sqlite_leaves_open_is_noted() -> None:
    found = import_sql("SELECT kind, name FROM pets GROUP BY kind", people.catalogue(), "sqlite")
    assert found.notes == ("'name' is of any row of its group, as SQLite has it",)
    assert rows_by_plan("SELECT name FROM pets GROUP BY id") == rows_by_sqlite("SELECT name FROM pets GROUP BY id")


@pytest.mark.parametrize(
    ("sql", "note"),
    [
        ("SELECT DISTINCT kind FROM pets ORDER BY weight", "distinct rows are ordered by a column of any of those"),
        ("SELECT lower(name) FROM pets", "lower changes every letter"),
        ("SELECT name FROM pets WHERE name LIKE kind", "LIKE takes no notice of the case of any letter"),
    ],
)
def test_what_differs_from_sqlite_in_the_smallest_is_noted(sql: str, note: str) -> None:
    (found,) = import_sql(sql, people.catalogue(), "sqlite").notes
    assert found.startswith(note)


@pytest.mark.parametrize(
    ("code", "sql"),
    [
        ("TYPE_MISMATCH", "SELECT id FROM people WHERE code < (SELECT avg(age) FROM people)"),
        ("TYPE_MISMATCH", "SELECT code / 2 FROM people"),
        ("TYPE_MISMATCH", "SELECT name || height FROM people"),
        ("UNKNOWN_FUNCTION", "SELECT round(height, 1) FROM people"),
        ("UNKNOWN_FUNCTION", "SELECT max(age, id) FROM people"),
        ("UNKNOWN_FUNCTION", "SELECT julianday(name) FROM people"),
        ("UNSUPPORTED_EXPRESSION", "SELECT CAST(code AS INTEGER) FROM people"),
        ("UNSUPPORTED_EXPRESSION", "SELECT height % 2 FROM people"),
        ("SET_SHAPE", "SELECT id FROM people UNION SELECT name FROM people"),
    ],
)
def test_what_has_no_equal_is_refused(code: str, sql: str) -> None:
    with pytest.raises(ImportRefusal) as refused:
        import_sql(sql, people.catalogue(), "sqlite")
    assert refused.value.code == code
