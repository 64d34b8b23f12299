"""The canonical bytes tell apart what differs and are alike for what is equal."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.tables.content import CHUNK, SAFE_NAME, Cell, csv_lines, fingerprint

cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.dates(), st.datetimes()
)
tables = st.lists(st.tuples(cells, cells), max_size=5)


def text(rows: list[tuple[Cell, ...]]) -> str:
    return b"".join(csv_lines(["a", "b"], rows)).decode()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("", '""'),
        ('say "hi"', '"say ""hi"""'),
        (True, "true"),
        (0, "0"),
        (-0.0, "0.0"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (Decimal("0.0000000000"), "0.0000000000"),
        (date(2026, 1, 2), '"2026-01-02"'),
        (datetime(2026, 1, 2, 3), '"2026-01-02 03:00:00"'),  # noqa: DTZ001
    ],
)
def test_a_value_is_written_in_one_way(value: Cell, written: str) -> None:
    assert text([(value, 1)]) == f'"a","b"\n{written},1\n'


@given(rows=tables)
def test_any_reader_of_csv_finds_the_same_cells(rows: list[tuple[Cell, ...]]) -> None:
    read = list(csv.reader(io.StringIO(text(rows), newline="")))
    assert len(read) == len(rows) + 1
    for cells_read, row in zip(read[1:], rows, strict=True):
        assert [cell for cell, value in zip(cells_read, row, strict=True) if isinstance(value, str)] == [
            value for value in row if isinstance(value, str)
        ]


@given(one=tables, other=tables)
def test_the_bytes_agree_exactly_where_the_rows_do(one: list[tuple[Cell, ...]], other: list[tuple[Cell, ...]]) -> None:
    def typed(rows: list[tuple[Cell, ...]]) -> list[list[tuple[bool, str]]]:
        # A date and the text of it are written alike; their columns' types tell them apart.
        return [[(isinstance(cell, str | date), text([(cell, None)])) for cell in row] for row in rows]

    assert (text(one) == text(other)) == (typed(one) == typed(other))


@given(count=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]))
def test_the_fingerprint_counts_rows_and_bytes(count: int) -> None:
    rows: list[tuple[Cell, ...]] = [(number, "x") for number in range(count)]
    found = fingerprint(["a", "b"], rows)
    assert (found.rows, found.bytes) == (count, len(text(rows)))


@pytest.mark.parametrize("name", ["orders", "Orders_2", "_x"])
def test_a_plain_name_is_safe(name: str) -> None:
    assert SAFE_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "2x", "a b", 'a"b', "a.b", "a/b", "../a", "ä", "a\n", "x" * 64])
def test_any_other_name_is_not(name: str) -> None:
    assert not SAFE_NAME.fullmatch(name)
