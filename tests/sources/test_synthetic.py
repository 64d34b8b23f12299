"""The source `synthetic`: pinned dependencies, examples of our own, and folders that nobody vouches for."""

from __future__ import annotations

import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tracewright.errors import SourceError
from tracewright.jobs.ast_grep import run
from tracewright.records.task import UNKNOWN_LICENCE, CodeFile, Dropped
from tracewright.registry import Parts, build
from tracewright.sources._code.distributions import Pinned, modules, pinned

CODE = "def first():\n    return 1\n" * 10


def read(home: Path, **options: Any) -> list[CodeFile | Dropped]:
    return list(build("sources", "synthetic", options, Parts(home=home)).records())


def codes(home: Path, **options: Any) -> list[CodeFile]:
    return [found for found in read(home, **options) if isinstance(found, CodeFile)]


def test_every_pinned_file_is_there_as_pinned(tmp_path: Path) -> None:
    dropped = Counter(one.reason for one in read(tmp_path, languages=["python"]) if isinstance(one, Dropped))
    assert set(dropped) <= {"no_fitting_part"}
    assert len(codes(tmp_path, languages=["python"])) > 300


def test_code_comes_with_licence_evidence_and_hash(tmp_path: Path) -> None:
    for code in codes(tmp_path):
        assert code.origin.licence != UNKNOWN_LICENCE
        assert code.origin.licence_evidence
        assert len(code.origin.sha256) == 64


def test_a_cut_names_its_lines(tmp_path: Path) -> None:
    cut = next(code for code in codes(tmp_path) if " lines " in code.origin.record)
    path, lines = cut.origin.record.split(" lines ")
    assert path == cut.origin.path
    assert cut.text.count("\n") == int(lines.split("-")[1]) - int(lines.split("-")[0]) + 1


def test_the_same_code_comes_every_time(tmp_path: Path) -> None:
    assert read(tmp_path) == read(tmp_path)


@pytest.mark.parametrize("language", ["java", "javascript", "typescript", "python"])
def test_our_examples_parse(tmp_path: Path, language: str) -> None:
    shipped = [code for code in codes(tmp_path, languages=[language]) if code.origin.source == "examples"]
    assert len(shipped) >= (3 if language == "python" else 12)
    files = {f"{index}/{code.path}": code.text for index, code in enumerate(shipped)}
    errors = run({"op": "facts"}, files, {}).result["parse_errors"]
    assert set(errors) == set(files)
    assert not any(errors.values())


def test_another_version_or_byte_is_dropped_and_not_taken() -> None:
    mako = pinned()["mako"]
    path = next(iter(mako.files))
    pins = {
        "mako": Pinned(version="0.0.1", files=mako.files),
        "pluggy": Pinned(
            version=version("pluggy"), files={"pluggy/_hooks.py": "0" * 64, "pluggy/nowhere.py": "0" * 64}
        ),
        "no-such-distribution": Pinned(version="1", files={path: mako.files[path]}),
    }
    dropped = list(modules(pins))
    assert [one.reason for one in dropped if isinstance(one, Dropped)] == [
        "other_version",
        "changed_file",
        "unreadable",
        "not_installed",
    ]


def test_a_folder_gives_its_code_under_the_licence_in_it(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("SPDX-License-Identifier: ISC\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text(CODE)
    (tmp_path / "notes.txt").write_text("no code")
    (found,) = codes(tmp_path, folder=str(tmp_path))
    assert (found.path, found.language, found.origin.licence) == ("sub/a.py", "python", "ISC")
    assert found.origin.licence_evidence.startswith("LICENSE sha256:")


def test_a_licence_that_is_given_counts_for_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CODE)
    (found,) = codes(tmp_path, folder=str(tmp_path), licence="mit")
    assert (found.origin.licence, found.origin.licence_evidence) == ("MIT", "option: mit")


def test_links_pipes_large_and_binary_files_are_dropped_by_reason(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(CODE)
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "link.py").symlink_to(outside)
    (folder / "way").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.py")
    (folder / "large.py").write_text(CODE * 100)
    (folder / "binary.py").write_bytes(b"\xff\xfe")
    (folder / "nul.py").write_bytes(b"a\0b")
    (folder / ".git").mkdir()
    (folder / ".git" / "hidden.py").write_text(CODE)
    found = {
        one.where.split(":")[0]: one.reason
        for one in read(tmp_path, folder=str(folder), max_file_bytes=2000)
        if isinstance(one, Dropped)
    }
    assert found == {
        "binary.py": "not_utf8",
        "large.py": "too_large",
        "link.py": "unreadable",
        "nul.py": "nul_byte",
        "pipe.py": "not_a_file",
    }
    assert codes(tmp_path, folder=str(folder), max_file_bytes=2000) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="wanted a folder of code"):
        read(tmp_path, folder=str(tmp_path / "nowhere"))


def test_the_card_says_which_bytes_the_tasks_come_from(tmp_path: Path) -> None:
    card = build("sources", "synthetic", {}, Parts(home=tmp_path)).describe()
    assert f"mako {version('mako')}" in card.digests
