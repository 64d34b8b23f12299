"""A small file of tables to ask: three orders, two customers, and a lock on the connection that reads it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tracewright.jobs._query.locks import Opened, Parser, catalogue_of, open_locked
from tracewright.jobs._query.policy import Checked, check
from tracewright.jobs._query.refusal import Refusal

TABLES = """
CREATE TABLE customers AS
    SELECT * FROM (VALUES (1, 'Ann', 'US'), (2, 'Bo', 'DE')) AS t(customer_id, name, country);
CREATE TABLE orders AS
    SELECT order_id, customer_id, amount::DECIMAL(10, 2) AS amount, status, ordered_at::TIMESTAMP AS ordered_at
    FROM (VALUES (1, 1, 10.5, 'paid', '2024-01-01'), (2, 1, 20, 'open', '2024-01-02'), (3, 2, 5, 'paid', '2024-02-01'))
        AS t(order_id, customer_id, amount, status, ordered_at);
"""
NAMES = ("customers", "orders")


def make(folder: Path, script: str = TABLES, name: str = "shop") -> Path:
    """Write a file of tables that nobody may write any more, and return its path."""
    path = folder / f"{name}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(script)
    path.chmod(0o444)
    return path


class Policy:
    """The policy over one file, as a process of the job holds it."""

    def __init__(self, path: Path) -> None:
        self.opened: Opened = open_locked(path, 60)
        self.parser = Parser(self.opened)
        self.catalogue = catalogue_of(self.opened)

    def check(self, sql: str, strict: bool = True) -> Checked:
        """Return what may run; raises Refusal."""
        return check(sql, self.parser, self.catalogue, strict)

    def verdict(self, sql: str, strict: bool = True) -> str:
        """Return OK or the code of the refusal."""
        try:
            self.check(sql, strict)
        except Refusal as refusal:
            return refusal.code
        return "OK"
