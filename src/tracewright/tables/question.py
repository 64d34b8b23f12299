"""A question over tables that somebody brought, with the query that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from tracewright.records.base import JsonObject, Record
from tracewright.records.task import Origin
from tracewright.tables.schema import TableSet


class Question(Record):
    """A question and its gold query: a `plan`, else `sql` in its dialect. `order` names columns that rank rows.

    Questions of one `group` stand on one side of the split; without one those of a set do.
    """

    question: str = Field(min_length=1, max_length=4000)
    tables: TableSet
    plan: JsonObject | None = None
    sql: str = ""
    dialect: Literal["duckdb", "sqlite"] = "duckdb"
    order: tuple[str, ...] = ()
    group: str = ""
    tags: Mapping[str, str] = Field(default_factory=dict)
    origin: Origin

    @model_validator(mode="after")
    def _has_one_query(self) -> Self:
        if (self.plan is None) == (not self.sql):
            raise ValueError("a question has either a plan or SQL that answers it")
        return self
