"""What a stored result holds: read with its types, hashed, shown in part, and held against another."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from tracewright.jobs import Result
from tracewright.jobs.read_result import run
from tracewright.tables.results import hashes


def written(folder: Path, sql: str, name: str = "r", form: str = "parquet") -> dict[str, Any]:
    """Write the answer to a query as a result and return what a request says of it."""
    answer = duckdb.connect().sql(sql)
    columns = [{"name": n, "type": str(t)} for n, t in zip(answer.columns, answer.types, strict=True)]
    table = answer.to_arrow_table()
    if form == "parquet":
        pq.write_table(table, folder / name)
    else:
        with pa.OSFile(str(folder / name), "w") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
    return {"input": name, "format": form, "columns": columns, "ordered": False}


def read(folder: Path, *asked: dict[str, Any]) -> Result:
    inputs = {one["input"]: folder / one["input"] for one in asked}
    return run({"results": list(asked), "preview": 2}, {}, inputs)


def facts(folder: Path, sql: str, form: str = "parquet") -> Any:
    return read(folder, written(folder, sql, form=form)).result["results"][0]


def test_columns_come_with_family_and_count_of_values(tmp_path: Path) -> None:
    found = facts(tmp_path, "select * from (values (1, 'a', 1.5::double), (2, null, 1.5), (3, null, null)) t(n, w, x)")
    assert found["columns"] == [
        {"name": "n", "type": "INTEGER", "family": "int", "distinct": 3},
        {"name": "w", "type": "VARCHAR", "family": "text", "distinct": 2},
        {"name": "x", "type": "DOUBLE", "family": "float", "distinct": 2},
    ]
    assert found["preview"] == [[1, "a", 1.5], [2, None, 1.5]]
    rows = [(1, "a", 1.5), (2, None, 1.5), (3, None, None)]
    assert found["logical"] == hashes([("n", "int"), ("w", "text"), ("x", "float")], rows, ordered=False).logical


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("1::tinyint", "1::hugeint"),
        ("1.50::decimal(4,2)", "1.50::decimal(38,2)"),
        ("0.5::float", "0.5::double"),
        ("'a'", "'a'::enum('a', 'b')"),
        ("timestamp '2024-01-01'", "timestamp_ns '2024-01-01'"),
        ("[1::tinyint]", "[1::bigint]"),
        ("{'a': 1::tinyint}", "{'a': 1::bigint}"),
        ("uuid '00000000-0000-0000-0000-000000000007'", "uuid '00000000-0000-0000-0000-000000000007'"),
    ],
)
def test_one_value_hashes_alike_however_wide_and_whatever_wrote_it(tmp_path: Path, narrow: str, wide: str) -> None:
    one, other = facts(tmp_path, f"select {narrow} as v"), facts(tmp_path, f"select {wide} as v", form="arrow")
    assert one["columns"][0]["family"] == other["columns"][0]["family"]
    assert one["logical"] == other["logical"]


def test_moments_that_python_has_no_value_for_are_told_apart(tmp_path: Path) -> None:
    values = (
        *("'infinity'::timestamp", "'-infinity'::timestamp", "timestamp '290000-01-01'", "timestamp '2024-01-01'"),
        *("timestamp '2024-01-01 00:00:00.000001'", "null::timestamp"),
    )
    found = [facts(tmp_path, f"select {value} as v")["logical"] for value in values]
    assert len(set(found)) == len(values)
    mixed = facts(tmp_path, "select * from (values (date '2024-01-01'), ('infinity'::date)) t(v)")
    assert mixed["preview"][0] == ["2024-01-01"]


def test_intervals_lie_in_arrow_files(tmp_path: Path) -> None:
    found = facts(tmp_path, "select interval 1 month + interval 2 day as v", form="arrow")
    assert found["columns"][0]["family"] == "interval"


def test_two_columns_of_one_name_are_two(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(arrow(pa.table([[1, 2], [3, 4]], names=["a", "a"])))
    one = {"input": "r", "format": "arrow", "columns": [{"name": "a", "type": "BIGINT"}] * 2, "ordered": True}
    assert read(tmp_path, one).result["results"][0]["preview"] == [[1, 3], [2, 4]]


def arrow(table: pa.Table) -> bytes:
    out = BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return out.getvalue()


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\xff" * 200 + b"PAR1", b"\xff\xff\xff\xff" + b"\x7f" * 60])
def test_bytes_that_are_no_result_are_refused_by_code(tmp_path: Path, form: str, data: bytes) -> None:
    (tmp_path / "r").write_bytes(data)
    ended = read(tmp_path, {"input": "r", "format": form, "columns": [], "ordered": False})
    assert (ended.status, ended.code) == ("action_error", "unreadable_result")


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_torn_result_is_refused(tmp_path: Path, form: str, cut: float) -> None:
    asked = written(tmp_path, "select range as n from range(5000)", form=form)
    data = (tmp_path / "r").read_bytes()
    (tmp_path / "r").write_bytes(data[: int(len(data) * cut)])
    assert read(tmp_path, asked).code == "unreadable_result"


def test_a_result_with_other_columns_is_refused(tmp_path: Path) -> None:
    asked = written(tmp_path, "select 1 as a")
    asked["columns"][0]["name"] = "b"
    assert "wanted the columns ['b'], found ['a']" in read(tmp_path, asked).message


def test_two_results_are_compared_by_what_names_their_rows(tmp_path: Path) -> None:
    left = written(tmp_path, "select * from (values ('a', 1), ('b', 2), ('c', 3)) t(k, n)", "left")
    right = written(tmp_path, "select * from (values ('b', 5), ('a', 1), ('d', 4)) t(k, n)", "right")
    found = read(tmp_path, left, right).result["difference"]
    assert (found["near"], found["only_left"], found["only_right"], found["changed"]) == (False, 1, 1, 1)
    assert found["pairs"] == [[["b", 2], ["b", 5]]]


def test_sums_in_another_order_are_near(tmp_path: Path) -> None:
    left = written(tmp_path, "select 0.1::double + 0.2 + 0.3 as s", "left")
    right = written(tmp_path, "select 0.6::double as s", "right")
    found = read(tmp_path, left, right).result
    assert found["results"][0]["logical"] != found["results"][1]["logical"]
    assert found["difference"]["near"]
