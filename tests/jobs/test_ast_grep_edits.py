"""Edits on bytes and the tidy layout."""

from __future__ import annotations

import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracewright.jobs._ast_grep.cli import binary, scan
from tracewright.jobs._ast_grep.edits import Edit, apply, choose
from tracewright.jobs._ast_grep.layout import tidy
from tracewright.jobs._ast_grep.lines import changed_lines
from tracewright.jobs._ast_grep.rules import compile_rules, rules_file

_EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "1"]),
    lambda inner: st.builds("{}({})".format, st.sampled_from(["f", "g"]), st.lists(inner, max_size=3).map(", ".join)),
    max_leaves=12,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_EXPRESSIONS, min_size=1, max_size=4))
def test_our_own_application_writes_what_the_cli_writes(lines: list[str]) -> None:
    source = "".join(f"{line}\n" for line in lines).encode()
    rules = compile_rules(
        [
            {"language": "py", "rule": {"pattern": "f($A)"}, "fix": "g($A, $A)"},
            {"language": "py", "rule": {"pattern": "g($$$A)"}, "fix": "h($$$A)"},
            {"language": "py", "rule": {"kind": "integer"}, "fix": "22"},
        ]
    )
    edits = choose(match.edit for match in scan(rules, {"a.py": source}) if match.edit)
    assert apply(source, edits) == _updated_by_the_cli(source, rules_file(rules))


def _updated_by_the_cli(source: bytes, rules: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.py").write_bytes(source)
        (Path(folder) / "rules.yml").write_text(rules, encoding="utf-8")
        subprocess.run([binary(), "scan", "-r", "rules.yml", "-U", "--", "a.py"], cwd=folder, check=True)
        return (Path(folder) / "a.py").read_bytes()


@pytest.mark.parametrize(
    ("source", "gone", "left"),
    [
        ("a\n\nx\n\nb\n", "x", "a\n\nb\n"),
        ("a\nx\nb\n", "x", "a\nb\n"),
        ("a\n\n\nx\n\n\nb\n", "x", "a\n\n\nb\n"),
        ("a\n    x\n", "x", "a\n"),
        ("x\n", "x", ""),
        ("a\nx", "x", "a\n"),
        ("f(a, x b)\n", "x", "f(a, b)\n"),
        ("f(x b)\n", "x", "f(b)\n"),
        ("f(a x)\n", "x", "f(a)\n"),
        ("a x\n", "x", "a\n"),
    ],
)
def test_what_goes_takes_its_line_or_its_blank_with_it(source: str, gone: str, left: str) -> None:
    start = source.index(gone)
    edits = tidy(source.encode(), (Edit(start, start + len(gone), b""),))
    assert apply(source.encode(), edits).decode() == left


def test_neighbours_that_go_leave_one_blank_line() -> None:
    source = b"a\n\nx\ny\n\nb\n"
    edits = tidy(source, (Edit(3, 4, b""), Edit(5, 6, b"")))
    assert apply(source, edits) == b"a\n\nb\n"


def test_blank_lines_inside_inserted_text_hold_no_blanks() -> None:
    edits = tidy(b"    x\n", (Edit(4, 5, b"a\n    \n    b"),))
    assert apply(b"    x\n", edits) == b"    a\n\n    b\n"


_TEXTS = st.text(alphabet="ab \n", max_size=30)


@given(_TEXTS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4))
def test_tidy_edits_stay_in_order_and_never_overlap(text: str, spans: list[tuple[int, int]]) -> None:
    source = text.encode()
    edits = choose(Edit(min(a, b), max(a, b), b"") for a, b in spans if max(a, b) <= len(source))
    tidied = tidy(source, edits)
    assert all(left.end <= right.start for left, right in pairwise(tidied))
    assert all(edit.end <= len(source) for edit in tidied)


@given(_TEXTS, _TEXTS)
def test_lines_outside_the_changed_ranges_are_all_kept(before: str, after: str) -> None:
    lines = before.splitlines()
    kept = [line for i, line in enumerate(lines) if not any(a <= i < b for a, b in changed_lines(before, after))]
    remaining = iter(after.splitlines())
    assert all(any(line == other for other in remaining) for line in kept)
