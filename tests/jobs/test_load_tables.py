"""Loading foreign files: schema, key and hash are inferred, broken rows counted and named, the rest stays behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from tracewright.jobs import Result
from tracewright.jobs import load_tables as job
from tracewright.tables.content import Cell, csv_lines, fingerprint

PEOPLE = 'id,name,height,born\n1,Ann,1.7,2001-02-03\n2,"Eve ""E"", x",,2002-03-04\n3,"",1.6,2003-04-05\n'


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ws"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def load(path: Path, kind: str = "csv", **source: Any) -> Result:
    return job.run({"sources": [{"input": "in", "format": kind, "table": "t", **source}]}, {}, {"in": path})


def csv_file(folder: Path, text: str | bytes) -> Path:
    path = folder.parent / "given.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def table_of(result: Result) -> dict[str, Any]:
    (loaded,) = result.result["tables"]
    table: dict[str, Any] = loaded["table"]
    return table


def rows_of(result: Result, folder: Path, table: str = "t") -> list[tuple[Any, ...]]:
    path = folder.parent / "out.duckdb"
    path.write_bytes(result.artifacts["database"])
    with duckdb.connect(str(path), read_only=True) as database:
        return database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608


def test_a_csv_gets_types_nullability_and_a_key(workspace: Path) -> None:
    result = load(csv_file(workspace, PEOPLE))
    table = table_of(result)
    assert (result.status, table["row_count"], table["key"]) == ("ok", 3, ["id"])
    assert [(c["name"], c["type"], c["nullable"]) for c in table["columns"]] == [
        ("id", "BIGINT", False),
        ("name", "VARCHAR", False),
        ("height", "DOUBLE", True),
        ("born", "DATE", False),
    ]
    assert [row[1:3] for row in rows_of(result, workspace)] == [("Ann", 1.7), ('Eve "E", x', None), ("", 1.6)]


def test_nothing_is_left_in_the_workspace(workspace: Path) -> None:
    load(csv_file(workspace, PEOPLE))
    assert list(workspace.iterdir()) == []


def test_broken_rows_are_counted_and_named_and_the_others_kept(workspace: Path) -> None:
    result = load(csv_file(workspace, b"a,b\n1,x\n2,y,z\n3\n4,caf\xe9\n5,v\n"))
    (loaded,) = result.result["tables"]
    assert (loaded["rejected_rows"], [line["line"] for line in loaded["rejected"]]) == (3, [3, 4, 5])
    assert "TOO MANY COLUMNS" in loaded["rejected"][0]["reason"]
    assert rows_of(result, workspace) == [(1, "x"), (5, "v")]


def test_a_column_with_one_odd_value_stays_text_so_that_nothing_is_lost(workspace: Path) -> None:
    text = "n\n" + "".join(f"{number}\n" for number in range(30_000)) + "many\n"
    table = table_of(load(csv_file(workspace, text)))
    assert (table["row_count"], table["columns"][0]["type"]) == (30_001, "VARCHAR")


def test_few_values_of_a_column_are_listed(workspace: Path) -> None:
    text = "id,state\n" + "".join(f"{number},{'open' if number % 3 else 'done'}\n" for number in range(20))
    assert [column["values"] for column in table_of(load(csv_file(workspace, text)))["columns"]] == [
        [],
        ["done", "open"],
    ]


def test_a_csv_without_names_can_be_loaded(workspace: Path) -> None:
    result = load(csv_file(workspace, "1,x\n2,y\n"), header=False)
    assert rows_of(result, workspace) == [(1, "x"), (2, "y")]


def test_the_same_rows_have_the_same_hash_in_every_format(workspace: Path) -> None:
    csv = csv_file(workspace, "id,name,at\n1,Ann,2024-01-02 03:04:05\n2,,2024-01-03 00:00:00\n")
    first = load(csv)
    rows = rows_of(first, workspace)
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    table = pa.table(columns, names=["id", "name", "at"])
    parquet.write_table(table, workspace.parent / "a.parquet")
    feather.write_feather(table, str(workspace.parent / "a.arrow"))
    with pa.OSFile(str(workspace.parent / "a.stream"), "wb") as file, pa.ipc.new_stream(file, table.schema) as out:
        out.write_table(table)
    (workspace.parent / "a.duckdb").write_bytes(first.artifacts["database"])
    others = [("a.parquet", "parquet"), ("a.arrow", "arrow"), ("a.stream", "arrow"), ("a.duckdb", "duckdb")]
    found = [table_of(load(workspace.parent / name, kind)) for name, kind in others]
    assert found == [table_of(first)] * 4


def test_only_tables_of_a_database_are_taken_with_their_keys(workspace: Path) -> None:
    path = workspace.parent / "given.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE people(a INTEGER, b VARCHAR, PRIMARY KEY (a, b));"
            "INSERT INTO people VALUES (1, 'x'), (1, 'y');"
            "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE moods(m mood, n TIMESTAMP_NS);"
            "CREATE VIEW shown AS SELECT * FROM people; CREATE MACRO twice(x) AS 2 * x;"
            'CREATE TABLE "odd name"(x INTEGER); CREATE SCHEMA s; CREATE TABLE s.t(x INTEGER)'
        )
    result = load(path, "duckdb")
    tables = {loaded["table"]["name"]: loaded["table"] for loaded in result.result["tables"]}
    assert tables["people"]["key"] == ["a", "b"]
    assert [column["type"] for column in tables["moods"]["columns"]] == ["VARCHAR", "TIMESTAMP"]
    assert sorted(skipped["name"] for skipped in result.result["skipped"]) == ["main.odd name", "s.t", "shown"]
    assert set(tables) == {"people", "moods"}


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("csv", b"", "empty_file"),
        ("csv", bytes(range(256)) * 40, "unreadable_file"),
        ("parquet", b"PAR1 no", "unreadable_file"),
        ("arrow", b"ARROW1 no", "unreadable_file"),
        ("duckdb", b"no database at all" * 1000, "unreadable_file"),
        ("xls", b"x", "bad_format"),
    ],
)
def test_a_file_that_is_something_else_is_refused(workspace: Path, kind: str, content: bytes, code: str) -> None:
    result = load(csv_file(workspace, content), kind)
    assert (result.status, result.code, dict(result.artifacts)) == ("action_error", code, {})


def test_a_database_without_tables_is_refused(workspace: Path) -> None:
    path = workspace.parent / "given.duckdb"
    duckdb.connect(str(path)).close()
    assert load(path, "duckdb").code == "no_tables"


@pytest.mark.parametrize("name", ["", "a b", 'x" AS SELECT 1; --', "../t", "t" * 64])
def test_a_table_with_an_unsafe_name_is_refused(workspace: Path, name: str) -> None:
    assert load(csv_file(workspace, PEOPLE), table=name).code == "bad_name"


def test_a_column_may_be_called_anything(workspace: Path) -> None:
    result = load(csv_file(workspace, '"a"" , (SELECT 1) --",b.c\n1,2\n'))
    assert [column["name"] for column in table_of(result)["columns"]] == ['a" , (SELECT 1) --', "b.c"]
    assert rows_of(result, workspace) == [(1, 2)]


def test_a_table_called_like_what_the_engine_makes_is_left_alone(workspace: Path) -> None:
    result = load(csv_file(workspace, PEOPLE), table="reject_errors")
    assert len(rows_of(result, workspace, "reject_errors")) == 3


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1), st.none() | texts, st.none() | st.floats(allow_nan=False), st.booleans()
    ),
    max_size=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows)
def test_canonical_bytes_come_back_as_the_rows_that_they_were_made_of(workspace: Path, rows: Sequence[Any]) -> None:
    header = ["i", "t", "d", "b"]
    given_rows: list[tuple[Cell, ...]] = [tuple(row) for row in rows]
    path = csv_file(workspace, b"".join(csv_lines(header, given_rows)))
    types = ["BIGINT", "VARCHAR", "DOUBLE", "BOOLEAN"]
    table = table_of(load(path, columns=[list(pair) for pair in zip(header, types, strict=True)]))
    assert (table["sha256"], table["row_count"]) == (fingerprint(header, given_rows).sha256, len(rows))
