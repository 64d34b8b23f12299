"""Small tables that are unkind on purpose: nulls, ties, negative numbers, leap days, texts in many scripts."""

from __future__ import annotations

from functools import cache

import duckdb

from tracewright.plans.catalogue import Catalogue, catalogue_of

TABLES = {
    "sales": """SELECT * FROM (VALUES
        (1, 'nord', 10.50, 3, TIMESTAMP '2024-01-01 08:30:00', DATE '2024-01-01', 'käse', true),
        (2, 'nord', 10.50, 3, TIMESTAMP '2024-01-01 08:30:00', DATE '2024-01-01', 'käse', false),
        (3, 'süd', -4.25, -2, TIMESTAMP '2024-01-31 23:59:59', DATE '2024-01-31', '', true),
        (4, 'süd', NULL, 0, TIMESTAMP '2024-02-29 12:00:00', DATE '2024-02-29', 'a_b%c', NULL),
        (5, NULL, 0.00, 7, TIMESTAMP '2024-03-31 00:00:00', DATE '2024-03-31', NULL, false),
        (6, '東', 99.99, -7, NULL, DATE '2024-04-01', '東京 ✓', true),
        (7, '東', 99.99, 1, TIMESTAMP '2024-04-01 00:00:00', NULL, 'it''s', NULL),
        (8, 'nord', -0.01, 3, TIMESTAMP '2024-12-31 18:45:00', DATE '2024-12-31', 'A', true),
        (9, 'west', 5.00, NULL, TIMESTAMP '2025-01-06 06:00:00', DATE '2025-01-06', 'a', false),
        (10, 'west', 5.00, 2, TIMESTAMP '2025-01-06 06:00:00', DATE '2025-01-06', 'Z', true),
        (11, 'süd', 1.75, 2, TIMESTAMP '2024-01-15 10:15:00', DATE '2024-01-15', 'käse', true),
        (12, '東', 20.00, 0, TIMESTAMP '2024-02-01 00:00:00', DATE '2024-02-01', 'a', false)
        ) AS t(id, shop, amount, qty, "at", day, note, ok)""",
    "shops": """SELECT * FROM (VALUES
        ('nord', 'Kiel', DATE '2020-02-29', 0.5), ('süd', 'München', NULL, -1.25),
        ('東', '東京', DATE '2021-12-31', NULL), ('leer', NULL, DATE '1999-01-01', 0.0)
        ) AS t(shop, city, opened, rate)""",
    "events": """SELECT * FROM (VALUES
        (1, TIMESTAMP '2024-01-01 09:00:00', 'view', 1.5), (1, TIMESTAMP '2024-01-01 09:10:00', 'cart', NULL),
        (1, TIMESTAMP '2024-01-01 12:00:00', 'buy', 3.0), (2, TIMESTAMP '2024-01-05 10:00:00', 'view', -2.25),
        (2, TIMESTAMP '2024-02-05 10:00:00', 'view', 0.25), (2, TIMESTAMP '2024-02-05 10:00:00', 'cart', 8.0),
        (3, TIMESTAMP '2024-02-28 23:50:00', 'view', 1.5), (3, TIMESTAMP '2024-02-29 00:05:00', 'buy', 1.5),
        (4, TIMESTAMP '2024-03-31 12:00:00', 'buy', NULL), (4, TIMESTAMP '2024-04-30 12:00:00', 'view', 100.5),
        (NULL, TIMESTAMP '2024-04-30 12:00:00', 'view', 4.0), (5, TIMESTAMP '2024-05-01 00:00:00', 'cart', 0.0)
        ) AS t(who, "at", kind, score)""",
}
TYPES = {
    "sales": (
        ("id", "BIGINT"), ("shop", "VARCHAR"), ("amount", "DECIMAL(10,2)"), ("qty", "BIGINT"), ("at", "TIMESTAMP"),
        ("day", "DATE"), ("note", "VARCHAR"), ("ok", "BOOLEAN"),
    ),
    "shops": (("shop", "VARCHAR"), ("city", "VARCHAR"), ("opened", "DATE"), ("rate", "DOUBLE")),
    "events": (("who", "BIGINT"), ("at", "TIMESTAMP"), ("kind", "VARCHAR"), ("score", "DOUBLE")),
}  # fmt: skip
KEYS = {"sales": [["id"]], "shops": [["shop"]]}


@cache
def small_catalogue() -> Catalogue:
    """Return the catalogue of the small tables."""
    return catalogue_of(TYPES, KEYS)


def open_small(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Return a connection in which the small tables are; one thread, so that floats add up the same each time."""
    small = duckdb.connect(path)
    small.execute("SET threads = 1")
    small.execute("SET TimeZone = 'UTC'")
    for name, query in TABLES.items():
        columns = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in TYPES[name])
        small.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM ({query})")  # noqa: S608  # all of it is ours
    return small
