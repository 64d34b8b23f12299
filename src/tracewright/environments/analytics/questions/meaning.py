"""What a question over tables asks, apart from its words: rows, filters, groups, measures, and what is done with them.

Expressions are those of the plan language; a column is written `table.column`, a column of the result by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from tracewright.records.base import JsonObject, Record

Kind = Literal["count", "distinct", "sum", "avg", "median", "min", "max", "stddev", "percentile", "share", "portion"]
Follow = Literal["", "change", "share", "running", "difference"]
Expression = Any
"""JSON of the plan language."""


class Measure(Record):
    """A number over the rows of a group; `share` is that of the rows (or distinct `of`) for which `where` holds.

    `portion` is the part that those rows have of the sum of `of`. Elsewhere `where` narrows the rows of this measure
    alone; `at` is the point of a percentile, from 0 to 1.
    """

    name: str
    kind: Kind = "count"
    of: Expression = None
    at: float = 0.5
    where: Expression = None


class Group(Record):
    """What the rows are told apart by; `order` sorts it by something else than itself, `grain` makes it a period."""

    name: str
    expr: Expression
    order: Expression = None
    grain: str = ""


class Rank(Record):
    """The first `rows` by `by` (None: the first measure), ties broken by the groups; `per` groups start anew."""

    rows: int = Field(ge=1)
    descending: bool = True
    by: Expression = None
    per: tuple[str, ...] = ()


class Latest(Record):
    """Of all rows that share `per`, only the one with the latest `time` counts; filters come after that."""

    per: Expression
    time: Expression


class Meaning(Record):
    """A question without its words. Without measures it lists the distinct values of its groups.

    `inner` groups are reckoned first, kept by `having`, then summed up by `outer`: the average of orders a customer.
    """

    base: str
    filters: tuple[Expression, ...] = ()
    groups: tuple[Group, ...] = ()
    measures: tuple[Measure, ...] = ()
    having: tuple[Expression, ...] = ()
    inner: tuple[Group, ...] = ()
    outer: Kind | None = None
    latest: Latest | None = None
    rank: Rank | None = None
    follow: Follow = ""

    def expressions(self) -> Iterator[Expression]:
        """Yield every expression over columns of tables, those that decide which tables are read."""
        yield from self.filters
        for group in (*self.groups, *self.inner):
            yield from (group.expr, group.order)
        for measure in self.measures:
            yield from (measure.of, measure.where)
        if self.latest:
            yield from (self.latest.per, self.latest.time)
        if self.rank:
            yield self.rank.by


def columns_in(expression: Expression) -> Iterator[str]:
    """Yield the columns, written `table.column`, that an expression names; literals are none."""
    match expression:
        case str() if "." in expression:
            yield expression
        case {"col": [table, column]}:
            yield f"{table}.{column}"
        case dict():
            for key, value in expression.items():
                if key not in {"lit", "as"}:
                    yield from columns_in(value)
        case list() | tuple():
            for item in expression:
                yield from columns_in(item)


def tables_in(meaning: Meaning) -> set[str]:
    """Return the tables that a meaning reads."""
    named = (column.split(".")[0] for expression in meaning.expressions() for column in columns_in(expression))
    return {meaning.base, *named}


def equals(column: Expression, value: str | float | bool) -> JsonObject:
    """Return the condition that a column holds a value."""
    return {"eq": [column, {"lit": value} if isinstance(value, str) else value]}
