"""`plan import`, as people and programs call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tests.jobs.shop import make


@pytest.fixture
def shop(jail: Path) -> Path:
    return make(jail)


def test_a_query_becomes_a_plan(shop: Path) -> None:
    Path("a.sql").write_text('SELECT status, sum(amount) AS "all", count(*) AS "how many" FROM orders GROUP BY 1')
    ran = tracewright("plan", "import", "a.sql", "--data", shop)
    assert ran.code == 0, ran.err
    measures = [{"as": "all", "expr": {"sum": "amount"}}, {"as": "how_many", "expr": {"count": "*"}}]
    assert ran.json == {"plan": 1, "from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": measures}}]}
    assert "'how many' is called 'how_many' in the plan" in ran.err


def test_a_program_gets_names_and_notes_beside_the_plan(shop: Path) -> None:
    Path("a.sql").write_text("SELECT status, amount FROM orders GROUP BY status")
    ran = tracewright("plan", "import", "a.sql", "--data", shop, "--dialect", "sqlite", "--json")
    assert (ran.code, ran.json["renamed"]) == (0, [])
    assert ran.json["notes"] == ["'amount' is of any row of its group, as SQLite has it"]


def test_a_shipped_set_need_not_be_built(jail: Path) -> None:
    Path("a.sql").write_text("SELECT count(*) AS n FROM tickets")
    ran = tracewright("plan", "import", "a.sql", "--data", "support")
    assert (ran.code, ran.json["from"]) == (0, "tickets"), ran.err


def test_a_refused_text_is_exit_1_with_its_code(shop: Path) -> None:
    Path("a.sql").write_text("SELECT * FROM read_csv('/etc/passwd')")
    ran = tracewright("plan", "import", "a.sql", "--data", shop)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("UNSUPPORTED_CLAUSE: rows cannot come from the function 'read_csv'")
    ran = tracewright("plan", "import", "a.sql", "--data", shop, "--json")
    assert (ran.code, ran.json["code"]) == (1, "UNSUPPORTED_CLAUSE")


@pytest.mark.parametrize("word", ["NOT ", "- ", "~", "EXISTS "])
def test_a_text_that_exhausts_the_parser_ends_in_the_jail(shop: Path, word: str) -> None:
    Path("a.sql").write_text(f"SELECT {word * 9000}1")
    ran = tracewright("plan", "import", "a.sql", "--data", shop, "--json")
    assert ran.code == 1
    assert ran.json["code"] in {"LIMIT_EXCEEDED", "SQL_SYNTAX", "UNSUPPORTED_EXPRESSION", "killed"}, ran.json
