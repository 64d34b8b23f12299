"""By-example rules: what is found from one text before and after, and that it really writes the text after."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracewright.jobs.ast_grep import run as ast_grep
from tracewright.jobs.infer_rules import run


def infer(pre: str, post: str, path: str = "a.py", **request: Any) -> list[dict[str, Any]]:
    """Return the candidates after holding each against what it says of itself."""
    found = run({"path": path, "post": post, **request}, {path: pre}, {}).result["candidates"]
    for candidate in found:
        assert (apply(candidate, pre, path) == post) is candidate["exact"]
    return list(found)


def apply(candidate: dict[str, Any], text: str, path: str = "a.py") -> str:
    fields = {name: candidate[name] for name in ("rules", "passes", "layout")}
    return ast_grep({"op": "apply", **fields}, {path: text}, {}).files.get(path) or text


@pytest.mark.parametrize(
    ("path", "pre", "post"),
    [
        ("a.py", "a = old(1)\nb = old(c)\n", "a = new(1)\nb = new(c)\n"),
        ("a.py", "f(a, drop=1)\nf(b, c, drop=1)\n", "f(a)\nf(b, c)\n"),
        ("a.py", "import os\nimport re\n\nx = 1\n", "import re\n\nx = 1\n"),
        ("a.py", "def f():\n    a()\n\n\ndef g():\n    b()\n", "def f():\n    a()\n\n\n@wrap\ndef g():\n    b()\n"),
        ("a.py", "if x == None:\n    y()\n", "if x is None:\n    y()\n"),
        ("a.py", "x = {'a': 1, 'b': 2}\n", "x = {'a': 1, 'c': 2}\n"),
        ("a.py", "# old words\nx = 'old text'\n", "# new words\nx = 'new text'\n"),
        ("a.py", "try:\n    a()\nexcept Exception:\n    b()\n", "try:\n    a()\nexcept ValueError:\n    b()\n"),
        ("a.js", "var a = 1;\nvar b = f(2);\n", "const a = 1;\nconst b = f(2);\n"),
        ("a.js", "const x = { a: 1, b };\n", "const x = { a: 1, c: b };\n"),
        ("a.ts", "let x: Old = f<Old>(1);\n", "let x: New = f<New>(1);\n"),
        ("A.java", "class A {\n  void f() throws E { g(); }\n}\n", "class A {\n  void f() { g(); }\n}\n"),
        ("a.go", "package a\n\nfunc f() { old(1) }\n", "package a\n\nfunc f() { fresh(1) }\n"),
        ("a.rs", "fn f() { a.old(1); }\n", "fn f() { a.fresh(1); }\n"),
    ],
)
def test_an_edit_is_found_and_written_to_the_byte(path: str, pre: str, post: str) -> None:
    assert infer(pre, post, path)[0]["exact"]


def test_a_rule_from_one_file_does_the_same_to_another() -> None:
    pre = "self.assertEqual(a, 1)\nself.assertEqual(f(b), [2, 3])\nself.check(a, 1)\n"
    post = "assert a == 1\nassert f(b) == [2, 3]\nself.check(a, 1)\n"
    best = infer(pre, post)[0]
    assert best["generalises"]
    assert apply(best, "self.assertEqual(x.y, (z))\n") == "assert x.y == (z)\n"


def test_a_rename_in_part_of_many_names_is_one_rule() -> None:
    pre = "test_old_a()\ntest_old_b()\ntest_old_c()\n"
    best = infer(pre, pre.replace("old", "new"))[0]
    assert best["rules_count"] == 1
    assert apply(best, "test_old_d()\n") == "test_new_d()\n"


def test_a_rename_among_like_names_is_narrowed_by_where_it_stands() -> None:
    pre = "x = data\nrun(data)\nrun(data, 1)\n"
    assert infer(pre, "x = data\nrun(rows)\nrun(rows, 1)\n")[0]["exact"]


def test_blank_lines_are_settled_too() -> None:
    pre = "def f():\n    a()\n\n    b()\n    c()\n"
    assert infer(pre, "def f():\n    a()\n    bb()\n    c()\n")[0]["exact"]


def test_a_rule_that_remembers_ranks_behind_one_that_generalises() -> None:
    found = infer("f(a)\ng(b)\n", "f(a, 1)\ng(b)\n")
    kinds = [candidate["memo"] for candidate in found if candidate["exact"]]
    assert kinds == sorted(kinds)


def test_the_best_comes_first_and_no_two_are_equal() -> None:
    found = infer("old(a)\nold(b)\n", "new(a)\nnew(b)\n", limit=4)
    assert 1 < len(found) <= 4
    assert len({candidate["rules"] for candidate in found}) == len(found)
    assert [not candidate["exact"] for candidate in found] == sorted(not candidate["exact"] for candidate in found)


def test_the_same_texts_give_the_same_answer() -> None:
    pre, post = "f(a, x)\ng(b, x)\nh(c, y)\n", "f(x, a)\ng(x, b)\nh(c, y)\n"
    assert infer(pre, post) == infer(pre, post)


def test_texts_with_carriage_returns_are_read_as_others() -> None:
    assert infer("old(1)\r\nx = 1\r\n", "new(1)\r\nx = 1\r\n")[0]["exact"]


def test_names_that_look_like_metavariables_stay_what_they_are() -> None:
    found = infer("f($OLD);\ng($X);\n", "f($NEW);\ng($X);\n", "a.js")
    assert all(candidate["exact"] for candidate in found)


@pytest.mark.parametrize(
    ("pre", "post", "reason"),
    [
        ("x = 1\n", "x = 1\n", "unchanged"),
        ("x = 1\n", "x  =  1\n", "layout_only"),
        ("", "x = 1\n", "no_rule_found"),
        ("x = 1\n" * 80_000, "y = 1\n", "too_large"),
    ],
)
def test_where_no_rule_can_do_it_the_reason_is_told(pre: str, post: str, reason: str) -> None:
    done = run({"path": "a.py", "post": post}, {"a.py": pre}, {})
    assert (done.status, done.code, done.result["reason"]) == ("no_match", reason, reason)


@pytest.mark.parametrize("fields", [{"post": 1}, {"post": "x", "limit": 0}, {"post": "x", "layout": "pretty"}])
def test_a_request_that_is_not_one_is_refused(fields: dict[str, Any]) -> None:
    assert run({"path": "a.py", **fields}, {"a.py": "x\n"}, {}).code == "bad_field"


def test_a_language_that_is_not_known_is_refused() -> None:
    assert run({"path": "a.txt", "post": "y"}, {"a.txt": "x"}, {}).code == "unknown_language"


_NAMES = st.sampled_from(["alpha", "beta", "gamma"])
_CALLS = st.builds("{}({}, {})".format, st.sampled_from(["old", "keep"]), _NAMES, st.integers(0, 9))


@settings(max_examples=25, deadline=None)
@given(st.lists(_CALLS, min_size=1, max_size=6))
def test_swapped_arguments_are_found_in_any_file_that_has_them(calls: list[str]) -> None:
    pre = "".join(f"{call}\n" for call in ["old(alpha, 1)", *calls])
    post = re.sub(r"old\((\w+), (\w+)\)", r"old(\2, \1)", pre)
    assert infer(pre, post)[0]["exact"]


def test_a_deep_or_a_long_text_is_no_trap() -> None:
    deep = "x = " + "(" * 400 + "{}" + ")" * 400 + "\n"
    assert infer(deep.format(1), deep.format(2))[0]["exact"]
    long = ", ".join(map(str, range(3000)))
    assert infer(f"x = [{long}]\n", f"x = [{long}, 3000]\n")[0]["exact"]
