"""What a rollout leaves on disk survives a crash: torn lines are played again, finished work is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import make_step, make_task
from tracewright.errors import StoreError, UsageError
from tracewright.records.recipe import Recipe
from tracewright.records.rollout import Rollout
from tracewright.rollouts.journal import Attempt, Done, Journal, claim, tasks_sha256


def journal(home: Path) -> Journal:
    tasks = [make_task(instruction=str(number)) for number in range(3)]
    recipe = Recipe()
    made = Journal(home, "r-1")
    made.create(Rollout(id="r-1", recipe=recipe, recipe_id=recipe.id, tasks_sha256=tasks_sha256(tasks), tasks=3), tasks)
    return made


def test_tasks_come_back_with_their_goals_in_their_order(home: Path) -> None:
    made = journal(home)
    assert tasks_sha256(made.tasks()) == made.load().tasks_sha256


def test_steps_come_back_by_attempt(home: Path) -> None:
    made = journal(home)
    for attempt, index in ((0, 0), (0, 1), (1, 0)):
        made.add_step("t", attempt, make_step(index))
    assert {attempt: len(steps) for attempt, steps in made.steps("t").items()} == {0: 2, 1: 1}
    assert made.steps("unknown") == {}


def test_a_torn_line_is_passed_over_and_the_next_one_is_whole(home: Path) -> None:
    made = journal(home)
    made.add_step("t", 0, make_step(0))
    with (made.folder / "t.jsonl").open("a") as file:
        file.write('{"attempt": 0, "step": {"ind')
    made.add_step("t", 0, make_step(1))
    assert [step.index for step in made.steps("t")[0]] == [0, 1]


def test_a_line_torn_inside_a_character_is_passed_over(home: Path) -> None:
    made = journal(home)
    made.add_step("t", 0, make_step(0))
    with (made.folder / "t.jsonl").open("ab") as file:
        file.write('{"attempt": 0, "step": {"thought": "é'.encode()[:-1])
    made.add_step("t", 0, make_step(1))
    assert [step.index for step in made.steps("t")[0]] == [0, 1]


def test_steps_that_two_wrote_beside_each_other_are_taken_once_each(home: Path) -> None:
    made = journal(home)
    for index in (0, 0, 1, 1):
        made.add_step("t", 0, make_step(index))
    assert [step.index for step in made.steps("t")[0]] == [0, 1]


def test_a_rollout_is_played_by_one_process_at_a_time(home: Path) -> None:
    made = journal(home)
    with made.alone(), pytest.raises(UsageError, match="played by another process"), made.alone():
        pass
    with made.alone():
        pass


def test_two_rollouts_of_one_second_have_folders_of_their_own(home: Path) -> None:
    assert [claim(home, "r"), claim(home, "r"), claim(home, "r")] == ["r", "r-2", "r-3"]


def test_the_last_word_on_a_task_counts(home: Path) -> None:
    made = journal(home)
    made.add_done([Done(task="t", attempts=(Attempt(trace="a", unresolved=True),))])
    made.add_done([Done(task="t", attempts=(Attempt(trace="b"),)), Done(task="u")])
    assert [(entry.task, entry.unresolved) for entry in made.done()] == [("t", False), ("u", False)]


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "x" * 3 + "\0"])
def test_an_id_that_is_none_opens_no_folder(home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no rollout id"):
        Journal(home, name)


def test_an_unknown_rollout_is_refused_and_makes_nothing(home: Path) -> None:
    with pytest.raises(UsageError, match="there is no rollout"):
        Journal(home, "none").load()
    assert not home.exists()


def test_a_damaged_record_is_told(home: Path) -> None:
    made = journal(home)
    (made.folder / "rollout.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read"):
        made.load()
