"""The source `git_history`, on small repositories that the tests make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tracewright.errors import SourceError
from tracewright.records.task import UNKNOWN_LICENCE, Dropped, Edit
from tracewright.registry import Parts, build

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed (apt-get install git)")

ISC = "SPDX-License-Identifier: ISC\n"
MIT = "SPDX-License-Identifier: MIT\n"


class History:
    """A repository in the making; every commit is a minute after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.minutes = 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        stamp = f"2024-03-01T12:{self.minutes:02}:00+02:00"
        who = {f"GIT_{role}_{what}": "p@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_DATE": stamp,
            **who,
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str, files: dict[str, str | None]) -> str:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.minutes += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path: Path) -> History:
    folder = tmp_path / "project"
    folder.mkdir()
    return History(folder)


def mine(history: History, **options: Any) -> list[Edit | Dropped]:
    source = build("sources", "git_history", {"path": str(history.folder), **options}, Parts(home=history.folder))
    return list(source.records())


def edits(history: History, **options: Any) -> list[Edit]:
    return [found for found in mine(history, **options) if isinstance(found, Edit)]


def reasons(history: History, **options: Any) -> list[str]:
    return [found.reason for found in mine(history, **options) if isinstance(found, Dropped)]


def test_an_edit_tells_repository_commit_path_licence_and_utc_date(history: History) -> None:
    history.commit("Begin", {"LICENSE": ISC, "src/a.py": "print(1)\n"})
    commit = history.commit("Log it\n\nMore.\n\nSigned-off-by: A <a@example.org>", {"src/a.py": "log(1)\n"})
    (edit,) = edits(history)
    assert (edit.instruction, edit.path, edit.pre, edit.post) == ("Log it", "src/a.py", "print(1)\n", "log(1)\n")
    origin = edit.origin
    assert (origin.address, origin.revision, origin.path) == ("project", commit, "src/a.py")
    assert (origin.date, origin.licence) == ("2024-03-01T10:02:00Z", "ISC")
    assert origin.licence_evidence.startswith("LICENSE sha256:")
    assert edit.metadata["message"] == "Log it\n\nMore."
    assert "example.org" not in edit.to_json()


def test_the_licence_is_the_nearest_above_the_path_at_that_commit(history: History) -> None:
    history.commit("Begin", {"a.py": "x = 1\n", "sub/b.py": "x = 1\n"})
    history.commit("No licence yet", {"a.py": "x = 2\n"})
    history.commit("License", {"LICENSE": MIT, "sub/COPYING": ISC})
    history.commit("Root", {"a.py": "x = 3\n"})
    history.commit("Below", {"sub/b.py": "x = 2\n"})
    found = {
        edit.instruction: (edit.origin.licence, edit.origin.licence_evidence.split(" ")[0]) for edit in edits(history)
    }
    assert found == {
        "No licence yet": (UNKNOWN_LICENCE, ""),
        "Root": ("MIT", "LICENSE"),
        "Below": ("ISC", "sub/COPYING"),
    }


def test_merges_are_skipped_and_others_dropped_by_reason(history: History) -> None:
    history.commit("Begin", {"a.py": "x = 1\n", "b.py": "y = 1\n"})
    history.git("checkout", "-q", "-b", "side")
    history.commit("Both", {"a.py": "x = 2\n", "b.py": "y = 2\n"})
    history.git("checkout", "-q", "main")
    history.commit("Notes", {"README": "hello\n"})
    history.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    history.commit("Add", {"c.py": "z = 1\n"})
    history.commit("Remove", {"c.py": None})
    history.commit("Blank", {"a.py": "\n"})
    history.commit("Bytes", {"b.py": "y = '\0'\n"})
    assert reasons(history) == [
        "unreadable_side",
        "blank_side",
        "not_a_modification",
        "not_a_modification",
        "no_code",
        "too_many_files",
        "no_code",
    ]
    assert [edit.path for edit in edits(history, max_files=2)] == ["a.py", "b.py"]


