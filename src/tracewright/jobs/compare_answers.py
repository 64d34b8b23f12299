"""Compares an answer with what a gold query gives over the same tables, and says how far they agree; no rows come out.

`{"gold": {"plan": {…}} | {"sql": …}, "catalogue": {…}, "order": [names], "limits": {…}}` with the input `<name>.duckdb`
and the answer: an input `answer.arrow`, or the file `answer.json` ({"columns", "rows"}). The gold query runs anew.
Over altered tables `before.arrow` or `before.json` is the answer over the tables as they were: the facts `changed` and
`something` say whether the gold query finds other rows, and more than nothing. An answer may be missing then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._query.engine import hindered
from tracewright.jobs._query.planned import ran_plan, read_catalogue
from tracewright.jobs._query.request import BadRequestError, read_request
from tracewright.jobs._query.running import ran
from tracewright.tables.answers import Rows, match

ISOLATION: IsolationNeed = "fork"
ANSWER, BEFORE = "answer", "before"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Run the gold query and compare; a gold query that fails ends as it ended, an unreadable answer equals nothing."""
    if hindrance := hindered():
        return Result("action_error", "RUNNER_CRASH", hindrance)
    try:
        gold = _gold(request, {name: path for name, path in inputs.items() if not name.endswith(".arrow")})
    except BadRequestError as error:
        return Result("action_error", "bad_field", str(error))
    if gold.status != "ok":
        return gold
    wanted = _arrow(gold.artifacts["result.arrow"])
    shape = {"gold_rows": len(wanted.rows), "gold_columns": len(wanted.columns)}
    facts = {**shape, "gold_tables": gold.result["tables"], "gold_functions": gold.result["functions"]}
    try:
        before, answer = _read(BEFORE, files, inputs), _read(ANSWER, files, inputs)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        return Result(
            "action_error", "unreadable_answer", f"the answer cannot be read: {str(error)[:200]}", result=facts
        )
    order = _names(request.get("order", []))
    if before is not None:
        facts |= {"changed": not match(wanted, before, order).equal, "something": _something(wanted)}
    if answer is None:
        missing = Result("action_error", "unreadable_answer", "there is no answer", result=facts)
        return missing if before is None else Result(result=facts)
    shape = {"answer_rows": len(answer.rows), "answer_columns": len(answer.columns)}
    return Result(result={**facts, **shape, **asdict(match(wanted, answer, order))})


def _gold(request: Mapping[str, Any], inputs: Mapping[str, Path]) -> Result:
    gold, catalogue = request["gold"], read_catalogue(request.get("catalogue"))
    tables = [table.name for table in catalogue.tables]
    asked = {"op": "run", "sql": gold.get("sql", ""), "tables": tables, "limits": request.get("limits", {})}
    ask = read_request({**asked, "strict": request.get("strict", True)}, inputs)
    return ran_plan(gold["plan"], catalogue, ask) if "plan" in gold else ran(ask)


def _read(name: str, files: Mapping[str, str], inputs: Mapping[str, Path]) -> Rows | None:
    """Return the rows of that name, as a program or a query left them; None where there are none."""
    if (text := files.get(f"{name}.json")) is not None:
        return _json(text)
    path = inputs.get(f"{name}.arrow")
    return None if path is None else _arrow(path.read_bytes())


def _something(rows: Rows) -> bool:
    """Say whether any cell holds more than nothing: null and zero are what every query finds in rows that are gone."""
    return any(cell is not None and (isinstance(cell, bool) or cell != 0) for row in rows.rows for cell in row)


def _arrow(data: bytes) -> Rows:
    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    columns = [_cells(column) for column in table.columns]
    return Rows(table.column_names, list(zip(*columns, strict=True)) if columns else [])


def _cells(column: pa.ChunkedArray[Any]) -> Sequence[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [str(cell) for cell in column]


def _json(text: str) -> Rows:
    told = json.loads(text)
    columns, rows = [str(name) for name in told["columns"]], [tuple(row) for row in told["rows"]]
    if any(len(row) != len(columns) for row in rows):
        raise ValueError("rows must be as wide as there are columns")
    return Rows(columns, rows)


def _names(given: Any) -> list[str]:
    return [str(name) for name in given]
