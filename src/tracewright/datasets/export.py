"""Writes rows as JSONL, CSV or Parquet and reads them back; a row at a time, so that memory does not grow with them.

The same rows give the same bytes (in Parquet: under the same version of Arrow), and reading gives the same rows.
CSV and Parquet keep nested values as canonical JSON text.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from pydantic import JsonValue

from tracewright.blobs import whole_file
from tracewright.datasets.rows import rows_of
from tracewright.errors import SourceError
from tracewright.records.base import JsonObject, canonical
from tracewright.records.manifest import Manifest
from tracewright.renderers import Column, Renderer
from tracewright.stores import Store

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["jsonl", "csv", "parquet"]
Columns = Mapping[str, Column]
Sink = Callable[[JsonObject], object]

GROUP_ROWS = 1000
GROUP_BYTES = 16 << 20
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a spreadsheet may take for a formula (OWASP, CSV injection), and the quote that says that it is none."""


async def export_dataset(store: Store, manifest: Manifest, renderer: Renderer, form: Form, path: Path) -> int:
    """Write a dataset in manifest order and return the number of rows; `path` is there whole or not at all.

    Raises DatasetError, naming it, for a trace that is missing or was changed.
    """
    return await write_rows(rows_of(store, manifest, renderer), renderer.columns, form, path)


async def write_rows(rows: AsyncIterator[JsonObject], columns: Columns, form: Form, path: Path) -> int:
    """Write rows to a file that is there whole or not at all, and return how many they were.

    In CSV a text cell that a spreadsheet could run as a formula begins with a `'` more, which `read_rows` takes off.
    """
    count = 0
    with whole_file(path) as file, SINKS[form](file, columns) as put:
        async for row in rows:
            put(row)
            count += 1
    return count


def line(row: JsonObject) -> bytes:
    """Return a row as a line of JSONL."""
    return canonical(row) + b"\n"


def read_rows(path: Path, columns: Columns, form: Form) -> Iterator[JsonObject]:
    """Yield the rows of an exported file in order; raises SourceError where it cannot be read as one."""
    try:
        with path.open("rb") as file:
            yield from READERS[form](file, columns)
    except (OSError, ValueError, KeyError) as error:  # Arrow's own errors are among these
        raise SourceError(
            f"wanted {form} rows with the columns {', '.join(columns)} at {path}, found: {error}"
        ) from error


@contextmanager
def _jsonl(file: IO[bytes], columns: Columns) -> Iterator[Sink]:
    yield lambda row: file.write(line(row))


@contextmanager
def _csv(file: IO[bytes], columns: Columns) -> Iterator[Sink]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    yield lambda row: writer.writerow([_cell(row[name], kind) for name, kind in columns.items()])
    text.detach()


@contextmanager
def _parquet(file: IO[bytes], columns: Columns) -> Iterator[Sink]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema(columns)
    group = _Group()
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(group.rows, schema=schema))
            group.clear()

        def put(row: JsonObject) -> None:
            if group.add({name: _value(row[name], kind) for name, kind in columns.items()}):
                flush()

        yield put
        if group.rows:
            flush()


class _Group:
    """The rows of one row group: full at 1,000 rows or about 16 MiB of text."""

    def __init__(self) -> None:
        self.rows: list[JsonObject] = []
        self._bytes = 0

    def add(self, row: JsonObject) -> bool:
        self.rows.append(row)
        self._bytes += sum(len(value) for value in row.values() if isinstance(value, str))
        return len(self.rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES

    def clear(self) -> None:
        self.rows = []
        self._bytes = 0


def _schema(columns: Columns) -> pa.Schema:
    import pyarrow as pa

    types: dict[Column, pa.DataType] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "numbers": pa.map_(pa.string(), pa.float64()),
        "json": pa.string(),
    }
    never_null = {"text", "numbers"}
    return pa.schema([pa.field(name, types[kind], nullable=kind not in never_null) for name, kind in columns.items()])


def _value(value: JsonValue, kind: Column) -> JsonValue:
    if kind == "json" and value is not None:
        return canonical(value).decode()
    return value


def _read_value(value: object, kind: Column) -> JsonValue:
    match kind, value:
        case "json", str():
            return _parsed(value)
        case "numbers", list():
            return dict(sorted(value))
        case _, str() | int() | float() | None:
            return value
        case _:
            raise ValueError(f"{value!r} in a column of {kind}")


def _cell(value: JsonValue, kind: Column) -> str:
    if kind == "text":
        text = str(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return "" if value is None else canonical(value).decode()


def _read_cell(cell: str, kind: Column) -> JsonValue:
    if kind == "text":
        return cell.removeprefix("'")
    return _parsed(cell) if cell else None


def _parsed(text: str | bytes) -> JsonValue:
    value: JsonValue = json.loads(text, parse_int=_whole)
    return value


def _whole(digits: str) -> int | float:
    # Canonical JSON writes large floats without a point; integers beyond 2**53 it refuses, so these were floats.
    return int(digits) if len(digits) < 16 or abs(int(digits)) < 2**53 else float(digits)


def _read_jsonl(file: IO[bytes], columns: Columns) -> Iterator[JsonObject]:
    for raw in file:
        row = _parsed(raw)
        if not isinstance(row, dict):
            raise ValueError(f"{raw[:60]!r}, which is no JSON object")
        yield {name: row[name] for name in columns}


def _read_csv(file: IO[bytes], columns: Columns) -> Iterator[JsonObject]:
    # A cell may hold a whole file; the module's own limit is 128 KiB.
    csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""), strict=True)
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"a row of another width before line {reader.line_num + 1}")
            yield {name: _read_cell(row[name], kind) for name, kind in columns.items()}
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _read_parquet(file: IO[bytes], columns: Columns) -> Iterator[JsonObject]:
    from pyarrow import parquet

    for batch in parquet.ParquetFile(file).iter_batches(batch_size=GROUP_ROWS, columns=list(columns)):
        for row in batch.to_pylist():
            yield {name: _read_value(row[name], kind) for name, kind in columns.items()}


SINKS = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}
READERS = {"jsonl": _read_jsonl, "csv": _read_csv, "parquet": _read_parquet}
