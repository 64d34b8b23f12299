"""Free questions answered in the jail: kept as capsules, read with a look into the data, refused where none fits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tracewright.pipeline.asking import Answer, answer
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.tables import Registration, register

ROWS = (
    "order_id,customer,city,amount_eur,ordered_on,is_gift\n"
    "1,Ada,New York,10.5,2025-01-03,true\n"
    "2,Bob,Berlin,20,2025-01-20,false\n"
    "3,Ada,New York,30,2025-02-11,false\n"
    "4,Cyd,Lisbon,5,2025-02-12,true\n"
)


@pytest.fixture
def here(proved_home: Path, home: Path, tmp_path: Path) -> Path:
    """Return a home whose jail holds, with a set `shop` of one table `orders` that brings no words of its own."""
    home.mkdir()
    (home / "preflight").symlink_to(proved_home / "preflight")
    path = tmp_path / "orders.csv"
    path.write_text(ROWS)
    asyncio.run(register(home, Registration(path, "shop", "orders")))
    return home


def ask(home: Path, question: str) -> Answer:
    return asyncio.run(answer(home, "shop", question))


def test_an_answer_is_kept_as_a_capsule_that_bears_the_question(here: Path) -> None:
    found = ask(here, "What is the total amount per city?")
    assert found.status == "answered"
    assert found.rows == (("Berlin", 20.0), ("Lisbon", 5.0), ("New York", 40.5))
    kept = shelf.load(here, found.capsule)
    assert kept.request.question == "What is the total amount per city?"
    assert kept.request.plan == found.plan
    assert found.answered_by == "plan search"


def test_a_value_that_nobody_listed_is_found_by_looking(here: Path) -> None:
    assert ask(here, "How many orders in Paris?").code == "NOT_IN_DATA"
    assert ask(here, "How many orders in New York?").rows == ((2,),)


def test_times_count_back_from_the_last_that_the_data_have(here: Path) -> None:
    assert ask(here, "How many orders were there in February?").rows == ((2,),)
    assert ask(here, "How many orders in March 2024?").reason.startswith("not in the data: “in march 2024”")


def test_a_column_that_says_yes_or_no_is_a_condition(here: Path) -> None:
    assert ask(here, "How many orders are a gift?").rows == ((2,),)


def test_what_the_data_do_not_hold_is_said_and_nothing_is_kept(here: Path) -> None:
    found = ask(here, "What was the profit per city?")
    assert (found.status, found.code, found.reason) == ("abstained", "NOT_IN_DATA", "not in the data: “profit”")
    assert not found.rows
    assert not shelf.ids(here)


def test_an_answer_without_rows_is_an_answer(here: Path) -> None:
    found = ask(here, "Which orders have an amount above 1000?")
    assert (found.status, found.rows, found.row_count) == ("answered", (), 0)
