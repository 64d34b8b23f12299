"""Sites: the nodes at which an edit can be seen, from the changed leaf up to the statements around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracewright.jobs._synthesis.example import Example, Hunk
from tracewright.jobs._synthesis.tree import Node

MOST_LEAVES = 160
MOST_BESIDE = 2000
MOST_LEVELS = 9


@dataclass(frozen=True, eq=False)
class Site:
    """A pre node that became the post leaves [new_lo, new_hi), and the units that this settles."""

    example: Example
    node: Node
    new_lo: int
    new_hi: int
    claims: frozenset[int]
    level: int

    @property
    def after(self) -> str:
        """The text that the node became."""
        return self.example.post.span_text(self.new_lo, self.new_hi)


def find_sites(example: Example) -> list[Site]:
    """Return all sites of an example in the order of its hunks, the smallest first; none twice."""
    found: dict[tuple[int, int, str, int, int], Site] = {}
    for hunk in example.hunks:
        for level, node in _nodes(example, hunk):
            if node.size > (MOST_BESIDE if level == 0 else MOST_LEAVES) or node.parent is None:
                continue
            for new_lo, new_hi in example.became(node.lo, node.hi):
                claims = example.claims(node.lo, node.hi, new_lo, new_hi) | example.gaps(node.lo, node.hi)
                key = (node.lo, node.hi, node.kind, new_lo, new_hi)
                if claims and key not in found:
                    found[key] = Site(example, node, new_lo, new_hi, claims, level)
    return list(found.values())


def _nodes(example: Example, hunk: Hunk) -> Iterator[tuple[int, Node]]:
    """Yield nodes with their level: parts of the hunk and neighbours of an insertion are level 0."""
    tree = example.pre
    if hunk.lo < hunk.hi:
        pieces = tree.pieces(hunk.lo, hunk.hi)
        yield from ((0, node) for piece in pieces for node in _same_span(piece))
        lo, hi = hunk.lo, hunk.hi
    else:
        lo, hi = max(hunk.lo - 1, 0), min(hunk.hi + 1, len(tree.leaves))
        yield from ((0, node) for node in _chain(tree.leaves[lo : lo + 1], "hi"))
        yield from ((0, node) for node in _chain(tree.leaves[hi - 1 : hi], "lo"))
    if lo < hi:
        around = tree.covering(lo, hi)
        yield from ((0, node) for node in _same_span(around))
        for level, node in enumerate(around.ancestors(), start=1):
            if level > MOST_LEVELS:
                return
            yield level, node


def _same_span(node: Node) -> Iterator[Node]:
    """Yield a node and the only children below it, down to the last of the same leaves."""
    yield node
    while len(node.children) == 1:
        node = node.children[0]
        yield node


def _chain(leaves: Iterable[Node], side: str) -> Iterator[Node]:
    """Yield a leaf and the nodes above it that begin (`lo`) or end (`hi`) with it."""
    for leaf in leaves:
        node: Node | None = leaf
        while node is not None and getattr(node, side) == getattr(leaf, side):
            yield node
            node = node.parent
