"""A small shop for plans to be tried on: five tables, some rows null, the same on every run."""

from __future__ import annotations

from functools import cache

import duckdb

from tracewright.plans.catalogue import Catalogue, catalogue_of

PICK = "CREATE MACRO pick(i, salt) AS CAST(('0x' || substring(md5(i || salt), 1, 8)) AS BIGINT)"
TABLES = {
    "customers": """SELECT i AS customer_id, 'C' || i AS name, ['US', 'DE', 'FR'][1 + pick(i, 'land') % 3] AS country,
        TIMESTAMP '2024-01-01' + to_minutes(pick(i, 'signed') % 500000) AS signup_at FROM range(60) AS t(i)""",
    "products": """SELECT i AS product_id, ['a', 'b', 'c'][1 + pick(i, 'category') % 3] AS category,
        CAST((100 + pick(i, 'price') % 9900) / 100 AS DECIMAL(10, 2)) AS price FROM range(25) AS t(i)""",
    "orders": """SELECT i AS order_id, pick(i, 'customer') % 60 AS customer_id, pick(i, 'product') % 25 AS product_id,
        1 + pick(i, 'qty') % 8 AS qty, CAST((100 + pick(i, 'amount') % 89900) / 100 AS DECIMAL(10, 2)) AS amount,
        ['paid', 'refunded', 'open'][1 + pick(i, 'status') % 3] AS status,
        TIMESTAMP '2024-01-01' + to_minutes(pick(i, 'ordered') % 525600) AS ordered_at FROM range(400) AS t(i)""",
    "tickets": """SELECT i AS ticket_id, pick(i, 'who') % 45 AS customer_id,
        ['low', 'mid', 'high'][1 + pick(i, 'priority') % 3] AS priority,
        ['mail', 'chat'][1 + pick(i, 'channel') % 2] AS channel,
        TIMESTAMP '2024-01-01' + to_minutes(pick(i, 'opened') % 525600) AS opened_at,
        nullif(pick(i, 'csat') % 6, 0) AS csat FROM range(300) AS t(i)""",
    "readings": """SELECT pick(i, 'sensor') % 5 AS sensor_id, TIMESTAMP '2024-01-01' + to_minutes(17 * i) AS ts,
        10 + (pick(i, 'temperature') % 20000) / 1000 AS temperature,
        CASE WHEN i % 7 > 0 THEN (pick(i, 'humidity') % 100000) / 1000 END AS humidity FROM range(300) AS t(i)""",
}
KEYS = {
    "customers": [["customer_id"]],
    "products": [["product_id"]],
    "orders": [["order_id"]],
    "tickets": [["ticket_id"]],
}


def open_shop() -> duckdb.DuckDBPyConnection:
    """Return a connection in which the shop's tables are."""
    shop = duckdb.connect()
    shop.execute(PICK)
    for name, query in TABLES.items():
        shop.execute(f"CREATE TABLE {name} AS {query}")
    return shop


@cache
def shop_catalogue() -> Catalogue:
    """Return the catalogue of the shop, as the engine describes it."""
    with open_shop() as shop:
        columns = {name: [(row[0], row[1]) for row in shop.execute(f"DESCRIBE {name}").fetchall()] for name in TABLES}
    return catalogue_of(columns, KEYS)
