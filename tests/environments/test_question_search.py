"""The search for plans by itself: words in, plans or a sentence out, whatever the words and whosever the tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracewright.environments.analytics.questions import Links, looks, search
from tracewright.environments.analytics.questions.reading.items import words
from tracewright.environments.analytics.questions.reading.lexicon import lexicon_of
from tracewright.plans.catalogue import catalogue_of_set
from tracewright.plans.compiling import compile_plan
from tracewright.tables import shipped
from tracewright.tables.schema import Column, Table, TableSet

GLUE = (
    *("by", "per", "of the", "which", "for", "and", "or", "not", "each", "in", "with", "are", "that", "only", ","),
    *("above 5", "below 3", "more than 10", "3", "top 5", "last month", "in january", "since november", "2025-12-03"),
    *("month", "week", "between 3 and 9", "day of the week", "share", "average", "highest", "how many", "unicorn"),
)


def vocabulary(name: str) -> list[str]:
    return [*sorted(lexicon_of(shipped.registry()[name]).phrases), *sorted(words().intents), *GLUE]


SALADS = {name: st.lists(st.sampled_from(vocabulary(name)), max_size=12) for name in shipped.GENERATORS}
SHOP = TableSet(
    id="mine",
    tables=(
        Table(
            name="sales",
            key=("sale_id",),
            columns=(
                Column(name="sale_id", type="BIGINT"),
                Column(name="storeId", type="BIGINT"),
                Column(name="amount_usd", type="DOUBLE"),
                Column(name="sold_on", type="DATE"),
                Column(name="is_online", type="BOOLEAN"),
                Column(name="payment", type="VARCHAR", values=("card", "cash")),
            ),
        ),
        Table(
            name="stores",
            key=("storeId",),
            columns=(Column(name="storeId", type="BIGINT"), Column(name="city", type="VARCHAR")),
        ),
    ),
)


@pytest.mark.parametrize("name", shipped.GENERATORS)
@settings(max_examples=150)
@given(data=st.data())
def test_any_words_give_plans_that_compile_or_a_sentence(name: str, data: st.DataObject) -> None:
    tables = shipped.registry()[name]
    found = search(" ".join(data.draw(SALADS[name])), tables, limit=3)
    assert bool(found.candidates) != bool(found.missing)
    for candidate in found.candidates:
        compile_plan(candidate.plan, catalogue_of_set(tables))


def test_an_unknown_word_is_never_passed_over() -> None:
    found = search("How many purple orders were there?", shipped.registry()["ecommerce"])
    assert (found.candidates, found.code, found.unknown) == ((), "NOT_IN_DATA", ("purple",))


def test_the_same_question_gives_the_same_readings_best_first() -> None:
    tables = shipped.registry()["ecommerce"]
    first = search("revenue per month", tables)
    assert first == search("revenue per month", tables)
    assert [each.penalty for each in first.candidates] == sorted(each.penalty for each in first.candidates)
    assert search("revenue per month", tables, limit=1).candidates == first.candidates[:1]


def test_a_question_that_is_too_long_is_not_read_in_part() -> None:
    found = search("how many orders " + "each month " * 100, shipped.registry()["ecommerce"])
    assert not found.candidates
    assert found.code == "NOT_EXPRESSIBLE"


def test_a_time_that_the_data_do_not_reach_is_told() -> None:
    found = search("How many orders were placed in 2019?", shipped.registry()["ecommerce"])
    assert found.missing == "not in the data: “in 2019”; they reach from 2025-08-05 to 2026-01-31"


def test_things_may_be_shown_by_their_keys_alone() -> None:
    question, tables = "Top 3 products by units sold", shipped.registry()["ecommerce"]
    assert "inventory.name" in str(search(question, tables).candidates[0].plan)
    assert "inventory.name" not in str(search(question, tables, keys_only=True).candidates[0].plan)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many sales were paid by card?", None),
        ("How many card sales were there?", "number of sales, where payment is card"),
        ("Total amount per payment", "sum of amount_usd of sales, by payment"),
        ("What share of sales is online?", "share where is_online of sales"),
        ("How many sales were sold in May 2025?", "number of sales, where sold_on at least 2025-05-01"),
        ("Revenue per store", None),
        ("Total amount by city", "sum of amount_usd of sales, by city"),
    ],
)
def test_tables_of_ones_own_answer_to_their_names_and_values(question: str, words: str | None) -> None:
    found = search(question, SHOP)
    if words is None:
        assert not found.candidates
        return
    assert found.candidates[0].words.startswith(words)
    compile_plan(found.candidates[0].plan, catalogue_of_set(SHOP))


def test_a_number_that_happens_to_be_unique_is_no_key() -> None:
    columns = (Column(name="region", type="VARCHAR"), Column(name="units_sold", type="BIGINT"))
    few = TableSet(id="few", tables=(Table(name="sales", key=("units_sold",), columns=columns),))
    assert search("Total units sold per region", few).candidates[0].words == "sum of units_sold of sales, by region"


def test_a_join_that_nobody_promised_keeps_rows_that_have_no_other() -> None:
    steps: Any = search("Total amount by city", SHOP).candidates[0].plan["steps"]
    assert [step["join"]["how"] for step in steps if "join" in step] == ["left"]


def test_what_is_looked_for_are_times_and_the_words_that_nobody_knows() -> None:
    looked = looks("Total amount in Lisbon", SHOP)
    assert [(look.column, look.times) for look in looked] == [("sales.sold_on", True), ("stores.city", False)]
    for look in looked:
        compile_plan(look.plan, catalogue_of_set(SHOP))
    assert not looks("Total amount per payment", SHOP)[1:]
    found = search("Total amount in Lisbon", SHOP, Links(values=(("stores.city", "Lisbon"),)))
    assert found.candidates[0].words == "sum of amount_usd of sales, where city is Lisbon"


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("how many products were never sold", "never"),
        ("how many products have never been returned", "none or all"),
        ("how many orders contain no Toys", "none or all"),
        ("how many orders except Toys", "none or all"),
        ("how many orders with only Toys", "none or all"),
    ],
)
def test_what_none_or_all_rows_of_a_thing_are_is_not_guessed(question: str, word: str) -> None:
    found = search(question, shipped.registry()["ecommerce"])
    assert (found.candidates, found.code) == ((), "NOT_EXPRESSIBLE")
    assert word in found.missing


@pytest.mark.parametrize(
    "question",
    ["how many orders were not returned", "revenue of completed orders excluding Toys", "only completed orders"],
)
def test_a_denial_that_each_row_can_answer_is_read(question: str) -> None:
    assert search(f"{question} by month", shipped.registry()["ecommerce"]).candidates
