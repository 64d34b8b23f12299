"""The shipped examples over the shipped sets: each answers its question, as SQL written by hand does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.plans.shipped import open_set, set_catalogue
from tests.plans.texts import read_texts
from tracewright.plans.bodies import CORE
from tracewright.plans.compiling import Compiled, bind_params, compile_plan
from tracewright.plans.document import read_plan
from tracewright.plans.importing.sql import import_sql
from tracewright.plans.macros import MACROS
from tracewright.tables import shipped

FOLDER = Path(__file__).parents[2] / "examples" / "plans"
EXAMPLES = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.json"))}
BY_HAND = read_texts(Path(__file__).with_name("examples.sql"))


def answer(dataset: str, compiled: Compiled) -> list[tuple[Any, ...]]:
    asks = any(param.name == "now" for param in compiled.params)
    values = bind_params(compiled, {"now": shipped.registry()[dataset].as_of} if asks else {})
    return rounded(open_set(dataset).execute(compiled.sql, values or None).fetchall())


def rounded(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(float(f"{cell:.9g}") if isinstance(cell, float) else cell for cell in row) for row in rows]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_answers_its_question(name: str) -> None:
    plan = read_plan(EXAMPLES[name])
    compiled = compile_plan(plan, set_catalogue(plan.dataset))
    found = answer(plan.dataset, compiled)
    assert plan.notes.endswith("?")
    assert (compiled.lints, compiled.ordered) == ((), True)
    assert found
    assert Counter(found) == Counter(rounded(open_set(plan.dataset).execute(BY_HAND[name]).fetchall()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_survives_its_sql(name: str) -> None:
    plan = read_plan(EXAMPLES[name])
    catalogue = set_catalogue(plan.dataset)
    compiled = compile_plan(plan, catalogue)
    again = compile_plan(import_sql(compiled.sql, catalogue).plan, catalogue)
    given = {param.name: param.value for param in compiled.params if param.value is not None}
    values = bind_params(again, given | ({"now": "2026-02-01"} if "$now" in again.sql else {})) or None
    assert rounded(open_set(plan.dataset).execute(again.sql, values).fetchall()) == answer(plan.dataset, compiled)


def test_the_examples_show_most_of_the_language() -> None:
    steps = {kind for text in EXAMPLES.values() for step in read_plan(text).steps for kind in step}
    assert len(steps & {*CORE}) >= 9
    assert len(steps & {*MACROS}) >= 11
