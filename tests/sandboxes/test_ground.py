"""The folders of a jail without a file system of its own: whatever a job made of them, they can be taken away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracewright.sandboxes._jail.ground import Folder

DEPTH = 3000
"""With names of ten letters, eight times as long as the longest path that the kernel takes."""


def test_folders_nested_deeper_than_any_path_are_taken_away() -> None:
    folder = Folder.make(None, ())
    here = os.open(folder.workspace, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("dddddddddd", dir_fd=here)
        inner = os.open("dddddddddd", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)
    folder.remove()
    assert not folder.path.exists()


def test_folders_that_were_shut_are_opened_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").touch()
    folder = Folder.make(None, ())
    (folder.workspace / "shut/inner").mkdir(parents=True)
    (folder.workspace / "link").symlink_to(tmp_path / "kept")
    (folder.workspace / "shut/inner").chmod(0)
    (folder.workspace / "shut").chmod(0)
    folder.remove()
    assert not folder.path.exists()
    assert (tmp_path / "kept/file").exists()


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o500)
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with pytest.raises(OSError, match="Not a directory"):
        Folder(tmp_path / "link").remove()
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o500
