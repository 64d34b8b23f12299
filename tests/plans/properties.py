"""What holds of every plan: each function tries one promise of it, and raises AssertionError where it breaks."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from tests.plans.small import open_small, small_catalogue
from tracewright.plans.compiling import Compiled, bind_params, compile_plan
from tracewright.plans.document import read_plan
from tracewright.plans.families import parse_type
from tracewright.plans.faults import run_code
from tracewright.plans.importing.sql import import_sql

Plan = dict[str, Any]
DIGITS = 10
"""Floats count as equal when they agree in so many digits: another text may add them up in another order."""


@dataclass(frozen=True)
class Rows:
    """What came out of a query: names, the engine's types, and the rows; or the code of what went wrong at the run."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    failed: str = ""


@cache
def engine() -> duckdb.DuckDBPyConnection:
    return open_small()


def run(compiled: Compiled, given: Plan | None = None) -> Rows:
    """Run a compiled plan; a failure that a plan may have at the run is told by its code."""
    values = bind_params(compiled, given or {}) or None
    described = engine().execute(f"DESCRIBE {compiled.sql}", values).fetchall()
    names, types = [row[0] for row in described], [row[1] for row in described]
    try:
        found = engine().execute(compiled.sql, values).fetchall()
    except duckdb.Error as error:
        if code := run_code(str(error)):
            return Rows(names, types, [], code)
        raise
    return Rows(names, types, [tuple(map(_cell, row)) for row in found])


def _cell(value: Any) -> Any:
    match value:
        case float():
            return "nan" if value != value else float(f"{value:.{DIGITS}g}")
        case list():
            return tuple(map(_cell, value))
    return value


def survives_sql(plan: Plan) -> Rows:
    """The plan's SQL, imported, is a plan that gives the same names, types and rows, in order where there is one."""
    compiled = compile_plan(plan, small_catalogue())
    first = run(compiled)
    imported = import_sql(compiled.sql, small_catalogue())
    again = compile_plan(imported.plan, small_catalogue())
    given = {param.name: param.value for param in compiled.params}
    second = run(again, {param.name: given[param.name] for param in again.params})
    renamed = dict(imported.renamed)
    assert [renamed.get(name, name) for name in first.names] == second.names
    assert (first.types, first.failed) == (second.types, second.failed)
    if compiled.ordered and compiled.total:
        assert first.rows == second.rows
    assert Counter(first.rows) == Counter(second.rows)
    return first


def keeps_its_schema(plan: Plan) -> None:
    """Names and types are the engine's, a column that is never null has no null, and a key tells rows apart."""
    compiled = compile_plan(plan, small_catalogue())
    found = run(compiled)
    promised = [(column.name, column.family) for column in compiled.columns]
    assert promised == [(name, str(parse_type(kind))) for name, kind in zip(found.names, found.types, strict=True)]
    for index, column in enumerate(compiled.columns):
        assert column.nullable or all(row[index] is not None for row in found.rows), f"{column.name} is null"
    for key in compiled.keys:
        places = [found.names.index(name) for name in key]
        values = [repr([row[place] for place in places]) for row in found.rows]
        assert len(set(values)) == len(values), f"{key} is no key"


def compiles_the_same(plan: Plan) -> None:
    """The same bytes each time, of its own JSON, and of its core plan, in which the macros are written out."""
    compiled = compile_plan(plan, small_catalogue())
    assert compile_plan(plan, small_catalogue()).sql == compiled.sql
    text = json.dumps(read_plan(plan).plain(), ensure_ascii=False)
    assert json.dumps(read_plan(text).plain(), ensure_ascii=False) == text
    assert compile_plan(text, small_catalogue()).sql == compiled.sql
    core = compile_plan(compiled.core.plain(), small_catalogue(), core=True)
    assert (core.sql, core.core_sha256) == (compiled.sql, compiled.core_sha256)
