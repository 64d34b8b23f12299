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
    # The reader stumbles over a text that holds `$` and ends with `''`; a line break changes no query.
    tree = sqlglot.parse_one(f"{sql}\n", read=ENGINE)
    for spine in tree.find_all(exp.GenerateSeries):
        _include_end(spine)
    return tree.sql(dialect=dialect)


def _include_end(spine: exp.GenerateSeries) -> None:
    """Write a half-open spine of times with an end that is included, as other engines have it."""
    if spine.args.get("is_end_exclusive") and isinstance(spine.args.get("step"), exp.Interval):
        least = exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this="MICROSECOND"))
        spine.set("end", exp.Sub(this=exp.Paren(this=spine.args["end"]), expression=least))
        spine.set("is_end_exclusive", False)
