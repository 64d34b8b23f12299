"""The job kind `ast_grep`: what it applies, what it tells, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tracewright.jobs import Result
from tracewright.jobs.ast_grep import run


def apply(text: str, path: str = "a.py", **request: Any) -> Result:
    return run({"op": "apply", **request}, {path: text}, {})


def rename(text: str, path: str = "a.py", **request: Any) -> Result:
    return apply(text, path, pattern="foo($A)", rewrite="bar($A)", language="Python", **request)


def test_a_short_rule_rewrites_every_match() -> None:
    done = rename("x = foo(1)\ny = foo(z)\n")
    assert done.status == "ok"
    assert done.files == {"a.py": "x = bar(1)\ny = bar(z)\n"}


def test_several_documents_are_applied_in_one_pass() -> None:
    rules = "language: python\nrule: {pattern: foo($A)}\nfix: bar($A)\n---\nlanguage: py\nrule: {pattern: x}\nfix: y\n"
    assert apply("x = foo(1)\n", rules=rules).files == {"a.py": "y = bar(1)\n"}


def test_the_outer_match_wins_and_the_next_pass_takes_the_inner() -> None:
    assert rename("foo(foo(1))\n").files == {"a.py": "bar(foo(1))\n"}
    done = rename("foo(foo(1))\n", passes=5)
    assert done.files == {"a.py": "bar(bar(1))\n"}
    assert (done.result["passes"], done.result["converged"]) == (2, True)


def test_a_rule_that_never_comes_to_rest_is_told() -> None:
    done = apply("f(1)\n", pattern="f($A)", rewrite="f(f($A))", language="py", passes=3)
    assert done.result["converged"] is False
    assert "3 passes" in done.message


def test_offsets_are_bytes_of_the_file_as_given() -> None:
    assert rename("xé = foo(1)\n").result["matches"] == [
        {"rule": "r0", "path": "a.py", "start": 6, "end": 12, "line": 0}
    ]
    assert rename("x = 1\r\nfoo(1)\r\n").result["matches"][0]["start"] == 7


def test_carriage_returns_are_kept_on_every_line() -> None:
    done = apply("foo(1)\r\nx = 1\r\n", pattern="foo($A)", rewrite="a()\nb($A)", language="py")
    assert done.files == {"a.py": "a()\r\nb(1)\r\nx = 1\r\n"}


def test_the_ids_of_many_rules_keep_their_order() -> None:
    rules = "\n---\n".join(f"language: py\nrule: {{kind: integer, regex: ^1$}}\nfix: '{k}'" for k in range(20, 32))
    done = apply("x = 1\n", rules=rules)
    assert done.files == {"a.py": "x = 20\n"}
    assert done.result["per_rule"][0] == {"id": "r00", "matches": 1, "has_metavariable": False}


def test_the_facts_name_the_lines_that_changed_and_the_errors_left() -> None:
    done = apply("a = 1\nfoo(1)\n", pattern="foo($A)", rewrite="bar((", language="py")
    assert done.result["changed_lines"] == {"a.py": [[1, 2]]}
    assert done.result["parse_errors"] == {"a.py": 1}


def test_a_match_that_changes_nothing_is_no_change() -> None:
    done = apply("foo(1)\n", pattern="foo($A)", rewrite="foo($A)", language="py")
    assert (done.status, done.result["changed"], done.files) == ("ok", False, {})


def test_a_literal_that_spans_lines_is_told_when_its_blanks_move() -> None:
    text = 'def f():\n    x = foo("""a\n  b\n""")\n'
    assert rename(text).result["string_changed"] is True
    assert rename("foo(1)\n").result["string_changed"] is False


def test_only_the_named_paths_are_touched() -> None:
    request = {"op": "apply", "pattern": "foo", "rewrite": "bar", "language": "py", "paths": ["b.py"]}
    done = run(request, {"a.py": "foo\n", "b.py": "foo\n"}, {})
    assert done.files == {"b.py": "bar\n"}


def test_hidden_paths_are_scanned_like_others() -> None:
    assert rename("foo(1)\n", ".hidden/.a.py").files == {".hidden/.a.py": "bar(1)\n"}


def test_a_file_of_another_language_is_no_match() -> None:
    assert rename("foo(1)\n", "a.js").code == "no_file"
    assert rename("x\n").code == "no_match"


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("pattern_error", "{language: py, rule: {pattern: 'foo(('}, fix: x}"),
        ("pattern_error", "{language: py, rule: {kind: call, pattern: 'a($A) $B'}, fix: x}"),
        ("undefined_metavariable", "{language: py, rule: {pattern: foo($A)}, fix: $B}"),
        ("unknown_language", "{language: klingon, rule: {pattern: foo}, fix: x}"),
        ("rule_without_kind", "{language: py, rule: {regex: foo}, fix: x}"),
        ("unknown_kind", "{language: py, rule: {kind: nope}, fix: x}"),
        ("regex_error", "{language: py, rule: {kind: call, regex: (}, fix: x}"),
        ("undefined_rule", "{language: py, rule: {kind: call, matches: other}, fix: x}"),
        ("bad_field", "{language: py, rule: {pattern: a, bogus: 1}, fix: x}"),
        ("bad_field", "{language: py, rule: {pattern: a}, fix: x, files: ['*']}"),
        ("bad_rules", "[1, 2"),
        ("bad_rules", ""),
        ("bad_rules", "{language: py, rule: &a {not: *a}, fix: x}"),
        ("duplicate_rule_id", "\n---\n".join(["{id: a, language: py, rule: {pattern: a}, fix: b}"] * 2)),
        ("too_many_rules", "\n---\n".join(["{language: py, rule: {pattern: a}, fix: b}"] * 65)),
        ("rules_too_long", "#" * 70_000),
    ],
)
def test_a_rule_that_cannot_run_is_an_action_error_with_a_code_of_its_own(code: str, rules: str) -> None:
    done = apply("foo(1)\n", rules=rules)
    assert (done.status, done.code) == ("action_error", code)
    assert done.message


@pytest.mark.parametrize(
    "request_fields",
    [
        {"op": "erase"},
        {"op": "apply", "rules": "x", "pattern": "y"},
        {"op": "apply", "pattern": "x"},
        {"op": "apply", "pattern": "x", "language": "py", "passes": 21},
        {"op": "apply", "pattern": "x", "language": "py", "passes": True},
        {"op": "apply", "pattern": "x", "language": "py", "layout": "pretty"},
        {"op": "apply", "pattern": "x", "language": "py", "flags": ["--no-ignore"]},
        {"op": "facts", "against": {"a.py": 1}},
    ],
)
def test_a_request_that_is_not_one_is_refused(request_fields: dict[str, Any]) -> None:
    done = run(request_fields, {"a.py": "x\n"}, {})
    assert (done.status, done.code) == ("action_error", "bad_field")


def test_half_a_character_is_refused_and_does_not_break_the_job() -> None:
    assert rename("foo('\ud800')\n").code == "bad_text"


def test_the_tree_digest_looks_past_blanks_and_comments_but_not_past_blocks() -> None:
    first = run({"op": "facts"}, {"a.py": "if a:\n    b()\nc()\n"}, {}).result["tree"]
    laid_out = run({"op": "facts"}, {"a.py": "if  a:  # why\n      b()\n\nc( )\n"}, {}).result["tree"]
    nested = run({"op": "facts"}, {"a.py": "if a:\n    b()\n    c()\n"}, {}).result["tree"]
    assert first == laid_out
    assert first != nested


def test_two_texts_are_compared() -> None:
    files = {"a.py": "x = 1\ny = 2\n", "b.py": "x = 1\n", "c.py": "x = 1\n"}
    against = {"a.py": "x = 1\ny = 3\n", "b.py": "x  = 1\n", "c.py": "x = 1  # one\n"}
    facts = run({"op": "facts", "against": against}, files, {}).result
    assert facts["changed_lines"]["a.py"] == [[1, 2]]
    assert facts["layout_only"] == {"a.py": False, "b.py": True, "c.py": False}
    assert facts["comment_only"] == {"a.py": False, "b.py": False, "c.py": True}


def test_an_unknown_language_word_does_not_panic() -> None:
    assert run({"op": "facts", "language": "klingon"}, {"a.py": "x"}, {}).code == "unknown_language"
    assert run({"op": "facts"}, {"notes.txt": "x"}, {}).result["tree"] == {}
