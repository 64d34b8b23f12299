"""Reads a stored result, Parquet or an Arrow stream, as columns of Python values; every type keeps its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from tracewright.plans.families import Type, parse_type

MOST_CELLS = 20_000_000


class UnreadableError(Exception):
    """The bytes are no result, or not the one that they are said to be; the message says which."""


@dataclass(frozen=True)
class Column:
    """One column: `type` is the engine's word for it, `family` what the hashes heed, `values` its cells in order."""

    name: str
    type: str
    family: str
    distinct: int
    values: Sequence[Any]


def read(path: Path, form: str, types: Sequence[Mapping[str, str]]) -> list[Column]:
    """Return the columns of a result; raises UnreadableError where bytes, names or size are not what they should be."""
    try:
        table = _table(path, form)
        names = [str(column["name"]) for column in types]
        if table.column_names != names:
            raise UnreadableError(f"wanted the columns {names}, found {table.column_names}"[:400])
        return [_column(field, str(told["type"])) for field, told in zip(_fields(table), types, strict=True)]
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"the result cannot be read: {type(error).__name__}: {str(error)[:200]}") from error


def rows_of(columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """Return the rows of a result in order."""
    return list(zip(*(column.values for column in columns), strict=True))


def _table(path: Path, form: str) -> pa.Table:
    if form == "parquet":
        whole = pq.ParquetFile(path)
        _require_bounded(whole.metadata.num_rows * whole.metadata.num_columns)
        return whole.read()
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
        table = stream.read_all()
    _require_bounded(table.num_rows * table.num_columns)
    return table


def _require_bounded(cells: int) -> None:
    if cells > MOST_CELLS:
        raise UnreadableError(f"wanted at most {MOST_CELLS} cells, found {cells}")


def _fields(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray[Any]]]:
    # By place: a result may hold two columns of one name.
    for index, name in enumerate(table.column_names):
        yield name, table.column(index)


def _column(field: tuple[str, pa.ChunkedArray[Any]], kind: str) -> Column:
    name, cells = field
    return Column(name, kind, family(parse_type(kind)), _distinct(cells), _values(cells))


def family(kind: Type | None) -> str:
    """Return a type's family without widths: a hash must not change because a column was stored wider."""
    if kind is None:
        return "other"
    match kind.family:
        case "list" | "map":
            return f"{kind.family}({', '.join(family(item) for item in kind.items)})"
        case "struct":
            inner = (f"{name} {family(item)}" for name, item in zip(kind.names, kind.items, strict=True))
            return f"struct({', '.join(inner)})"
    return kind.family


def _distinct(cells: pa.ChunkedArray[Any]) -> int:
    """Return how many different values there are, null among them; 0 for types that cannot be counted."""
    try:
        return int(pc.count_distinct(cells, mode="all").as_py())
    except pa.ArrowException:
        return 0


def _values(cells: pa.ChunkedArray[Any]) -> Sequence[Any]:
    try:
        return list(cells.to_pylist())
    except (ValueError, OverflowError):
        return [_value(cell) for cell in cells]


def _value(cell: pa.Scalar[Any]) -> Any:
    """Return a cell that Python may have no value for: the endless dates, and nanoseconds, which are cut to micro."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        if pa.types.is_timestamp(cell.type) and cell.type.unit == "ns":
            return _value(cell.cast(pa.timestamp("us", cell.type.tz), safe=False))
        unit = pa.int32() if pa.types.is_date32(cell.type) else pa.int64()
        return f"{cell.type}:{cell.cast(unit).as_py()}"
