"""Cutting long texts at top-level boundaries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracewright.sources._code.cut import parts

TEXT = """import a

def one():
    return 1

def two():
    return 2

def three():
    text = \"\"\"
def inside():
\"\"\"

    return text
"""


def test_a_text_that_fits_is_its_only_part() -> None:
    assert [part.text for part in parts(TEXT, 1000, 1)] == [TEXT]


def test_parts_are_runs_of_whole_blocks_with_their_lines() -> None:
    found = [(part.text.splitlines()[0], part.first, part.last) for part in parts(TEXT, 50, 1)]
    assert found == [("import a", 1, 4), ("def two():", 6, 7)]


def test_a_long_string_is_not_cut() -> None:
    assert not any("def inside" in part.text for part in parts(TEXT, 50, 1))


def test_short_runs_are_left_out() -> None:
    assert [part.first for part in parts(TEXT, 50, 3)] == [1]


@given(st.text(alphabet="ab \n\"'", max_size=400), st.integers(1, 100), st.integers(1, 4))
def test_a_part_is_the_lines_that_it_names(text: str, max_bytes: int, min_lines: int) -> None:
    lines = text.splitlines(keepends=True)
    for part in parts(text, max_bytes, min_lines):
        assert part.text == "".join(lines[part.first - 1 : part.last])
        assert len(part.text.encode()) <= max_bytes
        assert part.last - part.first + 1 >= min_lines
