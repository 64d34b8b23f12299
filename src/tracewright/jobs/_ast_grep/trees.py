"""Facts about a text's syntax tree: a digest that blanks and comments do not change, parse errors, leaves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ast_grep_py import SgNode, SgRoot

MOST_KEPT = 256 << 10
"""Of texts of so many characters trees and shapes are kept: the same text is looked at several times."""

_METAVARIABLE = re.compile(r"\$\$\$[A-Z0-9_]*|\$[A-Z_][A-Z0-9_]*")
_MULTI_LINE_STRINGS = ("string", "template", "heredoc", "text_block")
_VERBATIM = re.compile(
    r"(?<!concatenated_)(?:string|char|character|regex|heredoc|text_block|format_specifier)"
    r"(?:_(?:literal|content|fragment|body|pattern|value))*$"
)
"""The kinds of nodes whose blanks are part of what the program says."""


@dataclass(frozen=True)
class Shape:
    """What a text is made of: `digest` over its tree, comments aside; `comments` their texts; `errors` of the parser.

    `spanning` says whether a literal spans lines; `said` is what the digest is made of: the tree as a text.
    """

    digest: str
    comments: tuple[str, ...]
    errors: int
    spanning: bool
    said: str


def shape(text: str, language: str) -> Shape:
    """Return the shape of a text; `language` must be a canonical name."""
    return _shape_again(text, language) if len(text) <= MOST_KEPT else _shape(text, language)


def same_tree(text: str, language: str, known: Shape) -> bool:
    """Say whether a text has the digest of a known shape; looks no further than to the first difference."""
    return _walked(text, language, known.said) is not None


def parsed(text: str, language: str) -> SgNode:
    """Return the root of a text's tree; the trees of the last few texts that are not large are kept."""
    return (_root_again(text, language) if len(text) <= MOST_KEPT else SgRoot(text, language)).root()


@lru_cache(maxsize=4)
def _root_again(text: str, language: str) -> SgRoot:
    return SgRoot(text, language)


def _shape(text: str, language: str) -> Shape:
    shape = _walked(text, language)
    assert shape is not None  # noqa: S101  # there is nothing that it could differ from
    return shape


_shape_again = lru_cache(maxsize=32)(_shape)


def _walked(text: str, language: str, wanted: str | None = None) -> Shape | None:
    """Return the shape of a text, or None as soon as it turns out not to say what is `wanted`."""
    said: list[str] = []
    comments: list[str] = []
    errors = compared = at = 0
    spanning = False
    # The calls into the binding are what this takes its time for: three a node, and none too many.
    opened: list[Iterator[SgNode]] = [iter([parsed(text, language)])]
    while opened:
        for node in opened[-1]:
            kind = _KINDS[node.kind()]
            if kind.peculiar:
                errors += kind.error
                spanning = spanning or (kind.literal and "\n" in node.text())
                if kind.comment:
                    comments.append(node.text().strip())
                    continue
            if not node.is_leaf():
                children = node.children()
                said.append(f"{kind.opening}{_spaced(node, children) if kind.verbatim else ''}\0")
                opened.append(iter(children))
                break
            own = node.text()
            said.append(f"{kind.opening}{own if kind.verbatim else own.strip()}\0)")
            # A parser that repairs a text puts in tokens of no width; else only an empty file is such a leaf.
            errors += not own and not kind.error and node.parent() is not None
        else:
            opened.pop()
            said.append(")")
        if wanted is not None:
            piece = "".join(said[compared:] if opened else said[compared:-1])
            if not wanted.startswith(piece, at):
                return None
            compared, at = len(said), at + len(piece)
    # What was closed last is the list that the root alone stood in.
    whole = "".join(said[:-1])
    if wanted is not None and at != len(wanted):
        return None
    digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()
    return Shape(digest, tuple(comments), errors, spanning, whole)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What matters of a kind of node: how it begins in the digest, and whether its blanks are part of the program."""

    opening: str
    verbatim: bool
    comment: bool
    literal: bool
    error: bool
    peculiar: bool


class _Kinds(dict[str, _Kind]):
    """The kinds seen so far; grammars have some hundred each, so this stays small."""

    def __missing__(self, kind: str) -> _Kind:
        comment, literal, error = is_comment(kind), _is_literal(kind), kind == "ERROR"
        verbatim, peculiar = bool(_VERBATIM.search(kind)), comment or literal or error
        found = self[kind] = _Kind(f"({kind}\0", verbatim, comment, literal, error, peculiar)
        return found


_KINDS = _Kinds()


def is_comment(kind: str) -> bool:
    """Say whether a node kind is a comment in any of the grammars."""
    return "comment" in kind


def _is_literal(kind: str) -> bool:
    return any(word in kind for word in _MULTI_LINE_STRINGS)


def pattern_has_error(pattern: str, language: str) -> bool:
    """Say whether a pattern's text, its metavariables read as names, does not parse."""
    text = _METAVARIABLE.sub("zz", pattern)
    return any(node.kind() == "ERROR" for node, _ in _events(SgRoot(text, language).root()))


def multi_line_strings(text: str, language: str) -> tuple[str, ...]:
    """Return the texts of all literals that span lines, outermost only, in order."""
    found: list[str] = []
    stack = [parsed(text, language)]
    while stack:
        node = stack.pop()
        span = node.range()
        # What stands on one line holds nothing that spans two.
        if span.start.line == span.end.line:
            continue
        kind = node.kind()
        if _is_literal(kind):
            found.append(node.text())
        elif not is_comment(kind):
            stack += reversed(node.children())
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


def _spaced(node: SgNode, children: Sequence[SgNode]) -> str:
    """Return the text of a literal as it stands, without its children: some grammars give them only the escapes."""
    whole, start = node.text(), node.range().start.index
    parts, end = [], 0
    for child in children:
        span = child.range()
        parts.append(whole[end : span.start.index - start])
        end = span.end.index - start
    return "\0".join([*parts, whole[end:]])
