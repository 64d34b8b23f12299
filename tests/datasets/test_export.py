"""Exports: the same rows come back from every form, in manifest order, checked, a trace at a time."""

from __future__ import annotations

import asyncio
import csv
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from tests.builders import make_step, make_task, make_trace
from tests.list_store import ListStore
from tracewright import registry
from tracewright.datasets import export
from tracewright.datasets.build import build_dataset
from tracewright.datasets.export import Form, export_dataset, line, read_rows, write_rows
from tracewright.datasets.rows import rows_of
from tracewright.errors import DatasetError, SourceError
from tracewright.records.base import JsonObject
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.renderers import Column, Renderer

FORMS: tuple[Form, ...] = get_args(Form)
FORMATS = registry.names("renderers")
COLUMNS: dict[str, Column] = {
    "name": "text",
    "count": "integer",
    "share": "number",
    "right": "boolean",
    "parts": "numbers",
    "nested": "json",
}
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=5,
)
TEXT = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ["=1+1", "'=1", "-x", "@a", "\tb", "\r", "a\r\nb", '"', ""]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": TEXT,
            "count": st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
            "share": st.none() | NUMBER,
            "right": st.none() | st.booleans(),
            "parts": st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), NUMBER, max_size=3),
            "nested": JSON,
        }
    ),
    max_size=6,
)


async def each(rows: Iterable[JsonObject]) -> AsyncIterator[JsonObject]:
    for row in rows:
        yield row


def renderer(name: str) -> Renderer:
    built: Renderer = registry.build("renderers", name, {}, Parts(home=Path()))
    return built


def dataset(home: Path, traces: list[Trace]) -> Manifest:
    request = DatasetRequest(dedupe="none")
    return asyncio.run(build_dataset(ListStore(traces), request, home, lambda: datetime(2026, 3, 1, tzinfo=UTC)))


def written(traces: list[Trace], manifest: Manifest, name: str, form: Form, path: Path) -> list[JsonObject]:
    asyncio.run(export_dataset(ListStore(traces), manifest, renderer(name), form, path))
    return list(read_rows(path, renderer(name).columns, form))


@pytest.fixture
def traces() -> list[Trace]:
    steps = (make_step(0, accepted=False, thought="=1+1"), make_step(1, files={"a.py": "log('é…')\n"}))
    return [make_trace(make_task(f"Task {n}: é\nsecond line"), steps, attempt=n) for n in range(5)]


@pytest.mark.parametrize("form", FORMS)
@given(rows=ROWS)
def test_any_rows_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, form: Form, rows: list[JsonObject]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"rows.{form}"
    assert asyncio.run(write_rows(each(rows), COLUMNS, form, path)) == len(rows)
    assert list(read_rows(path, COLUMNS, form)) == rows


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_comes_back_from_every_form(tmp_path: Path, traces: list[Trace], name: str, form: Form) -> None:
    manifest = dataset(tmp_path, traces)

    async def rendered() -> list[JsonObject]:
        return [row async for row in rows_of(ListStore(traces), manifest, renderer(name))]

    assert written(traces, manifest, name, form, tmp_path / "out") == asyncio.run(rendered())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FORMATS)
