"""What a tree says, told slowly and plainly: digests are made of it, those of stored tasks too."""

from __future__ import annotations

import hashlib
import re

from ast_grep_py import SgNode, SgRoot

from tracewright.jobs._ast_grep.trees import multi_line_strings, shape

VERBATIM = re.compile(
    r"(?<!concatenated_)(?:string|char|character|regex|heredoc|text_block|format_specifier)"
    r"(?:_(?:literal|content|fragment|body|pattern|value))*$"
)


def plain(node: SgNode, comments: list[str]) -> str:
    """Return the tree as a text, comments aside, which are put into the list."""
    kind, text = node.kind(), node.text()
    if "comment" in kind:
        comments.append(text.strip())
        return ""
    verbatim = bool(VERBATIM.search(kind))
    if not node.children():
        return f"({kind}\0{text if verbatim else text.strip()}\0)"
    begin, at = node.range().start.index, 0
    gaps: list[str] = []
    for child in node.children():
        span = child.range()
        gaps.append(text[at : span.start.index - begin])
        at = span.end.index - begin
    gaps.append(text[at:])
    inner = "".join(plain(child, comments) for child in node.children())
    return f"({kind}\0{chr(0).join(gaps) if verbatim else ''}\0{inner})"


def faults(node: SgNode) -> int:
    """Count what a parser could not read, and what it put in; what is in a comment does not count."""
    if "comment" in node.kind():
        return 0
    put_in = not node.children() and not node.text() and node.parent() is not None
    return (node.kind() == "ERROR" or put_in) + sum(map(faults, node.children()))


def hold_against_the_plain_walk(text: str, language: str) -> None:
    """Fail where the shape of a text is not what a plain walk finds."""
    root = SgRoot(text, language).root()
    comments: list[str] = []
    digest = hashlib.sha256(plain(root, comments).encode()).hexdigest()
    found = shape(text, language)
    assert (found.digest, found.comments, found.errors) == (digest, tuple(comments), faults(root))
    assert found.spanning == bool(multi_line_strings(text, language))
