"""Equal tables have equal bytes, whatever was in memory under their nulls and behind their last values."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from tracewright.jobs._query.result import encode
from tracewright.jobs._query.settled import settled

TYPES = {
    "integer": pa.int64(),
    "small": pa.uint8(),
    "float": pa.float64(),
    "decimal": pa.decimal128(18, 2),
    "moment": pa.timestamp("us"),
    "day": pa.date32(),
    "span": pa.month_day_nano_interval(),
}
QUERY = """
SELECT CASE WHEN i % 3 = 0 THEN i END AS a, CASE WHEN i % 2 = 0 THEN 'x' || i END AS b, i % 2 = 0 AS c,
    CASE WHEN i % 5 = 0 THEN true END AS d, CASE WHEN i % 2 = 1 THEN [i, NULL] END AS e,
    CASE WHEN i % 2 = 1 THEN {'x': i, 'y': CASE WHEN i % 3 = 0 THEN 'q' END} END AS f,
    CASE WHEN i % 2 = 0 THEN 'k'::ENUM ('k', 'l') END AS g, CASE WHEN i % 2 = 1 THEN to_days(i::INTEGER) END AS h,
    CASE WHEN i % 2 = 0 THEN MAP {'k': i} END AS m, NULL AS n, CASE WHEN i % 3 = 1 THEN i::DECIMAL(18, 3) END AS o,
    CASE WHEN i % 2 = 0 THEN TIMESTAMP_NS '2024-01-01 00:00:00.123456789' END AS p
FROM range({rows}) AS t(i)
"""


def littered(kind: pa.DataType, litter: int) -> pa.Table:
    """Return five values of which three are null, with a byte of one's own wherever nothing is told."""
    width = kind.bit_width // 8
    data = bytearray([litter]) * (5 * width)
    data[width : 2 * width] = data[3 * width : 4 * width] = bytes(width)
    known = bytes([0b01010 | (litter << 5 & 0xFF)])
    column = pa.Array.from_buffers(kind, 5, [pa.py_buffer(known), pa.py_buffer(bytes(data))])
    return pa.table({"a": column})


def told(query: str) -> pa.Table:
    with duckdb.connect() as engine:
        table: pa.Table = engine.sql(query).to_arrow_table()
        return table


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_what_lies_under_a_null_is_not_told(kind: pa.DataType) -> None:
    one, other = littered(kind, 0x7F), littered(kind, 3)
    assert encode(one, "arrow") == encode(other, "arrow")
    assert settled(one)["a"].null_count == 3


def test_bits_behind_the_last_truth_are_not_told() -> None:
    one, other = (
        pa.table({"a": pa.Array.from_buffers(pa.bool_(), 3, [None, pa.py_buffer(bytes([bits]))])})
        for bits in (0b101, 0xFD)
    )
    assert one.equals(other)
    assert encode(one, "arrow") == encode(other, "arrow")


@pytest.mark.parametrize("length", [1, 7, 40])
def test_a_part_of_a_result_is_told_like_the_whole_of_it(length: int) -> None:
    whole = told(QUERY.replace("{rows}", "50"))
    part = whole.slice(3, length)
    assert settled(part).equals(part)
    assert encode(part, "arrow") == encode(whole.take(list(range(3, 3 + length))), "arrow")


@pytest.mark.parametrize("rows", [0, 1, 9, 5000])
def test_nothing_of_a_result_is_changed(rows: int) -> None:
    table = told(QUERY.replace("{rows}", str(rows)))
    same = settled(table)
    same.validate(full=True)
    assert same.schema == table.schema
    assert same.equals(table)


def test_a_column_that_python_has_no_values_for_stays() -> None:
    table = told("SELECT [CASE WHEN i > 0 THEN DATE 'infinity' END] AS a FROM range(3) AS t(i)")
    assert settled(table).equals(table)
