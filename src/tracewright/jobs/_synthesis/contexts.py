"""Finds how a pattern must be written so that it parses as the node that it stands for.

Many nodes are no statement or expression of their own (a pair, a clause, a parameter); they need a context to be parsed
in and a selector to be found by. A wrapper is right when the pattern matches the node that it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from ast_grep_py import SgNode

from tracewright.jobs._synthesis.abstract import dedented, indent_of
from tracewright.jobs._synthesis.tree import Node

MOST_WRAPPERS = 3

_JAVA_BODY = "class C { void f() { … } }"
_SCRIPT = (
    "({ … })", "class C { … }", "f(…)", "f…", "function f(…) {}", "(…) => 0", "import { … } from 'm'",
    "import … from 'm'", "export { … }", "let x… = 1", "let x: … = y", "let …", "interface I { … }", "type T = …",
    "type T = { … }", "switch (a) { … }", "try {} …", "if (a) {} …", "if (a) { … }", "if …", "enum E { … }",
    "enum E …", "function f()… {}", "function f() …", "class C … {}", "class C …", "x as …", "`…`", "<a …/>", "<…/>",
    "<a>…</a>", "f<…>()", "f…()", "… class C {}", "class C { … f() {} }", "class C { … x; }", "for (… of y) {}",
    "({ … } = y)", "function f({ … }) {}",
)  # fmt: skip
_WRAPPERS: dict[str, tuple[str, ...]] = {
    "Python": (
        "f(…)", "f…", "def f(…): pass", "def f…: pass", "lambda …: 0", "{…}", "[x …]", "…\ndef f(): pass",
        "try:\n    pass\n…", "if a:\n    pass\n…", "import …", "from m import …", "from … import x", "with …: pass",
        "class C(…): pass", "class C…: pass", "def f() -> …: pass", "x: … = 1", "f'…'", "a[…]", "for … in x: pass",
        "match x:\n    …", "try:\n    pass\nexcept …: pass", "global …", "not …",
    ),
    "JavaScript": _SCRIPT,
    "TypeScript": _SCRIPT,
    "Tsx": _SCRIPT,
    "Java": (
        "class C { … }", _JAVA_BODY, "class C { void f(…) {} }", "class C { void f() { g(…); } }",
        "class C { void f() { g…; } }", "class C { Object x = …; }", "class C { Object …; }", "… class C {}",
        "class C { … void f() {} }", "class C { … x; }", "class C { void f() … {} }",
        "class C { void f() throws … {} }", "class C { void f() { try {} … } }",
        "class C { void f() { try (…) {} } }", "class C { void f() { switch (a) { … } } }", "class C … {}",
        "class C extends … {}", "class C implements … {}", "class C<…> {}", "class C { List<…> x; }",
        "class C { List… x; }", "enum E { … }", "@A(…) class C {}", "@A… class C {}", "import …;",
        "interface I { … }", "class C { void f() { if (a) {} … } }", "class C { void f() … }",
        "class C { void f… {} }", "class C { void f() { int[] a = …; } }", "class C …",
        "class C { void f() { for (… : y) {} } }",
    ),
}  # fmt: skip


class Contexts:
    """Remembers which wrappers fit a kind of node: those in which the first of its kind is found by its own text."""

    def __init__(self, language: str) -> None:
        self._wrappers = ("…", *_WRAPPERS.get(language, ()))
        self._fitting: dict[str, tuple[str, ...]] = {}

    def fit(self, node: Node, pattern: str, names: Iterable[tuple[str, bool]]) -> dict[str, Any] | None:
        """Return the rule of `pattern` for nodes like this one, None where no way of writing it matches the node.

        `names` are the metavariables that the pattern must bind, and whether they stand for many nodes.
        """
        wanted = tuple(names)
        rules = (_rule(wrapper, node.kind, pattern) for wrapper in self._fitting_kind(node))
        return next((rule for rule in rules if _matches(node.native, rule, wanted)), None)

    def _fitting_kind(self, node: Node) -> tuple[str, ...]:
        fitting = self._fitting.get(node.kind)
        if fitting is None:
            text = dedented_text(node)
            found = (
                wrapper for wrapper in self._wrappers if _matches(node.native, _rule(wrapper, node.kind, text), ())
            )
            fitting = self._fitting[node.kind] = tuple(islice(found, MOST_WRAPPERS))
        return fitting


def _rule(wrapper: str, kind: str, pattern: str) -> dict[str, Any]:
    if wrapper == "…":
        return {"kind": kind, "pattern": pattern}
    line = wrapper[: wrapper.index("…")].rpartition("\n")[2]
    margin = "\n" + line if line.isspace() else "\n"
    context = wrapper.replace("…", pattern.replace("\n", margin), 1)
    return {"kind": kind, "pattern": {"context": context, "selector": kind}}


def _matches(native: SgNode, rule: dict[str, Any], names: tuple[tuple[str, bool], ...]) -> bool:
    try:
        if not native.matches(**rule):
            return False
        found = native.find(**rule)
    except RuntimeError:  # the binding's word for a rule that it cannot read
        return False
    # Where the text of a metavariable was not parsed as one, the CLI would refuse the fix.
    return found is not None and all(
        found.get_multiple_matches(name) or found.get_match(name) is not None
        if many
        else found.get_match(name) is not None
        for name, many in names
    )


def dedented_text(node: Node) -> str:
    """Return the text of a node as if its line were not indented."""
    return "".join(part for part in dedented([node.text], indent_of(node)) if isinstance(part, str))