def test_two_exports_are_equal_byte_for_byte(tmp_path: Path, traces: list[Trace], name: str, form: Form) -> None:
    manifest = dataset(tmp_path, traces)
    written(traces, manifest, name, form, tmp_path / "one")
    written(traces[::-1], manifest, name, form, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_rows_stand_in_manifest_order(tmp_path: Path, traces: list[Trace]) -> None:
    manifest = dataset(tmp_path, traces)
    rows = written(traces, manifest, "trace", "jsonl", tmp_path / "out")
    assert [row["trace"] for row in rows] == [trace.id for trace in manifest.traces]


def test_a_row_is_there_before_the_next_trace_is_fetched(tmp_path: Path, traces: list[Trace]) -> None:
    store, manifest = ListStore(traces), dataset(tmp_path, traces)

    async def fetched_at_each_row() -> list[int]:
        return [store.fetched async for _ in rows_of(store, manifest, renderer("trace"))]

    assert asyncio.run(fetched_at_each_row()) == [1, 2, 3, 4, 5]


def test_parquet_is_written_in_groups_and_columns_of_the_format(
    tmp_path: Path, traces: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(export, "GROUP_ROWS", 3)
    rows = written(traces, dataset(tmp_path, traces), "steps", "parquet", tmp_path / "out")
    file = parquet.ParquetFile(tmp_path / "out")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [3, 3, 3, 1]
    assert len(rows) == 10
    kinds = {name: str(file.schema_arrow.field(name).type) for name in ("reward", "rewards", "accepted", "prompt")}
    assert kinds == {
        "reward": "double",
        "rewards": "map<string, double ('rewards')>",
        "accepted": "bool",
        "prompt": "string",
    }


def test_a_row_group_also_ends_where_its_text_grows_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(export, "GROUP_BYTES", 100)
    rows: list[JsonObject] = [{"name": "x" * 60}, {"name": "y" * 60}, {"name": "z"}]
    asyncio.run(write_rows(each(rows), {"name": "text"}, "parquet", tmp_path / "out"))
    assert parquet.ParquetFile(tmp_path / "out").num_row_groups == 2


def test_a_spreadsheet_finds_no_formula_in_a_text_cell(tmp_path: Path) -> None:
    rows: list[JsonObject] = [{"name": text} for text in ("=cmd()", "+1", "-1", "@x", "\t=1", "plain")]
    asyncio.run(write_rows(each(rows), {"name": "text"}, "csv", tmp_path / "out"))
    with (tmp_path / "out").open(newline="") as file:
        cells = [row["name"] for row in csv.DictReader(file)]
    assert cells == ["'=cmd()", "'+1", "'-1", "'@x", "'\t=1", "plain"]


def test_nested_values_stand_in_csv_as_json(tmp_path: Path, traces: list[Trace]) -> None:
    written(traces, dataset(tmp_path, traces), "messages", "csv", tmp_path / "out")
    with (tmp_path / "out").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert json.loads(row["messages"])[0]["role"] == "user"


def test_a_csv_cell_may_hold_a_whole_file(tmp_path: Path) -> None:
    rows: list[JsonObject] = [{"name": "x\n" * 200_000}]
    asyncio.run(write_rows(each(rows), {"name": "text"}, "csv", tmp_path / "out"))
    assert list(read_rows(tmp_path / "out", {"name": "text"}, "csv")) == rows


@pytest.mark.parametrize("form", FORMS)
def test_a_trace_that_is_gone_stops_the_export_and_leaves_no_file(
    tmp_path: Path, traces: list[Trace], form: Form
) -> None:
    manifest = dataset(tmp_path, traces)
    gone = manifest.traces[2].id
    left = [trace for trace in traces if trace.id != gone]
    with pytest.raises(DatasetError, match=f"names trace {gone}, which is not in the store"):
        written(left, manifest, "trace", form, tmp_path / "exports" / "out")
    assert list((tmp_path / "exports").iterdir()) == []


@pytest.mark.parametrize("change", [{"seed": 9}, {"session_id": "other"}])
def test_a_trace_that_was_changed_stops_the_export_by_name(
    tmp_path: Path, traces: list[Trace], change: dict[str, object]
) -> None:
    manifest = dataset(tmp_path, traces)
    changed = [traces[0].model_copy(update=change), *traces[1:]]
    with pytest.raises(DatasetError, match=f"trace {traces[0].id} was changed"):
        written(changed, manifest, "trace", "jsonl", tmp_path / "out")


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_another_kind_is_named_when_it_is_read(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b'{"other": 1}\n\xff"')
    with pytest.raises(SourceError, match=f"wanted {form} rows with the columns name at {path}"):
        list(read_rows(path, {"name": "text"}, form))


@pytest.mark.parametrize("text", ["name,n\na\n", "name,n\na,1,2\n", "name\na\n", "name,n\na,x\n", 'name,n\n"a'])
def test_a_csv_that_does_not_fit_its_columns_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows").write_text(text)
    with pytest.raises(SourceError, match="wanted csv rows"):
        list(read_rows(tmp_path / "rows", {"name": "text", "n": "integer"}, "csv"))


@pytest.mark.parametrize("text", ["[1]\n", '{"name": "a"}\n', "{\n"])
def test_a_line_that_is_no_row_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows").write_text(text)
    with pytest.raises(SourceError, match="wanted jsonl rows"):
        list(read_rows(tmp_path / "rows", {"name": "text", "n": "integer"}, "jsonl"))


def test_a_parquet_column_of_another_kind_is_refused(tmp_path: Path) -> None:
    rows: list[JsonObject] = [{"name": {"a": 1.5}}]
    asyncio.run(write_rows(each(rows), {"name": "numbers"}, "parquet", tmp_path / "rows"))
    for columns in ({"name": "text"}, {"other": "text"}):
        with pytest.raises(SourceError, match="wanted parquet rows"):
            list(read_rows(tmp_path / "rows", columns, "parquet"))  # type: ignore[arg-type]  # a literal widened by the loop


@pytest.mark.parametrize("form", FORMS)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "GROUP_BYTES", 1 << 20)

    async def many() -> AsyncIterator[JsonObject]:
        for number in range(3000):
            yield {"name": f"{number} " + "x" * 10_000}

    asyncio.run(write_rows(each([{"name": "warm up"}]), {"name": "text"}, form, tmp_path / "small"))
    tracemalloc.start()
    try:
        assert asyncio.run(write_rows(many(), {"name": "text"}, form, tmp_path / "large")) == 3000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 << 20  # of 30 MB written


def test_a_line_of_jsonl_is_canonical() -> None:
    assert line({"b": 1.0, "a": "é\n"}) == '{"a":"é\\n","b":1}\n'.encode()
