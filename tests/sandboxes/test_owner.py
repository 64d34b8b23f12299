"""Only what a controller of this machine left that surely ended is taken away by others."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tracewright.sandboxes._jail import cgroups, ground, owner
from tracewright.sandboxes._jail.cgroups import Tree


def _ended() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def _other(process: int, when: str = "1") -> str:
    """Return the mark of another process of this machine."""
    return f"{process}-{owner.mark().split('-')[1]}-{when}"


def test_whoever_ended_is_gone_and_so_is_the_last_bearer_of_a_number_that_came_again() -> None:
    process, here, when = owner.mark().split("-")

    assert not owner.gone(owner.mark())
    assert owner.gone(_other(_ended()))
    assert owner.gone(_other(os.getpid(), str(int(when) - 1)))
    assert process == str(os.getpid())
    assert owner.gone(f"{_ended()}-{here}-1")


@pytest.mark.parametrize("mark", ["nonsense", "", "1-elsewhere-1", "0-0", "--", "1234", "-1--1--1"])
def test_of_whoever_is_not_from_here_nobody_can_tell(mark: str) -> None:
    assert not owner.gone(mark)


def test_a_process_that_is_hidden_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(owner, "started", lambda process: "")
    monkeypatch.setattr(os, "kill", refuse)
    assert not owner.gone(_other(12345))


def test_folders_of_the_dead_are_swept_and_those_of_the_living_and_of_strangers_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    marks = {"dead": _other(_ended()), "again": _other(os.getpid()), "living": owner.mark(), "strange": "1-elsewhere-1"}
    for name, mark in marks.items():
        (tmp_path / f"{ground.PREFIX}{mark}-{name}" / "ws/inner").mkdir(parents=True)
    (tmp_path / "kept").mkdir()
    (tmp_path / f"{ground.PREFIX}{marks['dead']}-link").symlink_to(tmp_path / "kept")
    ground.sweep(None)

    left = {path.name.rpartition("-")[2] for path in tmp_path.iterdir()}
    assert left == {"living", "strange", "link", "kept"}


def test_groups_of_the_dead_are_swept_and_those_of_the_living_and_of_strangers_stay(tmp_path: Path) -> None:
    marks = {"1": _other(_ended()), "2": _other(os.getpid()), "3": owner.mark(), "4": "1-elsewhere-1"}
    for name, mark in marks.items():
        (tmp_path / f"{cgroups.NAME}-{mark}-{name}").mkdir()
    cgroups._sweep(Tree(2, (tmp_path,)))

    assert {path.name.rpartition("-")[2] for path in tmp_path.iterdir()} == {"3", "4"}
