"""A syntax tree as plain Python: nodes with spans in characters, and the leaves in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ast_grep_py import SgNode, SgRoot

_NAMING_FIELDS = (
    "name",
    "function",
    "constructor",
    "left",
    "key",
    "type",
    "module_name",
    "source",
    "declarator",
    "definition",
)
_LONGEST_NAME = 80


@dataclass(eq=False)
class Node:
    """A node over the characters [start, end) and the leaves [lo, hi) of its tree; complete once its tree is."""

    kind: str
    named: bool
    start: int
    end: int
    lo: int
    source: str = field(repr=False)
    native: SgNode = field(repr=False)
    hi: int = 0
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)

    @cached_property
    def text(self) -> str:
        """The source text of the node."""
        return self.source[self.start : self.end]

    @cached_property
    def names(self) -> tuple[tuple[str, int, int, str], ...]:
        """What the node is called: (field, start, end, text) of its naming fields that are short and of one line."""
        found: list[tuple[str, int, int, str]] = []
        for name in _NAMING_FIELDS:
            part = self.native.field(name)
            text = part.text() if part is not None else ""
            if part is not None and 0 < len(text) <= _LONGEST_NAME and "\n" not in text:
                span = part.range()
                found.append((name, span.start.index, span.end.index, text))
        return tuple(found)

    @property
    def size(self) -> int:
        """How many leaves the node has."""
        return self.hi - self.lo

    def walk(self) -> Iterator[Node]:
        """Yield the node and all below it, parents first, in source order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def ancestors(self) -> Iterator[Node]:
        """Yield the nodes above, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True, eq=False)
class Tree:
    """A parsed text."""

    text: str
    language: str
    root: Node
    leaves: tuple[Node, ...]

    def span_text(self, lo: int, hi: int) -> str:
        """Return the text from leaf `lo` up to leaf `hi`, without the blanks around it."""
        return self.text[self.leaves[lo].start : self.leaves[hi - 1].end] if lo < hi else ""

    def gap(self, leaf: int) -> str:
        """Return the blanks before a leaf, or those at the end of the text."""
        start = self.leaves[leaf - 1].end if leaf else 0
        end = self.leaves[leaf].start if leaf < len(self.leaves) else len(self.text)
        return self.text[start:end]

    def covering(self, lo: int, hi: int) -> Node:
        """Return the smallest node over the leaves [lo, hi), the topmost of those with one span."""
        node = self.leaves[lo]
        while node.parent is not None and not (node.lo <= lo and hi <= node.hi):
            node = node.parent
        return topmost(node)

    def pieces(self, lo: int, hi: int) -> list[Node]:
        """Return the largest nodes that together make up the leaves [lo, hi)."""
        found: list[Node] = []
        while lo < hi:
            node = self.leaves[lo]
            while node.parent is not None and node.parent.lo >= lo and node.parent.hi <= hi:
                node = node.parent
            found.append(node)
            lo = node.hi
        return found


def topmost(node: Node) -> Node:
    """Return the highest node of the same leaves below the root."""
    while node.parent is not None and node.parent.parent is not None and node.parent.size == node.size:
        node = node.parent
    return node


def parse(text: str, language: str) -> Tree:
    """Parse a text in a canonical language; nodes of no width are left out."""
    native = SgRoot(text, language).root()
    root = Node(native.kind(), True, 0, len(text), 0, text, native)
    leaves: list[Node] = []
    stack: list[tuple[Node, bool]] = [(root, True)]
    while stack:
        node, entering = stack.pop()
        if not entering:
            node.hi = len(leaves)
            continue
        node.lo = len(leaves)
        node.children = _children(node, text)
        if not node.children and node.parent is not None:
            leaves.append(node)
        stack.append((node, False))
        stack += [(child, True) for child in reversed(node.children)]
    return Tree(text, language, root, tuple(leaves))


def _children(parent: Node, text: str) -> list[Node]:
    children: list[Node] = []
    for native in parent.native.children():
        span = native.range()
        start, end = span.start.index, span.end.index
        if start < end:
            children.append(Node(native.kind(), native.is_named(), start, end, 0, text, native, parent=parent))
    return children
