"""Free questions over the shipped sets: most are answered right, and what the data do not hold is never answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.asking import Tried, lines, paraphrases, samples, tried
from tests.environments.question_parts import questions
from tracewright.environments.analytics.questions import search
from tracewright.tables import shipped

HELD_OUT = 60


@pytest.fixture(scope="module")
def answers(proved_home: Path) -> list[Tried]:
    held_out = [made for made in questions() if made.held_out][:HELD_OUT]
    return tried(proved_home, [*samples(), *paraphrases(), *held_out])


def wrong(answers: list[Tried], asked: list[str]) -> list[str]:
    found = [each for each in answers if each.made.question in asked]
    assert len(found) == len(asked)
    return [each.made.question for each in found if not each.right]


def test_at_least_fifteen_of_eighteen_sample_questions_are_answered_right(answers: list[Tried]) -> None:
    asked = [made.question for made in samples()]
    assert len(asked) == 18
    assert len(wrong(answers, asked)) <= 3


def test_most_paraphrases_are_answered_right(answers: list[Tried]) -> None:
    asked = [made.question for made in paraphrases()]
    assert len(asked) == 60
    assert len(wrong(answers, asked)) <= 15


def test_held_out_combinations_of_parts_are_answered_right(answers: list[Tried]) -> None:
    known = {made.question for made in (*samples(), *paraphrases())}
    asked = [each.made.question for each in answers if each.made.question not in known]
    assert len(asked) == HELD_OUT
    missed = wrong(answers, asked)
    assert len(missed) <= HELD_OUT / 5, missed


@pytest.mark.parametrize("row", lines("unanswerable"), ids=lambda row: row["question"])
def test_what_the_data_do_not_hold_is_said_and_not_answered(row: dict[str, str]) -> None:
    found = search(row["question"], shipped.registry()[row["data"]])
    assert not found.candidates
    assert found.code in ("NOT_IN_DATA", "NOT_EXPRESSIBLE")
    assert found.missing.startswith(("not in the data: ", "cannot be expressed: "))
