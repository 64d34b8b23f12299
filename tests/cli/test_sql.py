"""`sql` and `sql check`, as people and programs call them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from tests.cli.command import tracewright
from tests.jobs.shop import make


@pytest.fixture
def shop(jail: Path) -> Path:
    return make(jail)


def test_a_query_is_answered_with_a_table(shop: Path) -> None:
    ran = tracewright("sql", "SELECT status, sum(amount) AS s FROM orders GROUP BY 1 ORDER BY 1", "--data", shop)
    assert ran.code == 0, ran.err
    assert "15.50" in ran.out
    assert "2 rows." in ran.err
    assert "picture" in ran.err


def test_whatever_reached_the_policy_is_kept_as_a_capsule(shop: Path) -> None:
    asked = {
        "ok": "SELECT max(amount) AS m FROM orders",
        "rejected": "DROP TABLE orders",
        "failed": "SELECT x FROM orders",
    }
    for status, query in asked.items():
        kept = tracewright("sql", query, "--data", shop, "--json").json["capsule"]
        shown = tracewright("capsule", "show", kept, "--json").json
        assert (shown["outcome"]["status"], shown["request"]["raw_sql"]) == (status, query)


def test_a_whole_answer_can_be_written_to_a_file(shop: Path) -> None:
    words = ("--data", shop, "--format", "parquet", "--out", "a.parquet", "--parameter", "2", "--json")
    ran = tracewright("sql", "run", "SELECT amount FROM orders WHERE order_id >= ?", *words)
    assert (ran.code, ran.json["result"]["rows"]) == (0, 2)
    assert pq.read_table("a.parquet").num_rows == 2
    assert ran.json["observed"]["isolation"]["network"] == "none"


def test_what_parquet_cannot_hold_is_written_as_arrow(shop: Path) -> None:
    ran = tracewright("sql", "SELECT INTERVAL 3 DAYS AS i", "--data", shop, "--out", "a.arrow", "--json")
    assert list(ran.json["artifacts"]) == ["result.arrow"]
    assert pa.ipc.open_stream(Path("a.arrow").read_bytes()).read_all().num_rows == 1


def test_a_refused_query_is_exit_1_with_its_code(shop: Path) -> None:
    ran = tracewright("sql", "SELECT * FROM read_text('/etc/passwd')", "--data", shop)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("FUNC_DENIED: ")


def test_a_query_that_never_ends_is_ended(shop: Path) -> None:
    hangs = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
    ran = tracewright("sql", hangs, "--data", shop, "--seconds", "1")
    assert ran.code == 1
    assert "RUNNER_TIMEOUT: The query ran longer than 1 s" in ran.err


def test_a_check_gives_one_verdict_a_line_in_order(shop: Path) -> None:
    texts = ["SELECT 1", "DROP TABLE orders", "SELECT '\ud800'", "SELECT 1\0", *(f"SELECT {n}" for n in range(70))]
    Path("texts.jsonl").write_text("".join(json.dumps({"sql": text}) + "\n" for text in texts))
    ran = tracewright("sql", "check", "texts.jsonl", "--data", shop, "--json")
    verdicts = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0, ran.err
    assert [verdict["code"] for verdict in verdicts[:4]] == ["OK", "STMT_DENIED", "LEX", "LEX"]
    assert [verdict["sql"] for verdict in verdicts[4:]] == texts[4:]
    assert all(verdict.keys() == {"sql", "verdict", "code", "reason"} for verdict in verdicts)


def test_a_check_for_people_is_a_table(shop: Path) -> None:
    Path("texts.jsonl").write_text('{"sql": "SELECT 1"}\n\n{"sql": "VACUUM"}\n')
    ran = tracewright("sql", "check", "texts.jsonl", "--data", shop)
    assert "STMT_DENIED" in ran.out
    assert "1 of 2 pass" in ran.out


@pytest.mark.parametrize("line", ["{", "[]", '{"sql": 1}', '{"text": "SELECT 1"}', "1"])
def test_a_line_without_sql_is_told_by_its_number(shop: Path, line: str) -> None:
    Path("texts.jsonl").write_text(f'{{"sql": "SELECT 1"}}\n{line}\n')
    ran = tracewright("sql", "check", "texts.jsonl", "--data", shop)
    assert ran.code == 2
    assert 'texts.jsonl:2: wanted an object with "sql"' in ran.err


def test_an_unknown_set_is_told_with_those_that_exist(jail: Path) -> None:
    ran = tracewright("sql", "SELECT 1", "--data", "nowhere")
    assert ran.code == 2
    assert "ecommerce" in ran.err


def test_a_shipped_set_can_be_asked(jail: Path) -> None:
    ran = tracewright("sql", "SELECT count(*) AS n FROM tickets", "--data", "support", "--json")
    assert ran.json["result"]["preview"] == [[6417]]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM orderz", "TABLE_DENIED: There is no table 'orderz' here; there is: orders."),
        ("SELECT amont FROM orders", 'BIND: Binder Error: Referenced column "amont" not found in FROM clause!'),
        ("SELECT o.amont FROM orders o", 'Candidate bindings: "amount"'),
        ("SELECT sum(status) FROM orders", "'sum(VARCHAR)'. You might need to add explicit type casts.\n"),
        ("SELECT CAST(status AS INT) FROM orders", "RUNNER_ERROR: Conversion Error: Could not convert string"),
        (
            "SELECT 1 // 0 AS x",
            "Division by zero in expression (1 // 0). Use TRY(...) to return NULL for this expression\n",
        ),
        ("SELECT ?", "BIND: Invalid Input Error: Values were not provided for the following parameters: 1"),
        ("", "EMPTY: There is no query."),
    ],
)
def test_a_slip_is_told_so_that_it_can_be_mended(shop: Path, query: str, told: str) -> None:
    ran = tracewright("sql", query, "--data", shop)
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err


def test_no_rows_are_an_answer_and_too_many_are_cut_with_a_notice(shop: Path) -> None:
    empty = tracewright("sql", "SELECT amount FROM orders WHERE amount < 0", "--data", shop)
    assert (empty.code, "0 rows." in empty.err, "amount" in empty.out) == (0, True, True)
    long = tracewright("sql", "SELECT r.range FROM range(10000000) r ORDER BY 1", "--data", shop, "--rows", "100")
    assert (long.code, "The result was cut after 100 rows; there are more." in long.err) == (0, True)


def test_rows_that_could_not_be_read_are_told_with_every_answer(jail: Path) -> None:
    Path("broken.csv").write_text("id,n\n1,2\n2\n3,4,5\n4,5\n")
    ran = tracewright("sql", "SELECT count(*) AS n FROM broken", "--data", "broken.csv")
    assert ran.code == 0, ran.err
    assert "2 lines of broken.csv could not be read" in ran.err


def test_a_file_that_changed_is_refused_until_it_is_registered_again(jail: Path) -> None:
    Path("mine.csv").write_text("id,n\n1,2\n")
    assert tracewright("data", "register", "mine.csv").code == 0
    Path("mine.csv").write_text("id,n\n1,3\n")
    ran = tracewright("sql", "SELECT n FROM mine", "--data", "mine")
    assert (ran.code, ran.out) == (1, "")
    assert "mine.csv changed: wanted the sha256" in ran.err
    assert "register it again with --replace" in ran.err


def test_without_the_extra_the_fix_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("duckdb", "tracewright.jobs."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("a\n1\n")
    for words in (("sql", "SELECT 1", "--data", "support"), ("data", "register", "x.csv")):
        ran = tracewright(*words)
        assert (ran.code, ran.out) == (3, "")
        assert "needs duckdb, which is not installed; run: pip install 'tracewright[analytics]'" in ran.err


def test_nothing_of_another_set_is_to_be_seen(shop: Path) -> None:
    tracewright("sql", "SELECT 1", "--data", "support")
    ran = tracewright("sql", "SELECT * FROM tickets", "--data", shop)
    assert "TABLE_DENIED: There is no table 'tickets' here; there is: customers, orders." in ran.err
