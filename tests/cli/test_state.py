"""`state dump` shows what the agent remembered, of a rollout or of a stored trace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tracewright.records.task import Task

TASKS = 2


@pytest.fixture
def task_id(jail: Path, home: Path) -> str:
    """Play two hands of cards and return the first one's id."""
    ran = tracewright("rollout", "--env", "cards", "--policy", "oracle", "--limit", TASKS, "--jobs", 1, "--json")
    assert (ran.code, ran.json["verified"]) == (0, TASKS)
    [listed] = (home / "rollouts").glob("*/tasks.jsonl")
    return Task.from_json(listed.read_text().splitlines()[0]).id


def test_the_memory_of_a_task_is_the_fold_of_its_steps(task_id: str) -> None:
    found = tracewright("state", "dump", task_id, "--json").json
    assert (found["task"], found["attempt"], found["steps"]) == (task_id, 0, 1)
    assert [event["outcome"] for event in found["state"]["history"]] == ["ok"]


def test_people_read_the_lines_that_stand_in_a_prompt(task_id: str) -> None:
    ran = tracewright("state", "dump", task_id[:8])
    assert ran.out.startswith("step 0: ")
    assert f"task {task_id[:12]}, attempt 0 of rollout" in ran.err


def test_a_stored_trace_tells_where_no_rollout_does(task_id: str, home: Path) -> None:
    by_rollout = tracewright("state", "dump", task_id, "--json").json
    shutil.rmtree(home / "rollouts")
    by_trace = [tracewright("state", "dump", given, "--json").json for given in (task_id, task_id[:8])]
    assert by_trace[0] == by_trace[1]
    assert by_trace[0]["state"] == by_rollout["state"]
    assert len(by_trace[0]["trace"]) == 64


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("abc",), "first 8 characters or more"),
        (("0" * 64,), "there is no task"),
        (("0" * 64, "--rollout", "../x"), "is no rollout id"),
        (("0" * 64, "--rollout", "missing"), "in rollout missing"),
    ],
)
def test_a_task_that_is_not_there_is_wrong_use(words: tuple[str, ...], told: str) -> None:
    ran = tracewright("state", "dump", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_an_attempt_that_was_not_made_is_wrong_use(task_id: str) -> None:
    ran = tracewright("state", "dump", task_id, "--attempt", 3)
    assert ran.code == 2
    assert "with attempt 3" in ran.err
