"""Questions from templates: many, distinct, the same for one seed, with parts whose combinations can be held out."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tracewright.environments.analytics import linking, templates
from tracewright.environments.analytics.actions import catalogue_of
from tracewright.environments.analytics.templates.drawing import Drawn, drawn
from tracewright.environments.analytics.templates.forms import without_order
from tracewright.environments.analytics.templates.parts import parts_of, wordings
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.records.base import canonical
from tracewright.records.task import split_of
from tracewright.tables import shipped

SETS = list(shipped.registry().values())


@cache
def questions(seed: int = 7, most: int = 3000) -> list[Drawn]:
    return list(drawn(SETS, seed, most))


def test_one_seed_gives_far_more_than_fifteen_hundred_questions_and_no_two_are_the_same() -> None:
    found = questions()
    assert len(found) == 3000
    assert len({question.instruction for question in found}) == len(found)
    assert len({canonical([question.tables.id, question.plan]) for question in found}) == len(found)


def test_the_same_seed_gives_the_same_questions_and_another_one_others() -> None:
    again = list(drawn(SETS, 7, 200))
    assert [question.instruction for question in again] == [question.instruction for question in questions()[:200]]
    assert {question.instruction for question in drawn(SETS, 8, 200)} != {question.instruction for question in again}


def test_every_prefix_holds_every_set_and_tier() -> None:
    start = questions()[:60]
    assert {question.tables.id for question in start} == {tables.id for tables in SETS}
    assert {question.asked.tier for question in start} == {"easy", "medium", "hard"}


def test_every_form_is_drawn() -> None:
    assert {question.asked.shape.form for question in questions()} == set(wordings().forms)


def test_every_plan_compiles() -> None:
    catalogues = {tables.id: Catalogue.model_validate(catalogue_of(tables)) for tables in SETS}
    for question in questions()[:400]:
        compiled = compile_plan(question.plan, catalogues[question.tables.id])
        assert compiled.ordered == bool(question.asked.shape.order), question.instruction
        compile_plan(question.wide, catalogues[question.tables.id])


def test_no_slot_is_left_open() -> None:
    assert not [question.instruction for question in questions() if re.search(r"<<|>>|\{\}|  ", question.instruction)]


def test_held_out_combinations_are_made_of_parts_that_are_trained_on() -> None:
    sides = {question.asked.combination: split_of(question.groups) for question in questions()}
    trained = {part for name, side in sides.items() if side == "train" for part in name.split("/")}
    held = [name for name, side in sides.items() if side == "test"]
    known = [name for name in held if set(name.split("/")) <= trained]
    assert len(held) > 300
    assert len(known) > 0.95 * len(held)


def test_no_combination_and_no_wording_stands_on_two_sides() -> None:
    for kind in ("combination", "wording"):
        trained = {q.groups[kind] for q in questions() if split_of(q.groups) == "train"}
        alone = {q.groups[kind] for q in questions() if split_of({kind: q.groups[kind]}) != "train"}
        assert alone
        assert not trained & alone


def test_a_larger_set_is_asked_like_the_small_one() -> None:
    assert parts_of("support-x3") == parts_of("support")
    assert parts_of("somebody_elses") is None


def test_templates_know_nothing_of_how_questions_are_read() -> None:
    folder = Path(templates.__file__).parent
    known = re.compile(r"import.*\b(reading|linking)\b|from.*\b(reading|linking)\b|signs\.toml")
    read = [path.name for path in folder.glob("*.py") if known.search(path.read_text())]
    assert read == []


@pytest.mark.parametrize("seed", [7, 11])
def test_the_search_finds_most_held_out_plans_first(seed: int) -> None:
    held = [question for question in questions(seed, 1200) if split_of(question.groups) == "test"][:120]
    right: Counter[bool] = Counter()
    for question in held:
        plans = [found.plan for found in linking.readings(question.instruction, question.tables, 1)]
        ordered = bool(question.asked.shape.order)
        right[question.plan in [plan if ordered else without_order(plan) for plan in plans]] += 1
    assert right[True] >= 0.8 * len(held)


def test_the_search_is_bounded_and_stays_silent_where_it_knows_no_word() -> None:
    assert len(linking.readings("What is the number of orders by order status?", SETS[0], 3)) <= 3
    assert linking.readings("Who wrote the songs?", SETS[0], 16) == []
    question = "What is the number of orders by order status?"
    assert (
        linking.readings(question + " please" * 200_000, SETS[0], 1)[0].plan
        == linking.readings(question, SETS[0], 1)[0].plan
    )
