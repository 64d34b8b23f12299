"""Writes trees as DuckDB's SQL, with function names as the catalogue has them; and as other dialects, to be read."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError
from sqlglot.generator import Generator

from tracewright.errors import UsageError

ENGINE = "duckdb"


def write(query: exp.Expr) -> str:
    """Return the one text of a tree."""
    return _writer().generate(query, copy=False)


@lru_cache(maxsize=1)
def _writer() -> Generator:
    return sqlglot.Dialect.get_or_raise(ENGINE).generator(normalize_functions=False, comments=False)


def to_dialect(sql: str, dialect: str) -> str:
    """Return compiled SQL in another dialect (`postgres`): a text to read, not one that was executed.

    Raises UsageError where that dialect has no way to say it.
    """
    # The reader stumbles over a text that holds `$` and ends with `''`; a line break changes no query.
    tree = sqlglot.parse_one(f"{sql}\n", read=ENGINE)
    for spine in tree.find_all(exp.GenerateSeries):
        _include_end(spine)
    if missing := _missing(tree):
        raise UsageError(f"{dialect} cannot say {missing}")
    try:
        return tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
    except (UnsupportedError, RecursionError) as error:
        raise UsageError(f"{dialect} cannot say this: {error}") from error


def _missing(tree: exp.Expr) -> str:
    """Return what other dialects lack and the writer would write all the same, empty where there is no such thing."""
    if any(str(join.args.get("method") or "").upper() == "ASOF" for join in tree.find_all(exp.Join)):
        return "an ASOF join"
    quantiles = (exp.PercentileCont, exp.PercentileDisc, exp.Quantile, exp.Median)
    if any(isinstance(window.this, quantiles) for window in tree.find_all(exp.Window)):
        return "a quantile over a window"
    return ""


def _include_end(spine: exp.GenerateSeries) -> None:
    """Write a half-open spine of times with an end that is included, as other engines have it."""
    if spine.args.get("is_end_exclusive") and isinstance(spine.args.get("step"), exp.Interval):
        least = exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this="MICROSECOND"))
        spine.set("end", exp.Sub(this=exp.Paren(this=spine.args["end"]), expression=least))
        spine.set("is_end_exclusive", False)
