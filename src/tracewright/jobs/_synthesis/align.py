"""Pairs the leaves of two trees of one grammar, from the top down; pairs never cross."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from tracewright.jobs._synthesis.tree import Node, Tree

_MOST_CELLS = 2500
_MOST_COMPARED = 1_000_000
_ALIKE = 0.34
_ALIKE_ACROSS_KINDS = 0.2


@dataclass(frozen=True)
class Alignment:
    """`forward[i]` is the post leaf of pre leaf i, `backward[j]` the pre leaf of post leaf j; -1 for none."""

    pre: Tree
    post: Tree
    forward: tuple[int, ...]
    backward: tuple[int, ...]

    def changed(self, leaf: int) -> bool:
        """Say whether a pre leaf has no partner or one of another text."""
        partner = self.forward[leaf]
        return partner < 0 or self.pre.leaves[leaf].text != self.post.leaves[partner].text


def align(pre: Tree, post: Tree) -> Alignment:
    """Align two trees: equal parts first, then children by likeness."""
    pairs = _Pairs(pre, post)
    if pre.leaves and post.leaves:
        pairs.pair(pre.root, post.root)
    forward, backward = [-1] * len(pre.leaves), [-1] * len(post.leaves)
    for i, j in pairs.found:
        forward[i], backward[j] = j, i
    return Alignment(pre, post, tuple(forward), tuple(backward))


class _Pairs:
    """Collects pairs of leaves while it walks down both trees."""

    def __init__(self, pre: Tree, post: Tree) -> None:
        self.pre, self.post = pre, post
        self.found: list[tuple[int, int]] = []
        self._bags: dict[Node, Counter[str]] = {}

    def pair(self, old: Node, new: Node) -> None:
        stack = [(old, new)]
        while stack:
            old, new = stack.pop()
            if old.text == new.text and old.size == new.size:
                self.found += zip(range(old.lo, old.hi), range(new.lo, new.hi), strict=True)
            elif old.kind == new.kind and not old.children and not new.children:
                self.found.append((old.lo, new.lo))
            elif old.kind == new.kind and old.children and new.children:
                stack += self._match(old.children, new.children)
            else:
                stack += self._across_kinds(old, new)

    def _across_kinds(self, old: Node, new: Node) -> list[tuple[Node, Node]]:
        """Look for one node inside the other (wrapped or unwrapped), else pair equal leaves in order."""
        inner_new, inner_old = self._descend(old, new), self._descend(new, old)
        if inner_new is not new and inner_new.kind == old.kind:
            return [(old, inner_new)]
        if inner_old is not old and inner_old.kind == new.kind:
            return [(inner_old, new)]
        mine = [leaf.text for leaf in self.pre.leaves[old.lo : old.hi]]
        other = [leaf.text for leaf in self.post.leaves[new.lo : new.hi]]
        self.found += ((old.lo + i, new.lo + j) for i, j in _equal(mine, other))
        return []

    def _descend(self, small: Node, large: Node) -> Node:
        best = self.likeness(small, large)
        while large.kind != small.kind and large.children:
            child = max(large.children, key=lambda node: self.likeness(small, node))
            if self.likeness(small, child) < best:
                return large
            large, best = child, self.likeness(small, child)
        return large

    def likeness(self, old: Node, new: Node) -> float:
        """Return the share of equal leaves, 0 to 1 (Dice)."""
        mine, other = self._bag(old), self._bag(new)
        if len(mine) > len(other):
            mine, other = other, mine
        shared = sum(min(count, other[text]) for text, count in mine.items())
        return 2 * shared / (old.size + new.size)

    def _bag(self, node: Node) -> Counter[str]:
        bag = self._bags.get(node)
        if bag is None:
            bag = self._bags[node] = Counter(leaf.text for leaf in node.walk() if not leaf.children)
        return bag

    def _match(self, old: list[Node], new: list[Node]) -> list[tuple[Node, Node]]:
        head = 0
        while head < min(len(old), len(new)) and _same(old[head], new[head]):
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and _same(old[-1 - tail], new[-1 - tail]):
            tail += 1
        ends = list(zip(old[:head], new[:head], strict=True))
        ends += zip(old[len(old) - tail :], new[len(new) - tail :], strict=True)
        return ends + self._middle(old[head : len(old) - tail], new[head : len(new) - tail])

    def _middle(self, old: list[Node], new: list[Node]) -> list[tuple[Node, Node]]:
        if not old or not new:
            return []
        if len(old) == len(new) == 1 and old[0].kind == new[0].kind:
            return [(old[0], new[0])]
        if len(old) * len(new) <= _MOST_CELLS:
            return self._best(old, new)
        anchors = _anchors([(node.kind, node.text) for node in old], [(node.kind, node.text) for node in new])
        if not anchors:
            return [(a, b) for a, b in zip(old, new, strict=False) if a.kind == b.kind]
        pairs = [(old[i], new[j]) for i, j in anchors]
        ends = [(-1, -1), *anchors, (len(old), len(new))]
        for (i, j), (k, m) in pairwise(ends):
            pairs += self._middle(old[i + 1 : k], new[j + 1 : m])
        return pairs

    def _best(self, old: list[Node], new: list[Node]) -> list[tuple[Node, Node]]:
        """Align two short lists for the greatest sum of likeness times size (Needleman and Wunsch, gaps are free)."""
        gain = [[self._gain(a, b) for b in new] for a in old]
        best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
        for i in range(len(old) - 1, -1, -1):
            for j in range(len(new) - 1, -1, -1):
                best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + gain[i][j])
        pairs: list[tuple[Node, Node]] = []
        i = j = 0
        while i < len(old) and j < len(new):
            if gain[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + gain[i][j]:
                pairs.append((old[i], new[j]))
                i, j = i + 1, j + 1
            elif best[i][j] == best[i + 1][j]:
                i += 1
            else:
                j += 1
        return pairs

    def _gain(self, old: Node, new: Node) -> float:
        if _same(old, new):
            return old.size + 1.0 if old.named else 1.0
        if old.kind == new.kind:
            if not old.children and not new.children:
                return 0.3 + 0.3 * _shared_letters(old.text, new.text) if old.named else 0.0
            like = self.likeness(old, new)
            return like * (old.size + new.size) / 2 if like >= _ALIKE else 0.2
        if not (old.named and new.named):
            return 0.0
        like = self.likeness(old, new)
        return like * (old.size + new.size) / 2 * 0.9 if like >= _ALIKE_ACROSS_KINDS else 0.0


def _equal(mine: list[str], other: list[str]) -> list[tuple[int, int]]:
    """Pair equal texts in order: the longest runs first, in long lists only what is there once."""
    if len(mine) * len(other) > _MOST_COMPARED:
        return _anchors(mine, other)
    blocks = SequenceMatcher(None, mine, other, autojunk=False).get_matching_blocks()
    return [(i + k, j + k) for i, j, size in blocks for k in range(size)]


def _anchors(mine: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pair what is there once on both sides, as many pairs as can be without a crossing (patience diff)."""
    here, there = ({item: k for k, item in enumerate(items)} for items in (mine, other))
    once, once_there = ({item for item, n in Counter(items).items() if n == 1} for items in (mine, other))
    tops: list[int] = []
    ends: list[tuple[int, int]] = []
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for item, i in here.items():
        if item in once and item in once_there:
            j = there[item]
            place = bisect_left(tops, j)
            before[i, j] = ends[place - 1] if place else None
            tops[place : place + 1] = [j]
            ends[place : place + 1] = [(i, j)]
    chain: list[tuple[int, int]] = []
    last = ends[-1] if ends else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]


def _same(old: Node, new: Node) -> bool:
    return old.kind == new.kind and old.text == new.text


def _shared_letters(old: str, new: str) -> float:
    short, long = sorted((old[:80], new[:80]), key=len)
    head = next((k for k, char in enumerate(short) if char != long[k]), len(short))
    return head / max(len(long), 1)
