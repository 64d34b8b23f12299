"""Twins of tables: other rows under the same schema, the same everywhere, of which what always holds holds still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.jobs.apart import Run, apart
from tests.jobs.shop import make
from tracewright.jobs import Result

SCRIPT = """
CREATE TABLE customers AS SELECT i::INTEGER AS customer_id, 'name ' || i AS name FROM range(20) t(i);
CREATE TABLE orders AS SELECT i::INTEGER AS order_id, (i * 7 % 20)::INTEGER AS customer_id, i % 5 = 0 AS returned,
    CASE WHEN i % 5 = 0 THEN 'back' WHEN i % 2 = 0 THEN 'sent' ELSE 'new' END AS status, NULL::INTEGER AS first_order,
    CASE WHEN i % 5 <> 0 THEN TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR END AS kept_at,
    (SELECT sum(price) FROM (SELECT j * 1.25 AS price, j % 100 AS o FROM range(300) u(j)) WHERE o = i) AS total
    FROM range(100) t(i);
CREATE TABLE items AS SELECT j::INTEGER AS item_id, (j % 100)::INTEGER AS order_id, (j % 9)::INTEGER AS product_id,
    'p' || j % 9 AS product, j * 1.25 AS price FROM range(300) t(j);
CREATE TABLE product AS SELECT i::INTEGER AS id, 'p' || i AS "the ""odd"" name" FROM range(9) t(i);
CREATE TABLE odd AS SELECT 1 AS a, 'x' AS b WHERE false;
CREATE TABLE one AS SELECT DATE '2024-02-29' AS day, 'x' AS b, [1, 2] AS c;
"""
KEYS = {"customers": ["customer_id"], "orders": ["order_id"], "items": ["item_id"], "product": ["id"]}
LINKS = [{"from": "orders.first_order", "to": "orders.order_id"}, {"from": "items.gone", "to": "nowhere.id"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twins")


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    with chdir(folder), apart() as found:
        yield found


@pytest.fixture(scope="module")
def original(folder: Path) -> Path:
    return make(folder, SCRIPT)


@pytest.fixture(scope="module")
def twins(original: Path, run: Run) -> Mapping[int, Path]:
    made = {number: twin(run, original, number) for number in (1, 2, 3)}
    paths = {number: original.with_name(f"twin-{number}.duckdb") for number in made}
    for number, result in made.items():
        assert result.status == "ok", result.message
        paths[number].write_bytes(result.artifacts["database"])
    return paths


def twin(run: Run, path: Path, number: int, seed: str = "1", keys: Mapping[str, list[str]] = KEYS) -> Result:
    tables = [
        {"name": table, "key": keys.get(table, []), "columns": [{"name": n, "type": t} for n, t in columns]}
        for table, columns in schema(path).items()
    ]
    request = {"tables": tables, "relationships": LINKS, "seed": seed, "number": number}
    return run("twin_tables", request, {"tables.duckdb": path})


def schema(path: Path) -> dict[str, list[tuple[str, str]]]:
    names = [row[0] for row in asked(path, "SHOW TABLES")]
    return {name: [(row[0], row[1]) for row in asked(path, f'DESCRIBE "{name}"')] for name in names}


def asked(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_the_same_content_gives_the_same_twin_in_whatever_file_it_lies(run: Run, original: Path, folder: Path) -> None:
    first = twin(run, original, 1)
    again = twin(run, make(folder, SCRIPT, "again"), 1)
    assert first.result == again.result
    assert first.result["tables"]["items"] == {
        "sha256": "e0e92bbaf5e1caf9f28eeb0fc001ab95fb21fd6e948e4ba71bab81b6b3bd0569",
        "rows": 225,
    }


def test_each_twin_and_each_seed_differs(run: Run, original: Path) -> None:
    found = [twin(run, original, number, seed).result["tables"] for number in (1, 2, 3) for seed in ("1", "2")]
    assert len({table["items"]["sha256"] for table in found}) == 6


def test_tables_columns_and_types_stay(original: Path, twins: Mapping[int, Path]) -> None:
    assert [schema(path) for path in twins.values()] == [schema(original)] * 3


def test_some_rows_are_left_out_and_keys_still_name_the_others(original: Path, twins: Mapping[int, Path]) -> None:
    for path in twins.values():
        for table, [key] in KEYS.items():
            counted = f"SELECT count(*), count(DISTINCT {key}), count({key}) FROM {table}"  # noqa: S608  # names of ours
            [(rows, keys, filled)] = asked(path, counted)
            [(before, *_)] = asked(original, counted)
            assert rows == keys == filled
            assert 0 < rows < before or (table == "product" and path == twins[1])


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("orders.customer_id", "customers.customer_id"),
        ("items.order_id", "orders.order_id"),
        ("items.product_id", "product.id"),
    ],
)
def test_every_row_still_finds_what_it_names(twins: Mapping[int, Path], child: str, parent: str) -> None:
    [table, column], [other, key] = child.split("."), parent.split(".")
    lost = f"SELECT count(*) FROM {table} AS c ANTI JOIN {other} AS p ON c.{column} = p.{key}"  # noqa: S608  # names of ours
    assert [asked(path, lost) for path in twins.values()] == [[(0,)]] * 3


def test_what_a_parent_says_of_its_children_stays_true_in_the_first(twins: Mapping[int, Path]) -> None:
    said = "SELECT count(*) FROM orders JOIN (SELECT order_id, sum(price) AS s FROM items GROUP BY 1) USING (order_id)"
    [(all_orders,)] = asked(twins[1], "SELECT count(*) FROM orders")
    assert asked(twins[1], f"{said} WHERE total = s") == [(all_orders,)]


def test_what_always_holds_of_a_label_holds_of_the_one_in_its_place(twins: Mapping[int, Path]) -> None:
    broken = "SELECT count(*) FROM orders WHERE returned <> (status = 'back') OR returned <> (kept_at IS NULL)"
    for path in twins.values():
        assert asked(path, broken) == [(0,)]
        assert asked(path, "SELECT DISTINCT status FROM orders ORDER BY 1") == [("back",), ("new",), ("sent",)]
        # What names a product in words goes with what names it by number, as a function.
        assert asked(
            path, "SELECT max(n) FROM (SELECT count(DISTINCT product) AS n FROM items GROUP BY product_id)"
        ) == [(1,)]


def test_no_name_keeps_its_place(original: Path, twins: Mapping[int, Path]) -> None:
    named = dict(asked(original, "SELECT name, customer_id FROM customers"))
    prices = dict(asked(original, "SELECT price, order_id FROM items"))
    assert not [row for row in asked(twins[3], "SELECT price, order_id FROM items") if prices[row[0]] == row[1]]
    for path in twins.values():
        found = asked(path, "SELECT name, customer_id FROM customers")
        assert sum(named[name] == customer for name, customer in found) < len(found) / 2


def test_measures_and_moments_differ_in_the_first_two_alone(original: Path, twins: Mapping[int, Path]) -> None:
    most = "SELECT max(price), max(kept_at), (SELECT max(day) FROM one) FROM items, orders"
    [(price, moment, day)] = asked(original, most)
    for number in (1, 2):
        [(other_price, other_moment, other_day)] = asked(twins[number], most)
        assert other_price not in dict(asked(original, "SELECT price, 1 FROM items"))
        assert (other_moment < moment, other_day < day) == (True, True)
    [(price_3, moment_3, day_3)] = asked(twins[3], most)
    assert price_3 <= price
    assert (moment_3 <= moment, day_3) == (True, day)


def test_the_second_leaves_out_whole_things(original: Path, twins: Mapping[int, Path]) -> None:
    customers = "SELECT count(DISTINCT customer_id) FROM orders"
    assert asked(twins[2], customers) < asked(original, customers)


def test_rows_that_name_each_other_in_a_circle_come_to_an_end(run: Run, folder: Path) -> None:
    script = """
    CREATE TABLE person AS SELECT i::INTEGER AS id, (i + 1) % 9 AS pet_id,
        ((i + 1) % 9)::INT AS person_id FROM range(9) t(i);
    CREATE TABLE pet AS SELECT i::BIGINT AS id, i::INTEGER AS person_id FROM range(9) t(i);
    """
    result = twin(run, make(folder, script, "circle"), 2, keys={"person": ["id"], "pet": ["id"]})
    assert result.status == "ok", result.message


def test_a_file_that_is_none_is_told(run: Run, folder: Path) -> None:
    path = folder / "none.duckdb"
    path.write_text("no database")
    found = run("twin_tables", {"tables": [], "seed": "1", "number": 1}, {"in": path})
    assert (found.status, found.code) == ("action_error", "unreadable_file")


def test_tables_that_name_each_other_in_a_circle_keep_rows_and_lose_some(folder: Path, run: Run) -> None:
    script = """
    CREATE TABLE teams AS SELECT i::INTEGER AS team_id, (i * 3)::INTEGER AS employee_id FROM range(30) t(i);
    CREATE TABLE employees AS SELECT i::INTEGER AS employee_id, (i % 30)::INTEGER AS team_id, i * 1.5 AS salary
        FROM range(90) t(i);
    """
    path = make(folder, script, "circle")
    made = twin(run, path, 1, keys={"teams": ["team_id"], "employees": ["employee_id"]})
    rows = {name: table["rows"] for name, table in made.result["tables"].items()}
    assert 0 < rows["employees"] < 90
    assert 0 < rows["teams"] < 30


def test_a_column_that_hides_the_numbers_of_rows_is_refused(folder: Path, run: Run) -> None:
    made = twin(run, make(folder, "CREATE TABLE odd AS SELECT i % 3 AS RowId FROM range(39) t(i)", "odd"), 1, keys={})
    assert (made.status, made.code) == ("action_error", "odd_column")
