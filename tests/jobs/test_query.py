"""The job `query`: what it answers and with which types, where it cuts, and how it ends what will not end."""

from __future__ import annotations

import datetime as dt
import os
import resource
import signal
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.jobs.shop import make
from tracewright.jobs import Result
from tracewright.jobs._query.child import Bounds, forked
from tracewright.jobs._query.result import Cut, plain, take
from tracewright.jobs.query import run

HANGS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
LARGE = "SELECT repeat(md5(i::VARCHAR), 20) AS x FROM range(100000) r(i)"
HUNGRY = ("SELECT array_resize([1], 2000000000)", "SELECT printf('%2000000000d', 1)")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return {"shop.duckdb": make(tmp_path_factory.mktemp("shop"))}


def ask(shop: Mapping[str, Path], sql: str, **request: Any) -> Result:
    return run({"sql": sql, **request}, {}, shop)


def table(done: Result) -> pa.Table:
    return pa.ipc.open_stream(done.artifacts["result.arrow"]).read_all()


def test_an_answer_keeps_its_types(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT order_id, amount, ordered_at, [1] AS l FROM orders ORDER BY order_id LIMIT 1")
    assert done.status == "ok"
    [row] = table(done).to_pylist()
    assert row == {"order_id": 1, "amount": Decimal("10.50"), "ordered_at": dt.datetime(2024, 1, 1), "l": [1]}  # noqa: DTZ001  # it has none
    assert [column["type"] for column in done.result["columns"]] == [
        "INTEGER", "DECIMAL(10,2)", "TIMESTAMP", "INTEGER[]",
    ]  # fmt: skip
    assert done.result["preview"] == [[1, "10.50", "2024-01-01T00:00:00", [1]]]


def test_an_answer_can_be_parquet(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT amount FROM orders ORDER BY amount", format="parquet")
    read = pq.read_table(pa.BufferReader(done.artifacts["result.parquet"]))
    assert read.schema.field("amount").type == pa.decimal128(10, 2)
    assert read.num_rows == 3


def test_parquet_says_what_it_cannot_hold(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT INTERVAL 1 DAY AS d", format="parquet")
    assert (done.status, done.code) == ("action_error", "RUNNER_ERROR")
    assert "ask for arrow" in done.message


def test_an_empty_answer_keeps_its_columns(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT amount FROM orders WHERE order_id = 99")
    assert (done.result["rows"], table(done).column_names) == (0, ["amount"])


def test_the_same_query_gives_the_same_bytes(shop: Mapping[str, Path]) -> None:
    one, other = (ask(shop, "SELECT * FROM orders ORDER BY order_id") for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT amount FROM orders WHERE order_id = ?", [2]),
        ("SELECT amount FROM orders WHERE order_id = $x", {"x": 2}),
    ],
)
def test_parameters_are_bound(shop: Mapping[str, Path], sql: str, parameters: Any) -> None:
    assert ask(shop, sql, parameters=parameters).result["preview"] == [["20.00"]]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT amunt FROM orders", "amount"),
        ("SELECT amount FROM orders WHERE order_id = ?", "parameters"),
        ("SELECT list_transform([1], x -> x + 1)", "lambda"),
        ("SELECT name + 1 FROM customers WHERE name = 'a' + 1", "Binder|Conversion"),
    ],
)
def test_what_does_not_bind_is_told(shop: Mapping[str, Path], sql: str, said: str) -> None:
    done = ask(shop, sql)
    assert done.status == "action_error"
    assert done.code in {"BIND", "RUNNER_ERROR"}
    assert any(word in done.message for word in said.split("|"))


def test_a_refused_query_is_told_with_its_code(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT * FROM read_text('/etc/passwd')")
    assert (done.status, done.code, done.artifacts) == ("action_error", "FUNC_DENIED", {})


def test_an_error_while_it_runs_is_told(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT name::INT FROM customers")
    assert (done.status, done.code) == ("action_error", "RUNNER_ERROR")
    assert "LINE" not in done.message


def test_a_long_answer_is_cut_with_a_notice(shop: Mapping[str, Path]) -> None:
    began = time.monotonic()
    done = ask(shop, "SELECT * FROM range(10000000) AS r(i)", limits={"rows": 5000})
    assert (done.status, done.code) == ("ok", "RUNNER_ROWS")
    assert (done.result["rows"], done.result["truncated"], table(done).num_rows) == (5000, True, 5000)
    assert "cut after 5000 rows" in done.message
    assert time.monotonic() - began < 5


def test_a_wide_answer_is_cut_by_its_bytes(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT repeat('x', 1000) AS x FROM range(5000) AS r(i)", limits={"bytes": 100_000})
    assert done.code == "RUNNER_ROWS"
    assert 90 < done.result["rows"] < 100


def test_an_answer_of_just_the_limit_is_whole(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT * FROM range(2048) AS r(i)", limits={"rows": 2048})
    assert (done.code, done.result["truncated"], done.result["rows"]) == ("", False, 2048)


def test_too_many_columns_are_refused_before_anything_runs(shop: Mapping[str, Path]) -> None:
    done = ask(shop, "SELECT 1, 2, 3", limits={"columns": 2})
    assert (done.status, done.code) == ("action_error", "LIMIT")


def test_a_query_that_never_ends_is_ended_by_its_parent(shop: Mapping[str, Path]) -> None:
    began = time.monotonic()
    done = ask(shop, HANGS, limits={"seconds": 1})
    assert (done.status, done.code) == ("timeout", "RUNNER_TIMEOUT")
    assert 1 <= time.monotonic() - began < 1.5
    assert done.result["canonical_sql"].startswith("WITH RECURSIVE")


@pytest.mark.parametrize("sql", HUNGRY)
def test_a_query_that_wants_too_much_memory_gets_none(shop: Mapping[str, Path], sql: str) -> None:
    done = ask(shop, sql, limits={"seconds": 5, "memory_bytes": 256 << 20})
    assert (done.status, done.code) == ("oom", "RUNNER_MEMORY")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < (1 << 20), "no process may have held a gigabyte"


def test_a_query_may_use_all_the_memory_that_it_was_given(shop: Mapping[str, Path]) -> None:
    for mebibytes in (512, 1024, 1064, 1100):
        done = ask(shop, LARGE, limits={"memory_bytes": mebibytes << 20, "rows": 100_000, "bytes": 90 << 20})
        assert (done.status, done.code, done.result["rows"]) == ("ok", "", 100_000), (mebibytes, done.message)


def test_a_query_leaves_nothing_behind_for_the_next(shop: Mapping[str, Path]) -> None:
    ask(shop, "SELECT 1 AS one")
    assert ask(shop, "SELECT * FROM one").code == "TABLE_DENIED"


def test_only_the_named_tables_are_there(shop: Mapping[str, Path]) -> None:
    assert ask(shop, "SELECT * FROM customers", tables=["orders"]).code == "TABLE_DENIED"
    assert ask(shop, "SELECT * FROM orders", tables=["orders"]).status == "ok"


def test_texts_are_judged_in_their_order_and_none_is_run(shop: Mapping[str, Path]) -> None:
    done = ask(shop, ["SELECT 1", "DROP TABLE orders", HANGS], op="check", limits={"seconds": 5})  # type: ignore[arg-type]  # a list is for `check`
    assert [verdict["verdict"] for verdict in done.result["verdicts"]] == ["allow", "deny", "allow"]
    assert done.result["verdicts"][1]["code"] == "STMT_DENIED"


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "drop"},
        {"sql": 1},
        {"sql": ["SELECT 1"]},
        {"sql": "SELECT 1", "strange": 1},
        {"sql": "SELECT 1", "limits": {"seconds": 0}},
        {"sql": "SELECT 1", "limits": {"seconds": 1e9}},
        {"sql": "SELECT 1", "limits": {"rows": True}},
        {"sql": "SELECT 1", "limits": {"other": 1}},
        {"sql": "SELECT 1", "format": "csv"},
        {"sql": "SELECT 1", "strict": 1},
        {"sql": "SELECT 1", "tables": "orders"},
        {"sql": "SELECT 1", "parameters": [[1]]},
        {"op": "check", "sql": []},
    ],
)
def test_a_request_that_cannot_be_meant_is_told(shop: Mapping[str, Path], request_: dict[str, Any]) -> None:
    done = run(request_, {}, shop)
    assert (done.status, done.code) == ("action_error", "bad_field")
    assert "`" in done.message


def test_one_file_is_wanted(shop: Mapping[str, Path]) -> None:
    assert run({"sql": "SELECT 1"}, {}, {}).code == "bad_field"


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    path.write_text("no tables here")
    assert run({"sql": "SELECT 1"}, {}, {"a.duckdb": path}).code == "RUNNER_ERROR"


def test_a_child_that_falls_is_told_from_one_that_ends() -> None:
    bounds = Bounds(5, 64 << 20, 1 << 20)
    ended = forked(lambda send: send({"a": 1}, b"raw"), bounds)
    assert (ended.frames, ended.ending) == ([({"a": 1}, b"raw")], "whole")
    fell = forked(lambda send: os.kill(os.getpid(), signal.SIGUSR1), bounds)
    assert (fell.ending, fell.signal) == ("crash", signal.SIGUSR1)
    assert forked(lambda send: send({}, bytes(2 << 20)), bounds).ending == "too_large"
    assert forked(lambda send: time.sleep(9), Bounds(0.1, 64 << 20, 1)).ending == "timeout"


def test_a_child_writes_no_file_and_holds_few() -> None:
    def work(send: Any) -> None:
        limits = {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in ("FSIZE", "NOFILE", "CORE")
        }
        send(limits, b"")

    [(limits, _)] = forked(work, Bounds(5, 64 << 20, 1 << 20)).frames
    assert limits == {"FSIZE": 0, "NOFILE": 64, "CORE": 0}


def test_a_batch_that_does_not_fit_is_cut_within() -> None:
    batch = pa.record_batch({"x": list(range(100))})
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch, batch])
    taken = take(reader, Cut(1000, batch.nbytes + batch.nbytes // 2))
    assert (taken.table.num_rows, taken.truncated) == (150, True)


def test_what_json_does_not_have_becomes_a_text() -> None:
    assert plain(2**60) == str(2**60)
    assert plain(float("nan")) == "nan"
    assert plain(b"\x01\xff") == "01ff"
    assert plain({"a": [Decimal("1E+2"), None, True]}) == {"a": ["100", None, True]}


def test_nothing_that_is_open_here_is_open_to_a_query(shop: Mapping[str, Path]) -> None:
    held = [os.dup(0) for _ in range(80)]
    try:
        assert ask(shop, "SELECT 1").status == "ok"
        told = forked(
            lambda send: send({"open": [*map(str, Path("/proc/self/fd").iterdir())]}, b""), Bounds(5, 1 << 28, 1 << 16)
        )
    finally:
        for descriptor in held:
            os.close(descriptor)
    [(header, _)] = told.frames
    # Its three streams, the pipe to us, and the folder that it lists.
    assert len(header["open"]) == 5
