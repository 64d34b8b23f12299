"""The actions of the world of tables, and what each asks the jail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from tracewright.plans.families import parse_type
from tracewright.records.action import Action, ActionSchema
from tracewright.records.base import JsonObject, Record
from tracewright.records.job import MIB, Job, Limits, Sha256
from tracewright.records.tools import schema_of
from tracewright.tables.schema import Column, Table, TableSet, database_file

MOST_SAMPLED = 20
MOST_DESCRIBED = 60
"""Columns that are described; a plan may hold so many measures and no more."""
SHOWN_ROWS = 20
SECONDS, GOLD_SECONDS = 10.0, 60.0
"""What a query of the policy's may take, and a gold one, which no busy machine should end."""
MEMORY, WORKER = 1024 * MIB, 768 * MIB
"""What a query may take, and what engine and libraries take of a jail before it."""
PYTHON_LIMITS = Limits(memory_bytes=1024 * MIB, wall_seconds=20, output_bytes=8 * MIB)
ARROW, JSON, LAST = "result.arrow", "answer.json", "last.json"
"""What a query leaves behind, what a Python program does, and what the next program finds of that."""
RANGES = frozenset({"int", "dec", "float", "text", "bool", "date", "time", "ts", "tstz"})
"""Families of types that have a least and a greatest value."""
Text = Annotated[str, StringConstraints(max_length=65536)]


class DescribeTable(Record):
    """Look at a table: per column its type, how many values are there and differ, the least and the greatest."""

    table: str


class SampleRows(Record):
    """Look at the first rows of a table."""

    table: str
    rows: int = Field(default=5, ge=1, le=MOST_SAMPLED)


class RunPlan(Record):
    """Run a query plan; its result can be answered with. {"plan": 1, "from": table, "steps": [...]}."""

    plan: JsonObject


class Sql(Record):
    """Run one SELECT in DuckDB's dialect; its result can be answered with."""

    sql: Text


class Python(Record):
    """Run Python on the last result: `df` is a polars DataFrame; what `result` holds at the end is the new result."""

    code: Text


class Answer(Record):
    """Answer with the last result; the episode ends."""


ARGUMENTS: dict[str, type[Record]] = {
    "describe_table": DescribeTable,
    "sample_rows": SampleRows,
    "query_plan": RunPlan,
    "sql": Sql,
    "python": Python,
    "answer": Answer,
}
SCHEMAS: tuple[ActionSchema, ...] = tuple(schema_of(name, kind) for name, kind in ARGUMENTS.items())
RESULTS = frozenset({"query_plan", "sql", "python"})
"""Actions whose result can be answered with; looking at rows is no answer."""
ANSWER = Action(name="answer")

BEFORE = """
import json as _json, decimal as _decimal, datetime as _datetime, polars as pl
if "INPUTS" in globals():
    df = pl.read_ipc_stream(INPUTS["result.arrow"])
else:
    with open("last.json") as _file:
        _told = _json.load(_file)
    df = pl.DataFrame(_told["rows"], schema=_told["columns"], orient="row", infer_schema_length=None)
result = df
"""
AFTER = """
def _plain(value):
    if isinstance(value, _decimal.Decimal):
        return float(value)
    if isinstance(value, (_datetime.date, _datetime.time)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else str(value)

if isinstance(result, pl.LazyFrame):
    result = result.collect()
if not hasattr(result, "columns"):
    result = pl.DataFrame({"value": [result]}, strict=False)
_rows = result.rows() if hasattr(result, "rows") else list(result.itertuples(index=False, name=None))
if len(_rows) > 10000:
    raise SystemExit(f"result has {len(_rows)} rows; at most 10000 are taken")
_told = {"columns": [str(name) for name in result.columns], "rows": [[_plain(cell) for cell in row] for row in _rows]}
with open("answer.json", "w") as _file:
    _json.dump(_told, _file)
"""


def catalogue_of(tables: TableSet) -> JsonObject:
    """Return what a plan over the set is checked against."""
    return {"tables": [_info(table) for table in tables.tables]}


