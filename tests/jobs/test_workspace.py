"""The work folder and the captured output: pure rooms of the worker, tested without a jail."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.jobs._worker.capture import Capture
from tracewright.jobs._worker.workspace import collect, fill, path_fault, unified_diff, wipe
from tracewright.records.base import _safe_path

LINES = st.text("ab \n\x0c\u2028", max_size=30)


@given(
    path=st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(["a/../b", "/a", "a//b", "x" * 1025, ""])
)
def test_a_path_may_leave_the_jail_exactly_if_records_accept_it(path: str) -> None:
    try:
        accepted = bool(_safe_path(path))
    except ValueError:
        accepted = False

    assert (path_fault(path) == "") == accepted


@given(old=LINES, new=LINES)
def test_a_diff_can_be_applied_with_patch(old: str, new: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    if old == new or not old or not new:
        return
    folder = tmp_path_factory.mktemp("patch")
    fill(folder, {"a": old})
    diff = unified_diff({"a": old}, {"a": new})
    told = subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=folder, capture_output=True, check=False)

    assert (told.returncode, (folder / "a").read_bytes()) == (0, new.encode()), told.stderr


def test_a_diff_that_is_too_long_is_cut_at_a_line_and_says_so() -> None:
    diff = unified_diff({}, {"a": "x\n" * 600_000})

    assert len(diff) <= (1 << 20) + 100
    assert diff.endswith("\n+x\n[diff cut here]\n")


def test_what_was_filled_in_and_left_alone_is_no_change(tmp_path: Path) -> None:
    files = {"a": "1", "d/e/f": "2\r\n"}
    fill(tmp_path, files)

    assert collect(tmp_path, files, 100).files == {}


def test_changed_files_together_stay_below_the_limit(tmp_path: Path) -> None:
    fill(tmp_path, {"a": "x" * 60, "b": "x" * 60})

    assert collect(tmp_path, {}, 100).code == "files_too_large"
    assert len(collect(tmp_path, {}, 120).files) == 2


def test_a_link_out_of_the_folder_is_neither_followed_nor_wiped_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    fill(outside, {"kept": "x"})
    inside.mkdir()
    (inside / "link").symlink_to(outside)

    assert collect(inside, {}, 100).code == "irregular_file"
    wipe(inside)
    assert (list(inside.iterdir()), (outside / "kept").read_text()) == ([], "x")


def test_a_shut_folder_is_wiped_all_the_same(tmp_path: Path) -> None:
    fill(tmp_path, {"a/b/c": "x"})
    (tmp_path / "a/b").chmod(0)
    (tmp_path / "a").chmod(0)
    wipe(tmp_path)

    assert not list(tmp_path.iterdir())


@given(parts=st.lists(st.binary(max_size=40), max_size=10), keep=st.integers(1, 50))
def test_a_capture_keeps_all_that_fits_and_never_much_more(parts: list[bytes], keep: int) -> None:
    capture = Capture(keep)
    for part in parts:
        capture.feed(part)
    whole = b"".join(parts)

    if len(whole) <= keep:
        assert capture.text() == whole.decode(errors="replace")
    else:
        assert f"[{len(whole) - keep} bytes left out]" in capture.text()
