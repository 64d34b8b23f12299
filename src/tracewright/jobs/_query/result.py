"""What a query answers, as Arrow with its types, cut where it grows too long, and a small part of it as plain JSON."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.settled import settled

VECTOR = 2048
MEDIA = {"arrow": "application/vnd.apache.arrow.stream", "parquet": "application/vnd.apache.parquet"}
LARGEST_INTEGER = 2**53
"""Beyond it JSON readers disagree about a number, so it becomes a text."""


@dataclass(frozen=True)
class Cut:
    """How much of a result is kept: rows, and bytes as Arrow counts them."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Taken:
    """What was kept of a result, and whether there was more."""

    table: pa.Table
    truncated: bool


def take(reader: pa.RecordBatchReader, cut: Cut) -> Taken:
    """Read a result in its order until it ends or the cut is reached; whole rows only."""
    kept: list[pa.RecordBatch] = []
    rows, room = cut.rows, cut.bytes
    for batch in reader:
        fitting = min(rows, _fitting(batch, room))
        if fitting:
            kept.append(batch.slice(0, fitting))
        if fitting < batch.num_rows:
            return Taken(pa.Table.from_batches(kept, reader.schema), truncated=True)
        rows -= fitting
        room -= batch.nbytes
    return Taken(pa.Table.from_batches(kept, reader.schema), truncated=False)


def _fitting(batch: pa.RecordBatch, room: int) -> int:
    """Return the most rows from the front of a batch that stay within `room` bytes."""
    if batch.nbytes <= room:
        return batch.num_rows
    low, high = 0, batch.num_rows
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if batch.slice(0, middle).nbytes <= room else (low, middle - 1)
    return low


def encode(table: pa.Table, form: str) -> bytes:
    """Return a table as an Arrow stream or a Parquet file; raises Refusal for types that Parquet does not have."""
    sink = pa.BufferOutputStream()
    if form == "parquet":
        try:
            pa.parquet.write_table(table, sink)
        except pa.ArrowMemoryError:
            raise
        except pa.ArrowException as error:
            raise Refusal("RUNNER_ERROR", f"Parquet cannot hold this result; ask for arrow: {error}"[:300]) from error
    else:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(settled(table))
    return bytes(sink.getvalue())


def preview(table: pa.Table, rows: int) -> list[list[Any]]:
    """Return the first rows as JSON values; what JSON does not have becomes a text."""
    columns = [[plain(value) for value in _values(column)] for column in table.slice(0, rows).columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray[Any]) -> Sequence[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        # An infinite date has no Python value; its text is at least honest.
        return [str(value) for value in column]


def plain(value: Any) -> Any:
    """Return a JSON value for a cell: dates in ISO 8601, decimals as written, bytes as hex, large numbers as text."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < LARGEST_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Decimal():
            return format(value, "f")
        case list() | tuple() if not hasattr(value, "_fields") and type(value) in {list, tuple}:
            return [plain(item) for item in value]
    return str(value)
