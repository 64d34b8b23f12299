"""One example of an edit: two aligned trees, what changed between them, and what any span of the first became.

What changed is counted in *units*: a pre leaf that went or has another text, a post leaf that came, or a gap between
two unchanged neighbours whose blanks differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tracewright.jobs._synthesis.align import Alignment, align
from tracewright.jobs._synthesis.tree import Tree, parse


@dataclass(frozen=True)
class Hunk:
    """Neighbouring units: the pre leaves [lo, hi) became the post leaves [new_lo, new_hi)."""

    lo: int
    hi: int
    new_lo: int
    new_hi: int


@dataclass(frozen=True, eq=False)
class Example:
    """A text before and after, in one language."""

    alignment: Alignment

    @property
    def pre(self) -> Tree:
        """The tree before."""
        return self.alignment.pre

    @property
    def post(self) -> Tree:
        """The tree after."""
        return self.alignment.post

    @cached_property
    def _before(self) -> list[int]:
        """The partner of the last paired leaf before each pre leaf, -1 for none."""
        found, last = [], -1
        for partner in self.alignment.forward:
            found.append(last)
            last = partner if partner >= 0 else last
        return [*found, last]

    @cached_property
    def _after(self) -> list[int]:
        """The partner of the first paired leaf from each pre leaf on, the number of post leaves for none."""
        following = len(self.post.leaves)
        found = [following]
        for partner in reversed(self.alignment.forward):
            following = partner if partner >= 0 else following
            found.append(following)
        found.reverse()
        return found

    @cached_property
    def units(self) -> frozenset[int]:
        """All units as numbers: pre leaves first, then post leaves that came, then gaps."""
        return self.tokens | frozenset(self._gaps)

    @cached_property
    def tokens(self) -> frozenset[int]:
        """The units that are no gaps."""
        return self.claims(0, len(self.pre.leaves), 0, len(self.post.leaves))

    @cached_property
    def _gaps(self) -> dict[int, int]:
        """The gaps of other blanks: unit to the leaf after it."""
        first = len(self.pre.leaves) + len(self.post.leaves)
        forward = self.alignment.forward
        return {
            first + leaf: leaf
            for leaf in range(1, len(forward))
            if forward[leaf] > 0
            and forward[leaf] == forward[leaf - 1] + 1
            and not self._changed[leaf]
            and self.pre.gap(leaf) != self.post.gap(forward[leaf])
        }

    def gaps(self, lo: int, hi: int) -> frozenset[int]:
        """Return the gaps of other blanks inside the pre leaves [lo, hi)."""
        return frozenset(unit for unit, leaf in self._gaps.items() if lo < leaf < hi)

    def claims(self, lo: int, hi: int, new_lo: int, new_hi: int) -> frozenset[int]:
        """Return the units settled when the pre leaves [lo, hi) become the post leaves [new_lo, new_hi)."""
        count = len(self.pre.leaves)
        gone = (leaf for leaf in range(lo, hi) if self._changed[leaf])
        came = (count + leaf for leaf in range(new_lo, new_hi) if self.alignment.backward[leaf] < 0)
        return frozenset([*gone, *came])

    @cached_property
    def _changed(self) -> list[bool]:
        return [self.alignment.changed(leaf) for leaf in range(len(self.pre.leaves))]

    def became(self, lo: int, hi: int) -> list[tuple[int, int]]:
        """Return the post spans that the pre leaves [lo, hi) may have become, the narrowest first.

        What was inserted right before or after the span may belong to it or not.
        """
        left, right = self._before[lo] + 1, self._after[hi]
        inner = [partner for partner in self.alignment.forward[lo:hi] if partner >= 0]
        if not inner:
            return [(left, left), (left, right)] if left < right else [(left, left)]
        spans = [(inner[0], inner[-1] + 1), (left, inner[-1] + 1), (inner[0], right), (left, right)]
        return list(dict.fromkeys(spans))

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """The runs of units between unchanged leaves, and the gaps of other blanks, in order."""
        gaps = (Hunk(leaf, leaf, new, new) for leaf in self._gaps.values() for new in [self.alignment.forward[leaf]])
        return tuple(sorted([*self._hunks(), *gaps], key=lambda hunk: (hunk.lo, hunk.hi)))

    def _hunks(self) -> Iterator[Hunk]:
        lo = new_lo = 0
        kept = [leaf for leaf in range(len(self.pre.leaves)) if not self._changed[leaf]]
        for leaf in [*kept, len(self.pre.leaves)]:
            partner = self.alignment.forward[leaf] if leaf < len(self.pre.leaves) else len(self.post.leaves)
            if leaf > lo or partner > new_lo:
                yield Hunk(lo, leaf, new_lo, partner)
            lo, new_lo = leaf + 1, partner + 1


def example_of(pre: str, post: str, language: str) -> Example:
    """Parse and align two texts."""
    return Example(align(parse(pre, language), parse(post, language)))
