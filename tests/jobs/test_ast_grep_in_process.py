"""The fast way of scanning: what the binding answers is what the CLI answers; what it cannot tell, the CLI is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.jobs._ast_grep import cli, in_process
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.rules import Rule, compile_rules

SOURCES = {
    "python": """def f(a, b=1):
    x = foo(1, 'é')
    if x:
        return foo(
            a,
            bar(b),
        )
    print(foo())  # ü
    y = x;
""",
    "javascript": """const a = foo(1, 'é');
function g(x) {
  if (x) {
    return foo(
      x,
      `${x}`,
    );
  }
  foo()
  let y = x;
}
""",
    "typescript": """type T = { a: number; b?: string };
const a: T = foo(1);
class C {
  private x = foo(this.x, 2,);
}
""",
    "java": """class A {
  int x = foo(1, "é");
  void f(int a) {
    foo(
        a,
        2);
    return;
  }
}
""",
}
PATTERNS = [
    "foo($$$A)",
    "foo($A)",
    "foo($A, $B)",
    "foo($A, $$$B)",
    "foo($$$)",
    "foo()",
    "$F($A)",
    "$F($$$A)",
    "return $A",
    "return $A;",
    "let $A = $B",
    "$A = $B",
    "const $A = $B;",
    "if ($A) { $$$B }",
    "if $A:\n    $$$B",
    "$A",
    "$$$A",
    "$_",
    "foo(",
    "x; y",
    "print(foo())",
    "'$A'",
    "foo($a)",
    "µA",
    "int x = $A;",
    "class $C { $$$B }",
]
KINDS = ["call", "call_expression", "identifier", "string", "block", "return_statement", "method_invocation", "nothing"]
TEMPLATES = [
    "",
    "bar",
    "bar($A)",
    "bar($$$A)",
    "bar($B, $A)",
    "$A\n$B",
    "if ok:\n    bar($A)\n\n    $$$B",
    "{\n  $$$A\n}",
    "${A}",
    "$a $$A",
    "$_X",
    "x $C",
    "$T",
    "é($$$B)",
]

patterns = st.sampled_from(PATTERNS)
atoms = st.one_of(
    st.builds(lambda text: {"pattern": text}, patterns),
    st.builds(lambda kind: {"kind": kind}, st.sampled_from(KINDS)),
    st.builds(lambda text, kind: {"pattern": text, "kind": kind}, patterns, st.sampled_from(KINDS)),
    st.builds(lambda text, kind: {"pattern": {"context": text, "selector": kind}}, patterns, st.sampled_from(KINDS)),
)
relations = st.builds(
    lambda rule, stop, field: {**rule, **stop, **field},
    atoms,
    st.sampled_from([{}, {"stopBy": "end"}, {"stopBy": "neighbor"}, {"stopBy": {"kind": "block"}}]),
    st.sampled_from([{}, {}, {"field": "body"}, {"field": "nowhere"}]),
)
extras = st.one_of(
    st.just({}),
    st.builds(lambda name, rule: {name: rule}, st.sampled_from(["inside", "has", "precedes", "follows"]), relations),
    st.builds(lambda name, rules: {name: rules}, st.sampled_from(["all", "any"]), st.lists(atoms, max_size=2)),
    st.builds(lambda rule: {"not": rule}, atoms),
    st.sampled_from(
        [{"regex": "foo"}, {"regex": "("}, {"nthChild": 1}, {"matches": "other"}, {"kind": None}, {"no": 1}]
    ),
)
additions = st.sampled_from(
    [
        {},
        {},
        {},
        {"constraints": {"A": {"regex": "^[a-z]"}}},
        {"constraints": {"A": {"kind": "identifier"}}},
        {"constraints": {"Z": {"regex": "x"}}},
        {"transform": {"T": {"replace": {"source": "$A", "replace": "o", "by": "0"}}}},
        {"transform": {"T": {"substring": {"source": "$A", "startChar": 1}}}},
        {"transform": {"T": {"convert": {"source": "$A", "toCase": "upperCase"}}}},
        {"transform": {"T": "replace($A, replace=o, by=0)"}},
        {"transform": {"A": {"substring": {"source": "$B"}}}},
        {"utils": {"other": {"kind": "call"}}},
    ]
)
fixes = st.one_of(
    st.just({}),
    st.builds(lambda text: {"fix": text}, st.sampled_from(TEMPLATES)),
    st.builds(lambda text: {"fix": {"template": text}}, st.sampled_from(TEMPLATES)),
)
documents = st.builds(
    lambda atom, extra, addition, fix: {"rule": {**atom, **extra}, **addition, **fix}, atoms, extras, additions, fixes
)


def by_cli(rules: tuple[Rule, ...], files: dict[str, bytes]) -> Any:
    try:
        return cli.scan(rules, files)
    except Refusal as refusal:
        return refusal.code


def rules_of(*documents: dict[str, Any], language: str = "python") -> tuple[Rule, ...]:
    return compile_rules([{**document, "language": language} for document in documents])


@given(document=documents, language=st.sampled_from(sorted(SOURCES)), margin=st.sampled_from(["", "\n", "  ", "\t"]))
def test_an_answer_is_that_of_the_cli(document: dict[str, Any], language: str, margin: str) -> None:
    rules = rules_of(document, language=language)
    files = {f"a.{SUFFIXES[language]}": (margin + SOURCES[language]).encode()}
    found = in_process.attempt(rules, files)
    if found is not None:
        assert found == by_cli(rules, files)


SUFFIXES = {"python": "py", "javascript": "js", "typescript": "ts", "java": "java"}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"rule": {"pattern": "foo($A)"}, "fix": "bar($A)"}, "foo(1)\nfoo(foo(2))\n"),
        ({"rule": {"pattern": "foo($$$A)"}, "fix": "bar($$$A, ü)"}, "é = foo(1, é, 3)\n"),
        ({"rule": {"kind": "identifier", "regex": "^x$"}, "fix": "y"}, "x = xx + x\n"),
        (
            {"rule": {"pattern": "foo($A)"}, "fix": "bar(\n    $A,\n)"},
            "if x:\n    y = foo(\n        g(1,\n          2))",
        ),
        ({"rule": {"pattern": "foo($A)", "inside": {"kind": "block", "stopBy": "end"}}}, "if x:\n    foo(1)\n"),
    ],
)
def test_common_rules_need_no_process(document: dict[str, Any], text: str) -> None:
    rules, files = rules_of(document), {"a.py": text.encode()}
    found = in_process.attempt(rules, files)
    assert found
    assert found == cli.scan(rules, files)


@pytest.mark.parametrize(
    "document",
    [
        {"rule": {"pattern": "foo($A)"}, "fix": "bar($B)"},
        {"rule": {"pattern": "foo("}, "fix": "bar"},
        {"rule": {"regex": "foo"}, "fix": "bar"},
        {"rule": {"pattern": "$A"}, "fix": "bar"},
        {"rule": {"kind": "nothing"}, "fix": "bar"},
        {"rule": {"pattern": "foo($A)", "inside": {"kind": "block", "field": "nowhere"}}},
        {"rule": {"pattern": "foo($A)", "metadata": {}}},
    ],
)
def test_what_the_cli_refuses_is_left_to_it(document: dict[str, Any]) -> None:
    rules, files = rules_of(document), {"a.py": b"foo(1)\n"}
    assert in_process.attempt(rules, files) is None
    with pytest.raises(Refusal):
        in_process.scan(rules, files)


@pytest.mark.parametrize(
    "document",
    [
        {"rule": {"pattern": "foo($A)"}, "fix": {"template": "bar", "expandEnd": {"regex": ","}}},
        {"rule": {"matches": "call", "kind": "call"}, "utils": {"call": {"kind": "call"}}},
        {"rule": {"pattern": {"context": "foo($A)", "strictness": "ast"}}},
        {"rule": {"pattern": "foo($A)"}, "transform": {"T": {"rewrite": {"source": "$A", "rewriters": ["r"]}}}},
        {"rule": {"pattern": "foo(😀)"}},
    ],
)
def test_what_the_binding_cannot_do_is_left_to_the_cli(document: dict[str, Any]) -> None:
    assert in_process.attempt(rules_of(document), {"a.py": b"foo(1, 2)\n"}) is None


@pytest.mark.parametrize("text", ["# ast-grep-ignore\nfoo(1)\n", "foo(1)\r\n", "\ufefffoo(1)\n", "", "foo(1) \0"])
def test_texts_that_the_cli_reads_otherwise_are_left_to_it(text: str) -> None:
    assert in_process.attempt(rules_of({"rule": {"pattern": "foo($A)"}}), {"a.py": text.encode()}) is None


def test_the_whole_node_is_replaced_also_where_the_pattern_left_out_its_last_token() -> None:
    rules = rules_of({"rule": {"pattern": "let $A = $B"}, "fix": "var $A = $B"}, language="javascript")
    files = {"a.js": b"let a = 1;\n"}
    found = in_process.attempt(rules, files)
    assert found == cli.scan(rules, files)
    assert found
    assert found[0].edit
    assert found[0].edit.end == 10