def test_a_rename_is_no_edit(history: History) -> None:
    history.commit("Begin", {"a.py": "x = 1\n" * 20})
    history.commit("Move", {"a.py": None, "b.py": "x = 1\n" * 19 + "x = 2\n"})
    assert edits(history) == []


@pytest.mark.parametrize(
    ("after", "tier", "kind"),
    [
        ("log(1)\ny = 2\nlog(3)\nz = 4\nlog(5)\n", "uniform", "rename-token"),
        ("log(1)\ny = 2\nlog(3)\nz = 4\nlog(5, 6)\n", "mixed", "rename-token"),
        ("print(1)\ny = 2\nprint(3)\nz = 5\nprint(5)\n", "generic", "generic"),
        ("print(1, end)\ny = 2\nprint(3, end)\nz = 4\nprint(5)\n", "uniform", "insert"),
    ],
)
def test_tiers_follow_from_the_substitutions_of_the_hunks(history: History, after: str, tier: str, kind: str) -> None:
    history.commit("Begin", {"a.py": "print(1)\ny = 2\nprint(3)\nz = 4\nprint(5)\n"})
    history.commit("Change", {"a.py": after})
    (edit,) = edits(history)
    assert (edit.tags["tier"], edit.tags["kind"], edit.tags["source"]) == (tier, kind, "mined")


def test_sizes_and_counts_are_capped(history: History) -> None:
    history.commit("Begin", {"a.py": "x = 1\n" * 30})
    history.commit("One", {"a.py": "x = 2\n" + "x = 1\n" * 29})
    history.commit("All", {"a.py": "y = 1\n" * 30})
    assert [edit.instruction for edit in edits(history, limit=1)] == ["All"]
    assert reasons(history, max_bytes=100)[:2] == ["unreadable_side", "unreadable_side"]
    assert reasons(history, max_changed_lines=10)[0] == "too_many_changes"


def test_the_same_history_gives_the_same_records(history: History) -> None:
    history.commit("Begin", {"a.py": "x = 1\n"})
    history.commit("Change", {"a.py": "x = 2\n"})
    assert mine(history) == mine(history)


def test_nothing_of_a_hostile_repository_is_run(history: History, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    history.commit("Begin", {"a.py": "x = 1\n", ".gitattributes": "*.py diff=evil filter=evil\n"})
    history.commit("Change", {"a.py": "x = 2\n"})
    (history.folder / ".git" / "info" / "attributes").write_text("*.py diff=evil\n")
    for key in (
        "core.fsmonitor",
        "diff.evil.textconv",
        "diff.external",
        "diff.evil.command",
        "core.pager",
        "core.sshCommand",
    ):
        history.git("config", key, str(script))
    assert [edit.instruction for edit in edits(history)] == ["Change"]
    assert not trap.exists()


def test_the_repository_around_a_folder_is_not_taken_for_it(history: History) -> None:
    history.commit("Begin", {"sub/a.py": "x = 1\n"})
    with pytest.raises(SourceError, match="wanted a git repository"):
        list(
            build("sources", "git_history", {"path": str(history.folder / "sub")}, Parts(home=history.folder)).records()
        )


def test_a_shallow_clone_is_read_as_far_as_it_goes(history: History, tmp_path: Path) -> None:
    history.commit("Begin", {"a.py": "x = 1\n"})
    history.commit("Change", {"a.py": "x = 2\n"})
    history.commit("Again", {"a.py": "x = 3\n"})
    history.git("clone", "-q", "--depth", "2", f"file://{history.folder}", str(tmp_path / "clone"))
    source = build("sources", "git_history", {"path": str(tmp_path / "clone")}, Parts(home=tmp_path))
    assert [found.instruction for found in source.records() if isinstance(found, Edit)] == ["Again"]


@pytest.mark.parametrize("prepare", ["nothing", "empty"])
def test_where_there_is_no_history_the_error_says_so(tmp_path: Path, prepare: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if prepare == "empty":
        History(folder)
    with pytest.raises(SourceError, match="wanted a git repository with commits at"):
        list(build("sources", "git_history", {"path": str(folder)}, Parts(home=tmp_path)).records())
