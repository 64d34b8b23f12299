"""SPDX expressions against an allow-list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.datasets.licences import allowed

LIST = ("MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only or Apache-2.0", True),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only AND MIT OR Apache-2.0", True),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", False),
        ("((MIT))", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only WITH GCC-exception-2.0", False),
        ("GPL-2.0-only", False),
        ("Apache-2.0+", True),
        ("LicenseRef-unknown", False),
        ("", False),
        ("MIT OR", False),
        ("OR MIT", False),
        ("MIT MIT", False),
        ("(MIT", False),
        ("MIT)", False),
        ("()", False),
        ("MIT, Apache-2.0", False),
        ("WITH", False),
        ("MIT WITH", False),
        ("MIT WITH WITH x", False),
        ("MIT WITH AND", False),
        ("(WITH x)", False),
        ("Orange OR MIT", True),
        ("(" * 5000 + "MIT" + ")" * 5000, False),
    ],
)
def test_an_expression_passes_by_its_operators(expression: str, expected: bool) -> None:
    assert allowed(expression, LIST) is expected


def test_an_empty_list_allows_nothing() -> None:
    assert not allowed("MIT", ())


ARMS = st.sampled_from(["MIT", "GPL-3.0-only", "ISC", "Apache-2.0 WITH LLVM-exception"])
TREES: st.SearchStrategy[object] = st.recursive(
    ARMS, lambda arms: st.tuples(st.sampled_from(["AND", "OR"]), arms, arms), max_leaves=8
)


def written(tree: object) -> str:
    match tree:
        case (operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case _:
            return str(tree)


def holds(tree: object) -> bool:
    match tree:
        case ("AND", left, right):
            return holds(left) and holds(right)
        case (_, left, right):
            return holds(left) or holds(right)
        case _:
            return str(tree).split()[0] in LIST


@given(TREES)
def test_nested_expressions_are_evaluated_as_they_are_bracketed(tree: object) -> None:
    assert allowed(written(tree), LIST) is holds(tree)


@given(st.text(alphabet="MIT()ANDORWITH +", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert allowed(text, LIST) in (True, False)
