"""Writes trees as DuckDB's SQL, with function names as the catalogue has them; and as other dialects, to be read."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.generator import Generator

ENGINE = "duckdb"


def write(query: exp.Expr) -> str:
    """Return the one text of a tree."""
    return _writer().generate(query, copy=False)


@lru_cache(maxsize=1)
def _writer() -> Generator:
    return sqlglot.Dialect.get_or_raise(ENGINE).generator(normalize_functions=False, comments=False)


def to_dialect(sql: str, dialect: str) -> str:
    """Return compiled SQL in another dialect (`postgres`): a text to read, not one that was executed."""
    return sqlglot.parse_one(sql, read=ENGINE).sql(dialect=dialect)
