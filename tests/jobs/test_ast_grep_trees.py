"""Digests of trees: blanks inside a literal are part of the program, blanks between its tokens are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.plain_walk import hold_against_the_plain_walk
from tracewright.jobs._ast_grep.trees import same_tree, shape
from tracewright.jobs.ast_grep import run


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("python", 'x = "a"\n', 'x = "a "\n'),
        ("python", r'x = "\nabc"', r'x = "\nxyz"'),
        ("python", r'x = "a\nb"', r'x = "a\n  b"'),
        ("python", "x = f'{a:.2f}'\n", "x = f'{a:.3f}'\n"),
        ("javascript", "x = ` a`;\n", "x = `a`;\n"),
        ("javascript", "/a /.test(x);\n", "/a/.test(x);\n"),
        ("typescript", 'x = "a";\n', 'x = " a";\n'),
        ("java", 'class A { String s = "a"; }\n', 'class A { String s = "a "; }\n'),
        ("lua", r'x = "a\nb"', r'x = "a\nc"'),
        ("scala", 'val x = s"a${b}c"\n', 'val x = s"a${b}d"\n'),
    ],
)
def test_what_a_literal_says_is_in_the_digest_to_the_blank(language: str, one: str, other: str) -> None:
    assert shape(one, language).digest != shape(other, language).digest


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("python", r'x = ["a\nb", 1]', 'x = [\n    "a\\nb",\n    1]\n'),
        ("python", 'x = f"{a}"\n', 'x = f"{ a }"\n'),
        ("python", 'x = ("a" "b")\n', 'x = ("a"\n     "b")\n'),
        ("javascript", "x = `${a}`;\n", "x = `${ a }`;\n"),
        ("typescript", "type A = `a${B}`;\n", "type A = `a${ B }`;\n"),
        ("cpp", "template<class T> void f() {}\n", "template <class T>  void f( ) {}\n"),
    ],
)
def test_blanks_between_the_tokens_are_not_even_inside_an_interpolation(language: str, one: str, other: str) -> None:
    assert shape(one, language).digest == shape(other, language).digest


@pytest.mark.parametrize(
    ("rewrite", "changed"), [("foo($A)  # why", False), ("foo( $A )", False), ("bar($A)", True), ("foo($A, 1)", True)]
)
def test_a_rule_tells_whether_more_changed_than_layout_and_comments(rewrite: str, changed: bool) -> None:
    request = {"op": "apply", "pattern": "foo($A)", "rewrite": rewrite, "language": "python"}
    assert run(request, {"a.py": "foo(1)\n"}, {}).result["code_changed"] == {"a.py": changed}


def test_whether_the_code_changed_is_told_of_the_base() -> None:
    request = {"op": "apply", "pattern": "bar(1)", "rewrite": "foo(1)", "language": "python"}
    done = run({**request, "base": {"a.py": "foo(1)  # one\n"}}, {"a.py": "bar(1)\n"}, {})
    assert done.result["code_changed"] == {"a.py": False}


@pytest.mark.parametrize("edit", [("b", "c"), ("  # a", ""), ("# a", "# z"), ("def", "async def"), ("\n\n", "\n")])
def test_a_tree_is_held_against_another_as_their_digests_are(edit: tuple[str, str]) -> None:
    text = "def f(a):\n    return a  # a\n\n\nb = [1, 2]\n"
    other = text.replace(*edit, 1)
    known = shape(text, "Python")

    assert same_tree(other, "Python", known) == (shape(other, "Python").digest == known.digest)
    assert not same_tree(text + "x = 1\n", "Python", known)
    assert not same_tree("", "Python", known)


TEXT = '''# one
def f(a, b="x  y", *c):
    """Say
      it."""
    if a: return f"{a:>3} {b!r}"  # two
    return "a\\tb " 'é' + r'\\d'


class C(D): x = [1, (2, {3: 4})]
'''


@given(st.integers(0, len(TEXT)), st.integers(0, 12), st.sampled_from(["", "(", '"', "#", "x", "\n", "{", '"""']))
def test_the_quick_walk_says_what_a_plain_one_says_of_any_broken_text(at: int, gone: int, put: str) -> None:
    broken = TEXT[:at] + put + TEXT[at + gone :]
    hold_against_the_plain_walk(broken, "Python")
    known = shape(TEXT, "Python")
    assert same_tree(broken, "Python", known) == (shape(broken, "Python").digest == known.digest)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("Python", ""),
        ("Python", "  \n"),
        ("JavaScript", "const a = `one\n${two} \\n three`; /* x */ f(/a b/g, 'c'\n"),
        ("TypeScript", "let a: Map<string, 'b'> = {c: [1,, 2]} // d"),
        ("Java", 'class A { String s = "a\\tb" + """\n  c\n  """; char d = \'e\'; }'),
        ("Ruby", 'a = <<~B\n  c #{d}\nB\n%w[e f].each { |g| puts "h#{g}" } # i\n'),
        ("Bash", 'cat <<E | grep "a $b"\nc $d\nE\n'),
        ("Html", "<p>a <b>c</b></p><!-- d --><script>let e = 1</script>"),
        ("Rust", 'fn a() { let b = r#"c\\nd"#; /* e */ println!("{}", \'f\') '),
    ],
)
def test_the_quick_walk_says_what_a_plain_one_says_in_any_grammar(language: str, text: str) -> None:
    hold_against_the_plain_walk(text, language)
