"""A blob is there whole or not at all, and a changed one is told."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

import pytest

from tracewright.blobs import Blobs, write_stream, write_whole
from tracewright.errors import StoreError


def test_bytes_come_back_by_their_hash(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    found = blobs.put(b"chart", "image/png")
    assert (found.sha256, found.bytes) == (hashlib.sha256(b"chart").hexdigest(), 5)
    assert blobs.put(b"chart") == found.model_copy(update={"media_type": "application/octet-stream"})
    assert blobs.get(found.sha256) == b"chart"


def test_a_changed_blob_is_refused(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    found = blobs.put(b"chart")
    blobs.path(found.sha256).write_bytes(b"other")
    with pytest.raises(StoreError, match="changed on disk"):
        blobs.get(found.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_no_hash_names_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="wanted a sha256"):
        Blobs(tmp_path).path(name)


def test_a_file_never_takes_the_place_of_a_pipe_or_a_folder(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for place in (pipe, folder):
        with pytest.raises(StoreError, match="is no file"):
            write_whole(place, "text")
    assert pipe.is_fifo()


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("mine")
    link.symlink_to(target)
    write_whole(link, "ours")
    assert (target.read_text(), link.read_text(), link.is_symlink()) == ("mine", "ours", False)


def test_a_missing_blob_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not in"):
        Blobs(tmp_path).get("0" * 64)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: IO[bytes]) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        write_stream(tmp_path / "a.json", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "x" / "a.json", "old")
    write_whole(tmp_path / "x" / "a.json", "new")
    assert (tmp_path / "x" / "a.json").read_text() == "new"
    assert len(list((tmp_path / "x").iterdir())) == 1
