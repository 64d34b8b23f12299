"""Anti-unification: one pattern for several sites, and the templates that their texts ask for.

Level 0 makes a hole only of what differs between the sites, level 1 also of operands that the edit keeps, level 2 of
all that it keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracewright.jobs._synthesis.draft import Hole, Parts
from tracewright.jobs._synthesis.sites import Site
from tracewright.jobs._synthesis.tree import Node

LEVELS = (0, 1, 2)
_NO_HOLE = re.compile(
    r"argument|parameter(s|_list)|params|block|body|clause|modifiers|decorator|annotation|heritage|import|comment"
    r"|string_(start|content|end|fragment)|escape|interpolation|substitution|program|module|operator|specifier"
    r"|declarator|throws|elements|_list$|visibility|attribute_item"
)
_LISTS = re.compile(r"^(?:type_)?arguments?|argument_list|parameter|params")
_BODIES = re.compile(r"block$|_body$|^body|statement_list")
_NAMING = re.compile(r"annotation|decorator|import|package|type")
_ACCESS = frozenset({".", "?.", "::", "->", "@"})


@dataclass(frozen=True)
class Abstraction:
    """A pattern for sites of one node kind."""

    sites: tuple[Site, ...]
    pattern: Parts


def abstract(sites: Sequence[Site], level: int) -> Abstraction | None:
    """Return the pattern of a level over sites of one node kind, None where they have no shape in common."""
    kept = [_kept_texts(site) for site in sites]
    parts = _Walk(kept, level).node([site.node for site in sites], callee=False, root=True)
    if parts is None:
        return None
    return Abstraction(tuple(sites), dedented(parts, indent_of(sites[0].node)))


def template(abstraction: Abstraction, index: int) -> Parts | None:
    """Return the text that site `index` became with the holes of the pattern in it; None where layout forbids it."""
    site = abstraction.sites[index]
    holes = [part for part in abstraction.pattern if isinstance(part, Hole)]
    wanted: dict[tuple[str, bool], Hole] = {}
    for hole in holes:
        wanted.setdefault((hole.texts[index], hole.many), hole)
    tree = site.example.post
    if site.new_lo == site.new_hi:
        return ()
    parts: list[str | Hole] = []
    at = tree.leaves[site.new_lo].start
    end = tree.leaves[site.new_hi - 1].end
    for start, stop, hole in _found(tree.pieces(site.new_lo, site.new_hi), wanted):
        parts += [tree.text[at:start], hole]
        at = stop
    parts.append(tree.text[at:end])
    margin = indent_of(site.node)
    return None if is_ragged(parts, margin) else dedented(parts, margin)


def indent_of(node: Node) -> int:
    """Return how many blanks begin the line on which a node starts (ast-grep's rule: tabs do not count)."""
    line = node.source.rfind("\n", 0, node.start) + 1
    found = re.compile(" *").match(node.source, line, node.start)
    return len(found.group()) if found else 0


class _Walk:
    """Goes down the nodes of all sites side by side."""

    def __init__(self, kept: Sequence[frozenset[str]], level: int) -> None:
        self.kept, self.level = kept, level

    def node(self, nodes: Sequence[Node], callee: bool, root: bool = False) -> list[str | Hole] | None:
        first = nodes[0]
        texts = tuple(node.text for node in nodes)
        same = len(set(texts)) == 1
        if same and self.level == 0:
            return [first.text]
        free = not root and all(_can_be_hole(node) for node in nodes)
        if free and self._keeps(texts) and (not same or self._wants(first, callee)):
            return [Hole(texts)]
        listed = self._list(nodes, same)
        if listed is not None:
            return listed
        if first.children and all(_shape(node) == _shape(first) for node in nodes):
            inner = self._children(nodes, callee)
            if inner is not None:
                return inner
        if same:
            return [first.text]
        return [Hole(texts)] if free else None

    def _keeps(self, texts: Sequence[str]) -> bool:
        return all(text in kept for text, kept in zip(texts, self.kept, strict=True))

    def _wants(self, node: Node, callee: bool) -> bool:
        if self.level >= 2:
            return True
        return not _is_name(node) and not (callee and not node.children) and not _is_callee(node)

    def _list(self, nodes: Sequence[Node], same: bool) -> list[str | Hole] | None:
        """Keep the content of a list or body as one run of siblings, where the edit keeps it whole."""
        inner = [_inside(node) for node in nodes]
        if (same and self.level == 0) or any(part is None for part in inner):
            return None
        texts = tuple(node.source[part[0] : part[1]] for node, part in zip(nodes, inner, strict=True) if part)
        if not all(texts) or not self._keeps(texts):
            return None
        first, part = nodes[0], inner[0]
        assert part is not None  # noqa: S101 -- told the type checker
        return [first.source[first.start : part[0]], Hole(texts, many=True), first.source[part[1] : first.end]]

    def _children(self, nodes: Sequence[Node], callee: bool) -> list[str | Hole] | None:
        parts: list[str | Hole] = []
        at = nodes[0].start
        for index, child in enumerate(nodes[0].children):
            inner = self.node([node.children[index] for node in nodes], callee or _is_callee(child))
            if inner is None:
                return None
            parts += [child.source[at : child.start], *inner]
            at = child.end
        return parts


def _kept_texts(site: Site) -> frozenset[str]:
    """Return the texts of all nodes, lists and bodies within what a site became."""
    found: set[str] = set()
    for piece in site.example.post.pieces(site.new_lo, site.new_hi):
        for node in piece.walk():
            found.add(node.text)
            inner = _inside(node)
            if inner is not None:
                found.add(node.source[inner[0] : inner[1]])
    return frozenset(found)


def _found(pieces: Sequence[Node], wanted: dict[tuple[str, bool], Hole]) -> Iterator[tuple[int, int, Hole]]:
    """Yield the largest places of the holes in source order."""
    stack = list(reversed(pieces))
    while stack:
        node = stack.pop()
        hole = wanted.get((node.text, False), wanted.get((node.text, True))) if node.named else None
        if hole is not None:
            yield node.start, node.end, hole
            continue
        inner = _inside(node)
        run = wanted.get((node.source[inner[0] : inner[1]], True)) if inner else None
        if inner is not None and run is not None:
            yield inner[0], inner[1], run
            continue
        stack.extend(reversed(node.children))


def _inside(node: Node) -> tuple[int, int] | None:
    """Return the span within the brackets of an argument or parameter list or a body, None for other nodes."""
    if not node.named or not (_LISTS.search(node.kind) or _BODIES.search(node.kind)):
        return None
    if not node.children:
        return None
    if node.children[0].text in {"(", "{", "["}:
        inner = node.children[1:-1]
        return (inner[0].start, inner[-1].end) if inner else None
    return (node.start, node.end) if _BODIES.search(node.kind) else None


def _can_be_hole(node: Node) -> bool:
    return node.named and not _NO_HOLE.search(node.kind)


def _shape(node: Node) -> tuple[str, int]:
    return node.kind, len(node.children)


def _is_name(node: Node) -> bool:
    """Say whether a leaf names something that other files would name alike: a member, a type, a keyword, an import."""
    if node.children or node.parent is None:
        return False
    siblings = node.parent.children
    index = siblings.index(node)
    before = siblings[index - 1].text if index else ""
    after = siblings[index + 1].text if index + 1 < len(siblings) else ""
    keyed = index == 0 and ((after == "=" and "argument" in node.parent.kind) or after == ":")
    return before in _ACCESS or keyed or bool(_NAMING.search(node.kind) or _NAMING.search(node.parent.kind))


def _is_callee(node: Node) -> bool:
    """Say whether a node is followed by its arguments."""
    if node.parent is None:
        return False
    siblings = node.parent.children
    index = siblings.index(node)
    return index + 1 < len(siblings) and siblings[index + 1].named and bool(_LISTS.search(siblings[index + 1].kind))


def _merged(parts: Sequence[str | Hole]) -> Parts:
    """Join neighbouring literals."""
    merged: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)


def dedented(parts: Sequence[str | Hole], margin: int) -> Parts:
    """Take an indentation from all lines after the first."""
    indent = "\n" + " " * margin
    return tuple(part.replace(indent, "\n") if isinstance(part, str) else part for part in _merged(parts))


def is_ragged(parts: Sequence[str | Hole], margin: int) -> bool:
    """Say whether a line after the first has less than an indentation; ast-grep would move it to the right."""
    lines = re.compile(rf"\n(?! {{{margin}}}|[ \t]*\n)")
    return any(isinstance(part, str) and lines.search(part) for part in _merged(parts))
