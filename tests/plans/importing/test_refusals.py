"""Every code of a refusal, with texts that are owed it: what no plan can say is refused, and nothing is passed over."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.plans.shop import shop_catalogue
from tracewright.plans import importing
from tracewright.plans.importing.refusal import ImportRefusal
from tracewright.plans.importing.sql import import_sql

ROOT = Path(__file__).parents[3]
LATERALS = ", ".join(f"(SELECT c.customer_id + {n} AS a) x{n}" for n in range(70))
LETS = ", ".join(f"t{n} AS (SELECT {n} AS a)" for n in range(40))
READ = ", ".join(f"t{n}" for n in range(40))

ALIASES = ", ".join(f"a{n - 1} + a{n - 1} AS a{n}" for n in range(1, 40))
MINE = "".join(f", t{n} AS (FROM t{n - 1} a, t{n - 1} b SELECT c.customer_id AS k)" for n in range(1, 20))
OWN = f"t0 AS (SELECT c.customer_id AS k){MINE}"

REFUSED: list[tuple[str, str]] = [
    ("SQL_SYNTAX", "SELECT FROM WHERE"),
    ("SQL_SYNTAX", "SELECT 'open"),
    ("SQL_SYNTAX", "SELECT \ue000 FROM orders"),
    ("NOT_ONE_QUERY", ""),
    ("NOT_ONE_QUERY", "SELECT 1; SELECT 2"),
    ("NOT_A_QUERY", "DROP TABLE orders"),
    ("NOT_A_QUERY", "INSERT INTO orders SELECT * FROM orders"),
    ("NOT_A_QUERY", "WITH d AS (UPDATE orders SET qty = 0 RETURNING 1) SELECT 1"),
    ("NOT_A_QUERY", "WITH d AS (DELETE FROM orders RETURNING qty) SELECT * FROM d"),
    ("NOT_A_QUERY", "COPY orders TO 'x.csv'"),
    ("NOT_A_QUERY", "PIVOT orders ON status USING sum(amount)"),
    ("LIMIT_EXCEEDED", f"SELECT {'(' * 80}1{')' * 80}"),
    ("LIMIT_EXCEEDED", "SELECT " + ", ".join(["1"] * 11_000)),
    ("LIMIT_EXCEEDED", f"SELECT '{'x' * 300_000}'"),
    ("LIMIT_EXCEEDED", f"FROM orders SELECT {' - '.join(['qty'] * 3_000)}"),
    ("LIMIT_EXCEEDED", f"WITH {LETS} FROM {READ}"),
    ("LIMIT_EXCEEDED", f"FROM customers c, {LATERALS}"),
    ("LIMIT_EXCEEDED", f"FROM orders SELECT qty AS a0, {ALIASES}"),
    ("LIMIT_EXCEEDED", f"FROM customers c WHERE EXISTS (WITH {OWN} FROM t19)"),
    ("LIMIT_EXCEEDED", f"FROM orders SELECT 1 GROUP BY CUBE ({', '.join(f'qty + {n}' for n in range(40))})"),
    ("LIMIT_EXCEEDED", f"FROM orders SELECT 1 GROUP BY {', '.join(['ROLLUP (qty, status)'] * 40)}"),
    ("UNKNOWN_TABLE", "SELECT * FROM ordrs"),
    ("UNKNOWN_TABLE", "SELECT * FROM 'orders.csv'"),
    ("UNKNOWN_TABLE", "SELECT * FROM information_schema.orders"),
    ("UNKNOWN_TABLE", "SELECT x.* FROM orders o"),
    ("UNKNOWN_COLUMN", "SELECT price FROM orders"),
    ("UNKNOWN_COLUMN", "SELECT p.qty FROM orders o"),
    ("UNKNOWN_COLUMN", "SELECT * EXCLUDE (price) FROM orders"),
    ("UNKNOWN_COLUMN", "SELECT * FROM orders JOIN products USING (customer_id)"),
    ("UNKNOWN_COLUMN", 'SELECT status FROM orders WHERE status = "paid"'),
    ("AMBIGUOUS_COLUMN", "SELECT customer_id FROM orders, customers"),
    ("DUPLICATE_NAME", "SELECT 1 FROM orders, orders"),
    ("DUPLICATE_NAME", "SELECT 1 FROM orders o, customers o"),
    ("UNKNOWN_WINDOW", "SELECT sum(qty) OVER w FROM orders"),
    ("UNKNOWN_FUNCTION", "SELECT read_text('/etc/passwd')"),
    ("UNKNOWN_FUNCTION", "SELECT random() FROM orders"),
    ("UNKNOWN_FUNCTION", "SELECT nextval('s') OVER () FROM orders"),
    ("UNBOUNDED_RECURSION", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r"),
    ("UNBOUNDED_RECURSION", "WITH RECURSIVE r AS (SELECT n FROM r) SELECT * FROM r"),
    ("AGGREGATE_PLACE", "SELECT qty FROM orders WHERE sum(qty) > 1"),
    ("AGGREGATE_PLACE", "SELECT o.qty FROM orders o JOIN customers c ON count(*) = 1"),
    ("NESTED_AGGREGATE", "SELECT sum(count(*)) FROM orders"),
    ("NOT_GROUPED", "SELECT qty, count(*) FROM orders GROUP BY status"),
    ("NOT_GROUPED", "SELECT status FROM orders GROUP BY status ORDER BY qty"),
    ("WINDOW_PLACE", "SELECT qty FROM orders WHERE rank() OVER (ORDER BY qty) = 1"),
    ("BAD_FRAME", "SELECT sum(qty) OVER (ORDER BY qty ROWS BETWEEN qty PRECEDING AND CURRENT ROW) FROM orders"),
    ("BAD_FRAME", "SELECT sum(qty) OVER (ORDER BY qty ROWS BETWEEN UNBOUNDED FOLLOWING AND CURRENT ROW) FROM orders"),
    ("BAD_SHAPE", "SELECT * FROM (VALUES (1, 2), (3)) AS v(a, b)"),
    ("SUBPLAN_SHAPE", "SELECT qty FROM orders WHERE qty IN (SELECT qty, amount FROM orders)"),
    ("SUBPLAN_SHAPE", "SELECT * FROM products AS p(a, b, c, d)"),
    ("SET_SHAPE", "SELECT qty FROM orders UNION SELECT qty, amount FROM orders"),
    ("TYPE_MISMATCH", "SELECT qty FROM orders WHERE qty = (SELECT status FROM orders LIMIT 1) + ordered_at"),
    ("TYPE_MISMATCH", "SELECT qty FROM orders WHERE qty IN (SELECT status FROM orders)"),
    ("TYPE_MISMATCH", "SELECT qty FROM orders WHERE qty = ordered_at"),
    ("TYPE_MISMATCH", "SELECT * FROM (VALUES (1), ('a')) AS v(a)"),
    ("PARAM_TYPE", "SELECT qty FROM orders WHERE qty > $least"),
    ("PARAM_TYPE", "SELECT qty FROM orders WHERE qty > CAST($n AS INTEGER) OR amount > CAST($n AS DOUBLE)"),
    ("ARITY", "SELECT abs(qty, 1) FROM orders"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders USING SAMPLE 10"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders TABLESAMPLE 10%"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty INTO x FROM orders"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders FOR UPDATE"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders LIMIT 10%"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders LIMIT qty"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders ORDER BY 5"),
    ("UNSUPPORTED_CLAUSE", "SELECT qty FROM orders GROUP BY 3"),
    ("UNSUPPORTED_CLAUSE", "SELECT DISTINCT status FROM orders ORDER BY qty"),
    ("UNSUPPORTED_CLAUSE", "SELECT * FROM read_csv('x.csv')"),
    ("UNSUPPORTED_CLAUSE", "SELECT * FROM orders PIVOT (sum(amount) FOR status IN ('paid'))"),
    ("UNSUPPORTED_CLAUSE", "SELECT * FROM orders POSITIONAL JOIN customers"),
    ("UNSUPPORTED_CLAUSE", "SELECT * FROM products NATURAL JOIN (SELECT 1 AS other) x"),
    ("UNSUPPORTED_CLAUSE", "SELECT u FROM UNNEST([1, 2]) AS t(u)"),
    ("UNSUPPORTED_CLAUSE", "SELECT * FROM (VALUES (1 + 1)) AS v(a)"),
    ("UNKNOWN_FUNCTION", "SELECT unnest([1, 2])"),
    ("UNKNOWN_FUNCTION", "SELECT list_transform([qty], lambda x: x + 1) FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT (qty, amount) IN (SELECT qty, amount FROM orders) FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT qty FROM orders WHERE qty = ANY([1, 2])"),
    ("UNSUPPORTED_EXPRESSION", "SELECT qty & 1 FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT count(DISTINCT qty, amount) FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT INTERVAL (qty) FORTNIGHT FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT extract(fortnight FROM ordered_at) FROM orders"),
    ("UNSUPPORTED_EXPRESSION", "SELECT x.orders.qty.a FROM orders x"),
    ("UNKNOWN_FUNCTION", "SELECT columns('q.*') FROM orders"),
]


@pytest.mark.parametrize(("code", "sql"), REFUSED, ids=[f"{code}: {sql[:60]}" for code, sql in REFUSED])
def test_a_text_is_refused_with_its_code(code: str, sql: str) -> None:
    with pytest.raises(ImportRefusal) as refused:
        import_sql(sql, shop_catalogue())
    assert (refused.value.code, len(refused.value.sentence) < 400) == (code, True), refused.value
    assert "\ue000" not in refused.value.sentence
    assert "\ue001" not in refused.value.sentence


def test_a_dialect_that_nobody_reads_is_refused() -> None:
    with pytest.raises(ImportRefusal, match="UNKNOWN_DIALECT: SQL is read as duckdb or sqlite, not as 'oracle'"):
        import_sql("SELECT 1", shop_catalogue(), "oracle")


def test_every_code_has_a_text_and_is_on_the_page() -> None:
    folder = Path(importing.__file__).parent
    codes = {code for file in folder.glob("*.py") for code in re.findall(r'refusal\(\s*"([A-Z_]+)"', file.read_text())}
    assert len(codes) > 20
    assert codes <= {code for code, _ in REFUSED} | {"UNKNOWN_DIALECT"}
    page = (ROOT / "docs/sql-import.md").read_text()
    assert not [code for code in sorted(codes) if f"`{code}`" not in page]


def test_a_refusal_names_the_nearest_and_shows_the_piece() -> None:
    with pytest.raises(ImportRefusal, match=re.escape("there is no table 'ordrs'; did you mean 'orders'?")):
        import_sql("SELECT * FROM ordrs", shop_catalogue())
    with pytest.raises(ImportRefusal, match=re.escape("the plan language has no BITWISEAND")):
        import_sql("SELECT qty & 1 FROM orders", shop_catalogue())


@pytest.mark.parametrize(
    "sql",
    [
        "FROM orders SELECT " + " + ".join(["qty"] * 4_000),
        "FROM orders SELECT 1 WHERE " + " AND ".join(["qty = 1"] * 4_000),
        "FROM orders SELECT " + " || ".join(["status"] * 4_000),
        " UNION ALL ".join(["SELECT 1"] * 3_000),
        "SELECT " + "CASE WHEN true THEN " * 59 + "1" + " END" * 59,
        "SELECT " + "(" * 55 + "SELECT 1" + ")" * 55,
    ],
    ids=lambda sql: sql[:40],
)
def test_a_text_of_the_longest_kind_ends_soon(sql: str) -> None:
    began = time.perf_counter()
    assert outcome(sql) in {"", "LIMIT_EXCEEDED"}
    assert time.perf_counter() - began < 20


def outcome(sql: str) -> str:
    """Return the code of a refusal, empty for a plan."""
    try:
        import_sql(sql, shop_catalogue())
    except ImportRefusal as refused:
        return refused.code
    return ""
