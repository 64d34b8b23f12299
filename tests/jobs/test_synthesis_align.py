"""The alignment of two trees and the spans that follow from it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tracewright.jobs._synthesis.example import Example, example_of

_STATEMENTS = st.sampled_from(["a = 1", "b = f(a)", "f(a, b)", "if a:\n    b()", "return", "f(g(a))", "# note"])
_TEXTS = st.lists(_STATEMENTS, min_size=1, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines))


def changed(example: Example) -> list[str]:
    return [leaf.text for i, leaf in enumerate(example.pre.leaves) if example.alignment.changed(i)]


def test_an_inserted_argument_leaves_all_others_paired() -> None:
    example = example_of("f(a, b)\n", "f(x, a, b)\n", "Python")
    assert changed(example) == []
    assert [example.post.leaves[j].text for j, i in enumerate(example.alignment.backward) if i < 0] == ["x", ","]


def test_a_wrapped_expression_is_found_inside_its_wrapper() -> None:
    assert changed(example_of("x = f(a)\n", "x = await f(a)\n", "Python")) == []


def test_a_removed_statement_is_all_that_changed() -> None:
    assert changed(example_of("a()\nb()\nc()\n", "a()\nc()\n", "Python")) == ["b", "(", ")"]


def test_other_blanks_between_the_same_leaves_are_a_unit() -> None:
    example = example_of("f(a,\n  b)\ng()\n", "f(a, b)\ng()\n", "Python")
    assert (len(example.tokens), len(example.units)) == (0, 1)


def test_a_span_may_take_what_was_inserted_beside_it() -> None:
    example = example_of("f(a)\n", "f(x, a)\n", "Python")
    leaf = next(leaf for leaf in example.pre.leaves if leaf.text == "a")
    spans = {example.post.span_text(lo, hi) for lo, hi in example.became(leaf.lo, leaf.hi)}
    assert spans == {"a", "x, a"}


@settings(max_examples=60, deadline=None)
@given(_TEXTS, _TEXTS)
def test_pairs_never_cross_and_the_whole_became_the_whole(pre: str, post: str) -> None:
    example = example_of(pre, post, "Python")
    partners = [partner for partner in example.alignment.forward if partner >= 0]
    assert all(left < right for left, right in pairwise(partners))
    assert (0, len(example.post.leaves)) in example.became(0, len(example.pre.leaves))
