"""The source `edits`: which rows it reads, which it drops, and why."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import make_task
from tracewright.errors import SourceError
from tracewright.records.base import Record
from tracewright.records.task import UNKNOWN_LICENCE, Dropped, Edit, Task
from tracewright.registry import Parts, build

ROW = {"instruction": "Use b", "pre": "a\n", "post": "b\n", "language": "python"}


def read(folder: Path, *rows: Any, **options: Any) -> list[Record | Dropped]:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path = folder / "rows.jsonl"
    path.write_bytes(b"\n".join(lines))
    return list(build("sources", "edits", {"path": str(path), **options}, Parts(home=folder)).records())


def edit(folder: Path, **changes: Any) -> Edit:
    (found,) = read(folder, {**ROW, **changes})
    assert isinstance(found, Edit), found
    return found


def reason(folder: Path, row: Any, **options: Any) -> str:
    (found,) = read(folder, row, **options)
    assert isinstance(found, Dropped), found
    return found.reason


def test_commitpackft_rows_are_read_with_their_licence_and_first_repository(tmp_path: Path) -> None:
    row = {
        "commit": "c0ffee",
        "old_file": "src/a.py",
        "new_file": "src/a.py",
        "old_contents": "a\n",
        "new_contents": "b\n",
        "subject": "Use b",
        "message": "Use b\n\nBecause.",
        "lang": "Python",
        "license": "apache-2.0",
        "repos": "one/first,two/second",
    }
    (found,) = read(tmp_path, row)
    assert isinstance(found, Edit)
    assert (found.instruction, found.path, found.language, found.pre, found.post) == (
        "Use b",
        "src/a.py",
        "python",
        "a\n",
        "b\n",
    )
    assert found.metadata["message"] == "Use b\n\nBecause."
    assert (found.origin.address, found.origin.revision, found.origin.licence) == (
        "one/first",
        "c0ffee",
        "Apache-2.0",
    )
    assert found.origin.licence_evidence == "row: apache-2.0"


def test_before_and_after_are_other_words_for_pre_and_post(tmp_path: Path) -> None:
    (found,) = read(tmp_path, {"subject": "s", "before": "x", "after": "y", "lang": "TypeScript", "tier": "mixed"})
    assert isinstance(found, Edit)
    assert (found.pre, found.post, found.path, found.tags["tier"]) == ("x", "y", "main.ts", "mixed")


def test_a_task_is_read_as_it_is(tmp_path: Path) -> None:
    task = make_task()
    assert read(tmp_path, task.to_json().encode()) == [task]


def test_a_task_whose_id_does_not_hold_is_corrupt(tmp_path: Path) -> None:
    changed = json.loads(make_task().to_json()) | {"instruction": "Something else"}
    assert reason(tmp_path, changed) == "corrupt_line"


def test_an_edit_that_was_written_is_read_back(tmp_path: Path) -> None:
    first = edit(tmp_path, license="mit", repo="a/b", kind="rewrite")
    assert read(tmp_path, first.to_json().encode()) == [first]


def test_a_rule_without_words_becomes_an_instruction(tmp_path: Path) -> None:
    row = {"rule": "no-var", "title": "loops", "before": "var a", "after": "let a", "lang": "javascript"}
    (found,) = read(tmp_path, row)
    assert isinstance(found, Edit)
    assert found.instruction == "Apply the rule `no-var`: loops"
    assert found.tags["rule"] == "no-var"


def test_a_corrupt_line_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = read(tmp_path, ROW, b"{not json", b'{"pre": "\xff"}', b"[1]", b"", {**ROW, "pre": 3}, ROW)
    assert [type(one).__name__ for one in found] == ["Edit", "Dropped", "Dropped", "Dropped", "Dropped", "Edit"]
    dropped = [one for one in found if isinstance(one, Dropped)]
    assert {one.reason for one in dropped} == {"corrupt_line"}
    assert [one.where.split(":")[1] for one in dropped] == ["2", "3", "4", "6"]
    assert "not UTF-8 at byte 9" in dropped[1].where


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"pre": "  \n"}, "blank_side"),
        ({"post": "a\n"}, "equal_sides"),
        ({"pre": "a\0"}, "nul_byte"),
        ({"pre": "\ud800"}, "corrupt_line"),
        ({"instruction": "Use \ud800"}, "corrupt_line"),
        ({"tags": {"kind": "\ud800"}}, "corrupt_line"),
        ({"instruction": ""}, "missing_column"),
        ({"language": "", "path": "README"}, "missing_column"),
    ],
)
def test_what_cannot_be_an_edit_is_dropped_by_reason(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    assert reason(tmp_path, {**ROW, **changes}) == wanted


def test_deep_nesting_is_a_corrupt_line(tmp_path: Path) -> None:
    assert reason(tmp_path, b"[" * 200_000) == "corrupt_line"


def test_lines_and_sides_over_their_caps_are_dropped(tmp_path: Path) -> None:
    assert reason(tmp_path, {**ROW, "pre": "a" * 500}, max_line_bytes=300) == "line_too_long"
    assert reason(tmp_path, {**ROW, "pre": "a" * 500}, max_side_bytes=300) == "too_large"


def test_the_line_after_one_that_is_too_long_keeps_its_number(tmp_path: Path) -> None:
    found = read(tmp_path, {**ROW, "pre": "a" * 900}, b"nonsense", ROW, max_line_bytes=200)
    assert [one.where.split(":")[1] for one in found if isinstance(one, Dropped)] == ["1", "2"]
    assert isinstance(found[2], Edit)


def test_an_unknown_licence_stays_unknown_and_says_what_was_read(tmp_path: Path) -> None:
    origin = edit(tmp_path, license="proprietary").origin
    assert (origin.licence, origin.licence_evidence) == (UNKNOWN_LICENCE, "row: proprietary")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.py", "a//b.py", "a\\b.py", "README", "x" * 2000 + ".py"])
def test_a_path_that_is_unsafe_or_of_another_language_is_replaced(tmp_path: Path, path: str) -> None:
    assert edit(tmp_path, path=path).path == "main.py"


def test_typescript_in_a_tsx_file_is_tsx(tmp_path: Path) -> None:
    found = edit(tmp_path, language="TypeScript", path="src/View.tsx")
    assert (found.language, found.path) == ("tsx", "src/View.tsx")


def test_sign_offs_and_addresses_are_cut_from_messages(tmp_path: Path) -> None:
    message = "Use b\n\nSigned-off-by: A Person <a@example.org>\nAsk b@example.org.\nCo-authored-by: B <b@example.org>"
    text = edit(tmp_path, message=message).metadata["message"]
    assert text == "Use b\n\nAsk ."


def test_carriage_returns_are_kept_and_tagged(tmp_path: Path) -> None:
    found = edit(tmp_path, pre="a\r\nb\r\n")
    assert (found.pre, found.tags["line_ends"]) == ("a\r\nb\r\n", "cr")


def test_a_dash_reads_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(ROW).encode())))
    (found,) = build("sources", "edits", {"path": "-"}, Parts(home=tmp_path)).records()
    assert found.origin.source == "stdin"


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"wanted JSON lines at .*nowhere"):
        list(build("sources", "edits", {"path": str(tmp_path / "nowhere")}, Parts(home=tmp_path)).records())


def test_tasks_and_edits_come_in_the_order_of_the_lines(tmp_path: Path) -> None:
    found = read(tmp_path, ROW, make_task().to_json().encode(), {**ROW, "pre": "c\n"})
    assert [type(one) for one in found] == [Edit, Task, Edit]
