"""Facts about a text's syntax tree: a digest that blanks and comments do not change, parse errors, leaves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ast_grep_py import SgNode, SgRoot

_METAVARIABLE = re.compile(r"\$\$\$[A-Z0-9_]*|\$[A-Z_][A-Z0-9_]*")
_MULTI_LINE_STRINGS = ("string", "template", "heredoc", "text_block")
_VERBATIM = re.compile(
    r"(?<!concatenated_)(?:string|char|character|regex|heredoc|text_block|format_specifier)"
    r"(?:_(?:literal|content|fragment|body|pattern|value))*$"
)
"""The kinds of nodes whose blanks are part of what the program says."""


@dataclass(frozen=True)
class Shape:
    """What a text is made of: `digest` over its tree, comments aside; `tokens` its leaves; `comments` their texts."""

    digest: str
    tokens: tuple[str, ...]
    comments: tuple[str, ...]
    errors: int


def shape(text: str, language: str) -> Shape:
    """Return the shape of a text; `language` must be a canonical name."""
    seal = hashlib.sha256()
    tokens: list[str] = []
    comments: list[str] = []
    errors = 0
    for node, entering in _events(SgRoot(text, language).root()):
        kind = node.kind()
        if is_comment(kind):
            comments += [node.text().strip()] if entering else []
            continue
        if not entering:
            seal.update(b")")
            continue
        leaf = node.is_leaf()
        own = node.text() if leaf else ""
        errors += kind == "ERROR" or _is_missing(node, leaf, own)
        tokens += [own.strip()] if leaf else []
        said = _said(node, own) if _VERBATIM.search(kind) else own.strip()
        seal.update(f"({kind}\0{said}\0".encode(errors="surrogatepass"))
    return Shape(seal.hexdigest(), tuple(tokens), tuple(comments), errors)


def is_comment(kind: str) -> bool:
    """Say whether a node kind is a comment in any of the grammars."""
    return "comment" in kind


def pattern_has_error(pattern: str, language: str) -> bool:
    """Say whether a pattern's text, its metavariables read as names, does not parse."""
    text = _METAVARIABLE.sub("zz", pattern)
    return any(node.kind() == "ERROR" for node, _ in _events(SgRoot(text, language).root()))


def multi_line_strings(text: str, language: str) -> tuple[str, ...]:
    """Return the texts of all literals that span lines, outermost only, in order."""
    found: list[str] = []
    end = 0
    for node, entering in _events(SgRoot(text, language).root()):
        span = node.range()
        if not entering or span.start.index < end or span.start.line == span.end.line:
            continue
        if any(word in node.kind() for word in _MULTI_LINE_STRINGS):
            found.append(node.text())
            end = span.end.index
    return tuple(found)


def _events(root: SgNode) -> Iterator[tuple[SgNode, bool]]:
    """Walk the tree without recursion; a comment is entered but not looked into."""
    stack = [(root, True)]
    while stack:
        node, entering = stack.pop()
        yield node, entering
        if entering:
            stack.append((node, False))
            if not is_comment(node.kind()):
                stack += [(child, True) for child in reversed(node.children())]


def _said(node: SgNode, own: str) -> str:
    """Return the text of a literal as it stands, without its children: some grammars give them only the escapes."""
    whole, start = node.text(), node.range().start.index
    if own:
        return own
    parts, end = [], 0
    for child in node.children():
        span = child.range()
        parts.append(whole[end : span.start.index - start])
        end = span.end.index - start
    return "\0".join([*parts, whole[end:]])


def _is_missing(node: SgNode, leaf: bool, own: str) -> bool:
    # A parser that repairs a text puts in tokens of no width; else only an empty file is such a leaf.
    return leaf and not own and node.parent() is not None
