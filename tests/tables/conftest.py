"""The shipped sets, made once, as rows by the names of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tracewright.tables import shipped

Rows = Sequence[dict[str, Any]]


def named(set_name: str) -> dict[str, Rows]:
    """Return the rows of each table of a set as dictionaries."""
    rows, known = shipped.generate(set_name), shipped.registry()[set_name]
    return {
        table.name: [dict(zip(table.header, row, strict=True)) for row in rows[table.name]] for table in known.tables
    }


@pytest.fixture(scope="session")
def shop() -> dict[str, Rows]:
    return named("ecommerce")


@pytest.fixture(scope="session")
def tickets() -> Rows:
    return named("support")["tickets"]


@pytest.fixture(scope="session")
def readings() -> Rows:
    return named("sensors")["readings"]
