"""The made history is the same everywhere, spreads over its files, and is there whole or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tracewright.errors import MissingPartError, StoreError
from tracewright.pipeline.made_history import make_history


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Lay out three files with functions that they call themselves."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text(
        "def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return x + double(x)\n\n\ntriple(1)\n"
    )
    (folder / "b.js").write_text("function toText(x) {\n  return `${x}`;\n}\n\ntoText(toText(1));\n")
    (folder / "C.java").write_text(
        "class C {\n  static int squared(int x) {\n    return x * x;\n  }\n\n  int y = squared(2);\n}\n"
    )
    return folder


def subjects(repository: Path) -> list[str]:
    command = ["git", "-C", str(repository), "log", "--format=%s"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def head(repository: Path) -> str:
    command = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_commit_renames_one_function_and_files_take_turns(sources: Path, tmp_path: Path) -> None:
    assert subjects(make_history(sources, tmp_path / "made")) == [
        "Rename `triple` to `triple_v2`",
        "Rename `toText` to `toTextV2`",
        "Rename `double` to `double_v2`",
        "Rename `squared` to `squaredV2`",
        "Add the sources",
    ]


def test_the_same_sources_give_the_same_commits_anywhere(sources: Path, tmp_path: Path) -> None:
    assert head(make_history(sources, tmp_path / "one")) == head(make_history(sources, tmp_path / "other"))


def test_a_history_that_is_there_is_not_made_again(sources: Path, tmp_path: Path) -> None:
    made = make_history(sources, tmp_path)
    (made / "mark").touch()
    assert make_history(sources, tmp_path) == made
    assert (made / "mark").exists()


def test_other_sources_make_another_history(sources: Path, tmp_path: Path) -> None:
    made = make_history(sources, tmp_path)
    (sources / "a.py").write_text("def other():\n    return other\n")
    assert make_history(sources, tmp_path) != made


def test_without_git_the_error_says_how_to_get_it(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="apt-get install git"):
        make_history(sources, tmp_path / "made")
    assert not list((tmp_path / "made").iterdir())


def test_a_git_that_fails_is_named_and_leaves_nothing(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bin" / "git"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent))
    with pytest.raises(StoreError, match=r"git init failed .* said: no room"):
        make_history(sources, tmp_path / "made")
    assert not list((tmp_path / "made").iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="choose another home"):
        make_history(sources, tmp_path / "file" / "made")
