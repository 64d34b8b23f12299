"""`ask`: what stands on the screen, and what a program gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import tracewright


@pytest.fixture
def here(proved_home: Path, home: Path) -> Path:
    home.mkdir()
    (home / "preflight").symlink_to(proved_home / "preflight")
    return home


def test_it_shows_who_answered_the_plan_the_sql_the_rows_the_picture_and_the_capsule(here: Path) -> None:
    ran = tracewright("ask", "How many tickets are there per status?", "--data", "support")
    assert ran.code == 0, ran.err
    assert "plan search: number of tickets, by status" in ran.out
    assert 'plan {\n  "plan": 1,\n  "from": "tickets",\n  "steps": [' in ran.out
    assert "sql SELECT" in ran.out
    assert "Resolved" in ran.out
    picture = next(line for line in ran.out.splitlines() if line.startswith("picture "))
    assert Path(picture.removeprefix("picture ")).is_file()
    [capsule] = [line.split()[1] for line in ran.out.splitlines() if line.startswith("capsule ")]
    assert tracewright("capsule", "verify", capsule).code == 0


def test_a_program_gets_one_json_value(here: Path) -> None:
    ran = tracewright("ask", "How many tickets are there?", "--data", "support", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["status"], ran.json["answered_by"], ran.json["rows"]) == ("answered", "plan search", [[6417]])


def test_a_question_that_the_data_cannot_answer_exits_1_with_the_reason(here: Path) -> None:
    ran = tracewright("ask", "Which agent has the highest salary?", "--data", "support")
    assert (ran.code, ran.out) == (1, "not in the data: “salary”\n")
    told = tracewright("ask", "Who is the best agent?", "--data", "support", "--json")
    assert told.code == 1
    assert (told.json["status"], told.json["code"]) == ("abstained", "NOT_EXPRESSIBLE")


def test_an_unknown_set_is_wrong_use(here: Path) -> None:
    assert tracewright("ask", "How many?", "--data", "nothing").code == 2
