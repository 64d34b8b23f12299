"""`mine`: a git history becomes a file of tasks, each with its commit and licence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tracewright.records.task import Task

BEFORE = "def start(settings):\n    print(settings)\n    return settings\n"
COMMITS = (
    ("Begin", {"app.py": BEFORE, "LICENSE": "SPDX-License-Identifier: MIT\n"}),
    ("Log instead of printing", {"app.py": BEFORE.replace("print", "log")}),
    ("Rename settings to options", {"app.py": BEFORE.replace("print", "log").replace("settings", "options")}),
)


@pytest.fixture
def repository(jail: Path) -> Path:
    folder = jail / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for message, files in COMMITS:
        for name, text in files.items():
            (folder / name).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", message)
    return folder


def git(folder: Path, *words: str) -> None:
    who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", "-C", str(folder), *words], env={**os.environ, **who}, check=True, capture_output=True)


def test_tasks_are_written_with_their_goals_and_can_be_played(repository: Path) -> None:
    ran = tracewright("mine", repository, "--out", "found.jsonl", "--json")
    assert (ran.code, set(ran.json)) == (0, {"tasks", "out", "licences", "dropped"})
    tasks = [Task.from_json(line) for line in Path("found.jsonl").read_text().splitlines()]
    assert (ran.json["tasks"], ran.json["out"]) == (len(tasks), "found.jsonl")
    assert {task.instruction for task in tasks} == {"Log instead of printing", "Rename settings to options"}
    assert all(len(task.origin.revision) == 40 and task.goal.files for task in tasks)
    assert sum(ran.json["licences"].values()) == len(tasks)
    played = tracewright("rollout", "--policy", "search", "--input", "found.jsonl", "--jobs", 1, "--json")
    assert (played.code, played.json["verified"]) == (0, len(tasks))


def test_people_are_told_where_the_tasks_are(repository: Path) -> None:
    ran = tracewright("mine", repository, "--limit", 1)
    assert ran.code == 0
    assert ran.out.startswith("1 tasks in mined.jsonl (")
    assert len(Path("mined.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("words", [("absent",), (".",), (".", "--limit", "0"), (".", "--uot", "x"), ()])
def test_what_is_no_repository_leaves_no_file(words: tuple[str, ...], jail: Path) -> None:
    ran = tracewright("mine", *words)
    assert ran.code in (1, 2)
    assert ran.out == ""
    assert ran.err.strip()
    assert not Path("mined.jsonl").exists()
