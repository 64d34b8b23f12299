"""Works out what is to be known of stored results: columns, rows, hashes, the first rows; and how two of them differ.

`{"results": [{"input", "format": "parquet" | "arrow", "columns": [{"name", "type"}], "ordered"}], "preview": 50}` over
inputs of those names gives `{"results": [facts], "libraries", "difference"?}`: the last where there are just two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._query.result import plain
from tracewright.jobs._result.read import Column, UnreadableError, read, rows_of
from tracewright.tables.results import Row, difference, hashes, same

ISOLATION: IsolationNeed = "oneshot"
MOST_PREVIEW = 1000
MEASURES = ("int", "dec", "float")


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Read every result; bytes that are none are an `action_error` with the code `unreadable_result`."""
    asked = request["results"]
    shown = min(int(request.get("preview", 50)), MOST_PREVIEW)
    try:
        found = [read(inputs[one["input"]], one["format"], one["columns"]) for one in asked]
        rows = [rows_of(columns) for columns in found]
        facts = [
            _facts(*parts, shown) for parts in zip(found, rows, [bool(one["ordered"]) for one in asked], strict=True)
        ]
    except (UnreadableError, TypeError) as error:
        return Result("action_error", "unreadable_result", str(error))
    between = {"difference": _difference(found, rows, all(one["ordered"] for one in asked))} if len(asked) == 2 else {}
    return Result(result={"results": facts, "libraries": {"pyarrow": pa.__version__}, **between})


def _facts(columns: Sequence[Column], rows: Sequence[Row], ordered: bool, shown: int) -> dict[str, Any]:
    told = hashes([(column.name, column.family) for column in columns], rows, ordered)
    named = [
        {"name": column.name, "type": column.type, "family": column.family, "distinct": column.distinct}
        for column in columns
    ]
    return {"columns": named, "preview": [_shown(row) for row in rows[:shown]], **asdict(told)}


def _difference(found: Sequence[Sequence[Column]], rows: Sequence[Sequence[Row]], ordered: bool) -> dict[str, Any]:
    """Return how the second result differs from the first; rows are paired by all columns that measure nothing."""
    left, right = rows
    key = [index for index, column in enumerate(found[0]) if column.family not in MEASURES]
    alike = [column.name for column in found[0]] == [column.name for column in found[1]]
    told = difference(left, right, key if alike else [])
    return {
        "near": alike and same(left, right, ordered),
        **{name: getattr(told, name) for name in ("only_left", "only_right", "changed")},
        "left": [_shown(row) for row in told.left],
        "right": [_shown(row) for row in told.right],
        "pairs": [[_shown(a), _shown(b)] for a, b in told.pairs],
    }


def _shown(row: Row) -> list[Any]:
    return [plain(value) for value in row]
