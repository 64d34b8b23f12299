"""`tasks list` and `tasks check`: what is made, what is left out, and what an unsound environment is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tests.stocked import EDITS
from tracewright.records.task import Task

PROPERTIES = [
    "same seed, same tasks",
    "no goal in the view",
    "declares its actions",
    "the oracle passes",
    "doing nothing fails",
    "replays agree",
    "no goal in a prompt",
]


def test_the_answer_lists_tasks_without_their_goals(jail: Path) -> None:
    found = tracewright("tasks", "cards", "--limit", 3, "--seed", 11, "--json").json
    assert set(found) == {"tasks", "dropped"}
    assert len(found["tasks"]) == 3
    assert all("goal" not in task for task in found["tasks"])
    assert tracewright("tasks", "list", "cards", "--limit", 3, "--seed", 11, "--json").json == found
    assert tracewright("tasks", "cards", "--limit", 3, "--seed", 12, "--json").json != found


def test_people_see_a_table_and_the_splits(jail: Path) -> None:
    ran = tracewright("tasks", "cards", "--limit", 4, "--split", "test")
    assert ran.code == 0
    assert "4 tasks (4 test)" in ran.out


def test_what_is_written_out_holds_the_goals_and_is_read_in_again(jail: Path) -> None:
    first = tracewright("tasks", "astgrep", "--source", "edits", "--input", EDITS, "--limit", 3, "--out", "tasks.jsonl")
    assert first.code == 0
    written = [Task.from_json(line) for line in Path("tasks.jsonl").read_text().splitlines()]
    assert all(task.goal.files for task in written)
    again = tracewright("tasks", "astgrep", "--input", "tasks.jsonl", "--json").json["tasks"]
    assert [task["id"] for task in again] == [task.id for task in written]


def test_tasks_of_an_environment_that_reads_no_records_are_played_from_their_file(jail: Path) -> None:
    tracewright("tasks", "cards", "--limit", 3, "--seed", 5, "--out", "hands.jsonl")
    ids = [Task.from_json(line).id for line in Path("hands.jsonl").read_text().splitlines()]
    Path("more.jsonl").write_text(Path("hands.jsonl").read_text() + EDITS.read_text().splitlines()[0] + "\n")
    ran = tracewright("tasks", "cards", "--input", "more.jsonl", "--json")
    assert [task["id"] for task in ran.json["tasks"]] == ids
    assert ran.json["dropped"] == {"no_task": 1}


def test_an_environment_without_end_asks_for_a_limit(jail: Path) -> None:
    ran = tracewright("tasks", "cards", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "environment cards makes more than 5000 tasks; say with --limit how many you want" in ran.err


def test_bad_lines_are_named_and_the_rest_goes_on(jail: Path) -> None:
    row = json.loads(EDITS.read_text().splitlines()[0])
    rows = [json.dumps(row), "{", json.dumps({**row, "post": row["pre"]}), json.dumps(row), json.dumps([1])]
    Path("edits.jsonl").write_text("\n".join(rows) + "\n")
    ran = tracewright("tasks", "astgrep", "--input", "edits.jsonl", "--json")
    assert ran.code == 0
    assert len(ran.json["tasks"]) == 1
    assert ran.json["dropped"] == {"corrupt_line": 2, "duplicate": 1, "equal_sides": 1}
    assert "edits.jsonl:2: not JSON" in ran.err
    assert "edits.jsonl:5: wanted a JSON object, found list" in ran.err
    assert "left out in all: 2 corrupt_line, 1 duplicate, 1 equal_sides" in ran.err


def test_what_hostile_lines_hold_cannot_drive_the_terminal(jail: Path) -> None:
    row = json.loads(EDITS.read_text().splitlines()[0])
    Path("edits.jsonl").write_text(json.dumps({**row, "instruction": "Rename\x1b[2J\x07 `weigh`"}) + "\n")
    Path("\x1b[31mred.jsonl").write_text("{\n" + Path("edits.jsonl").read_text())
    ran = tracewright("tasks", "astgrep", "--input", "\x1b[31mred.jsonl")
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert "\x07" not in ran.out


def test_a_sound_environment_passes_every_property(jail: Path) -> None:
    ran = tracewright("tasks", "check", "cards", "--limit", 5, "--seed", 3, "--json")
    assert (ran.code, set(ran.json)) == (0, {"environment", "tasks", "findings", "passed"})
    assert (ran.json["environment"], ran.json["tasks"], ran.json["passed"]) == ("cards", 5, True)
    assert [finding["name"] for finding in ran.json["findings"]] == PROPERTIES
    assert "5 of 5" in ran.err


TOLD = "TOLD: dict[str, str] = {}\nUNITS = (("
TELL = "            TOLD[text] = goal.actions[0].to_json()\n            groups, origin ="
FAULTS = {
    "same seed, same tasks": {"digest([request.seed, question])": "id(question)"},
    "no goal in the view": {"instruction=text": "instruction=text + goal.actions[0].to_json()"},
    "declares its actions": {'name="answer", arguments': 'name="reply", arguments'},
    "the oracle passes": {"right = any(": "right = False and any("},
    "doing nothing fails": {"right = any(": "right = True or any("},
    "replays agree": {"result=given.model_dump())": 'result={**given.model_dump(), "at": str(id(given))})'},
    "no goal in a prompt": {
        "UNITS = ((": TOLD,
        "            groups, origin =": TELL,
        'text="Answer with one number."': "text=TOLD[task.instruction]",
    },
}


@pytest.mark.parametrize("broken", PROPERTIES)
def test_an_unsound_environment_is_exit_1_and_told_what_breaks(broken: str, jail: Path) -> None:
    tracewright("new", "env", "units.py")
    source = Path("units.py").read_text()
    for old, new in FAULTS[broken].items():
        assert source.count(old) == 1
        source = source.replace(old, new)
    Path("units.py").write_text(source)
    ran = tracewright("tasks", "check", "./units.py", "--limit", 3)
    assert ran.code == 1
    assert "./units.py: not sound" in ran.out
    [line] = [line for line in ran.out.splitlines() if broken in line]
    assert "✗" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("astgrep", "--limt", "3"), "--limit"),
        (("astgerp",), "did you mean 'astgrep'?"),
        (("check", "./absent.py"), "found nothing at absent.py"),
        (("cards", "--source", "edits"), "path"),
        (("astgrep", "--source", "eidts"), "did you mean 'edits'?"),
    ],
)
def test_wrong_use_is_exit_2_with_a_hint(words: tuple[str, ...], told: str, jail: Path) -> None:
    ran = tracewright("tasks", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