def _info(table: Table) -> JsonObject:
    solid = set(table.key)
    columns: list[JsonValue] = [
        {"name": c.name, "type": c.type, "nullable": c.nullable or c.name not in solid} for c in table.columns
    ]
    keys: list[JsonValue] = [[*table.key]] if table.key else []
    return {"name": table.name, "columns": columns, "keys": keys}


def plan_job(
    plan: JsonObject, tables: TableSet, database: Sha256, shown: int = SHOWN_ROWS, seconds: float = SECONDS
) -> Job:
    """Return the job that runs a plan over a set."""
    request: JsonObject = {"plan": plan, "catalogue": catalogue_of(tables), "preview": shown}
    return query_job("query_plan", request, mounted(tables, database), seconds)


def import_job(sql: str, dialect: str, tables: TableSet, database: Sha256, shown: int, seconds: float) -> Job:
    """Return the job that reads a plan from SQL and runs it."""
    told: JsonObject = {"sql": sql, "dialect": dialect}
    request: JsonObject = {"import": told, "catalogue": catalogue_of(tables), "preview": shown}
    return query_job("query_plan", request, mounted(tables, database), seconds)


def sql_job(sql: str, tables: TableSet, database: Sha256, shown: int = SHOWN_ROWS, seconds: float = SECONDS) -> Job:
    """Return the job that runs a SELECT over a set."""
    names: list[str] = [table.name for table in tables.tables]
    request: JsonObject = {"op": "run", "sql": sql, "tables": [*names], "preview": shown}
    return query_job("query", request, mounted(tables, database), seconds)


def query_job(
    kind: str, request: JsonObject, inputs: Mapping[str, Sha256], seconds: float, files: Mapping[str, str] | None = None
) -> Job:
    """Return a job with the limits of a query; those of the jail stand behind them."""
    bounds: JsonObject = {"seconds": seconds, "memory_bytes": MEMORY, "rows": 10_000, "bytes": 8 * MIB}
    limits = Limits(memory_bytes=MEMORY + WORKER, wall_seconds=seconds + 5)
    asked: JsonObject = {**request, "limits": bounds}
    return Job(kind=kind, isolation="fork", inputs=inputs, files=files or {}, request=asked, limits=limits)


def python_job(code: str, inputs: dict[str, Sha256], files: dict[str, str]) -> Job:
    """Return the job that runs a program on a result, in a jail of its own."""
    # The program's own lines keep their numbers, and what is wrong with them is told of them alone.
    run = f"exec(compile({code!r}, '<code>', 'exec'))\n"
    request: JsonObject = {"code": f"{BEFORE}{run}{AFTER}"}
    return Job(kind="python", isolation="oneshot", inputs=inputs, files=files, request=request, limits=PYTHON_LIMITS)


def mounted(tables: TableSet, database: Sha256) -> dict[str, Sha256]:
    """Return the input of a job that reads the set; the file's name is the database's."""
    return {database_file(tables.id): database}


def described(table: Table) -> JsonObject:
    """Return the plan that describes a table, one row: how many rows, then per column counts, least and greatest."""
    measures: list[JsonValue] = [{"as": "rows", "expr": {"count": "*"}}]
    for number, column in enumerate(table.columns[:MOST_DESCRIBED]):
        found: JsonObject = {"col": [table.name, column.name]}
        asked: dict[str, JsonObject] = {"there": {"count": found}, "differ": {"count_distinct": found}}
        asked |= {"least": {"min": found}, "most": {"max": found}} if has_range(column) else {}
        measures += [{"as": f"{name}_{number}", "expr": expression} for name, expression in asked.items()]
    return {"plan": 1, "from": table.name, "steps": [{"aggregate": {"by": [], "measures": measures}}]}


def has_range(column: Column) -> bool:
    """Say whether a column has a least and a greatest value."""
    kind = parse_type(column.type)
    return kind is not None and kind.family in RANGES


def sampled(table: Table, rows: int) -> JsonObject:
    """Return the plan that shows the first rows of a table."""
    return {"plan": 1, "from": table.name, "steps": [{"limit": rows}]}
