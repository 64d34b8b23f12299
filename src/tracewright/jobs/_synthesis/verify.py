"""Asks the CLI what drafts do to the text, many in one call, and holds each edit against what the text became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tracewright.jobs._ast_grep.cli import Match, scan
from tracewright.jobs._ast_grep.edits import Edit
from tracewright.jobs._ast_grep.languages import suffix_of
from tracewright.jobs._ast_grep.layout import tidy
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.trees import shape
from tracewright.jobs._synthesis.draft import Draft
from tracewright.jobs._synthesis.example import Example


@dataclass(frozen=True)
class Hit:
    """One edit of a draft: `right` where the tokens come out as they should, `exact` where the blanks do too.

    `lo` and `hi` are the leaves that it replaces; `claims` the units that it settles.
    """

    match: Match
    edit: Edit
    lo: int
    hi: int
    right: bool
    exact: bool
    claims: frozenset[int]


@dataclass(frozen=True, eq=False)
class Tried:
    """A draft with all its edits on the text before."""

    draft: Draft
    hits: tuple[Hit, ...]

    @cached_property
    def sound(self) -> bool:
        """Whether the draft does something, and nothing wrong."""
        return bool(self.claims) and all(hit.right for hit in self.hits)

    @cached_property
    def claims(self) -> frozenset[int]:
        """The units that the right edits settle."""
        return frozenset().union(*(hit.claims for hit in self.hits if hit.right))

    @cached_property
    def over_matches(self) -> bool:
        """Whether some edits are right and others wrong."""
        return bool(self.claims) and not self.sound

    @cached_property
    def inexact(self) -> int:
        """How many edits leave other blanks than the text after has."""
        return sum(not hit.exact for hit in self.hits)


class Bench:
    """Tries drafts on one example."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.source = example.pre.text.encode()
        self._path = "0" + suffix_of(example.pre.language)
        offsets = _byte_offsets(example.pre.text)
        self.starts = {offsets[leaf.start]: leaf.lo for leaf in example.pre.leaves}
        self.ends = {offsets[leaf.end]: leaf.hi for leaf in example.pre.leaves}

    @cached_property
    def digest(self) -> str:
        """The tree digest of the text after."""
        return shape(self.example.post.text, self.example.post.language).digest

    def attempt(self, drafts: Sequence[Draft]) -> list[Tried]:
        """Return what each draft does, in order; drafts that the CLI refuses are left out."""
        found: list[list[Match]] = [[] for _ in drafts]
        for index, match in self._scan(drafts, 0):
            found[index].append(match)
        return [self._tried(draft, matches) for draft, matches in zip(drafts, found, strict=True) if matches]

    def _scan(self, drafts: Sequence[Draft], first: int) -> list[tuple[int, Match]]:
        if not drafts:
            return []
        try:
            matches = scan([draft.rule(f"r{k}") for k, draft in enumerate(drafts)], {self._path: self.source})
        except Refusal:
            if len(drafts) == 1:
                return []
            half = len(drafts) // 2
            return self._scan(drafts[:half], first) + self._scan(drafts[half:], first + half)
        return [(first + int(match.rule[1:]), match) for match in matches]

    def _tried(self, draft: Draft, matches: Sequence[Match]) -> Tried:
        hits = (self._hit(match) for match in matches if match.edit is not None)
        return Tried(draft, tuple(hit for hit in hits if hit is not None))

    def _hit(self, match: Match) -> Hit | None:
        """Judge one edit; None for one that changes nothing and should not."""
        edit = match.edit
        assert edit is not None  # noqa: S101 -- told the type checker
        lo, hi = self.starts.get(edit.start, -1), self.ends.get(edit.end, -1)
        if lo < 0 or hi < lo:
            return Hit(match, edit, max(lo, 0), max(hi, 0), False, False, frozenset())
        text = edit.replacement.decode()
        squeezed = "".join(text.split())
        unchanged = text == self.source[edit.start : edit.end].decode()
        for new_lo, new_hi in self.example.became(lo, hi):
            expected = self.example.post.span_text(new_lo, new_hi)
            if squeezed != "".join(expected.split()):
                continue
            claims = self.example.claims(lo, hi, new_lo, new_hi)
            claims |= self.example.gaps(lo, hi) if text == expected else frozenset()
            if not claims and unchanged:
                return None
            exact = self._exact(edit, lo, hi, new_lo, new_hi, expected)
            return Hit(match, edit, lo, hi, bool(claims) or exact, exact, claims)
        return Hit(match, edit, lo, hi, False, False, frozenset())

    def _exact(self, edit: Edit, lo: int, hi: int, new_lo: int, new_hi: int, expected: str) -> bool:
        """Say whether the text between the neighbours comes out as it should, with the tidy layout."""
        pre, post = self.example.pre, self.example.post
        tidied = tidy(self.source, (edit,))[0]
        if tidied.replacement:
            inner = tidied.replacement.decode() == expected
            return inner and pre.gap(lo) == post.gap(new_lo) and pre.gap(hi) == post.gap(new_hi)
        before = self._end_of(lo - 1)
        after = self._start_of(hi)
        gap = self.source[before : tidied.start] + self.source[tidied.end : after]
        return gap.decode(errors="replace") == post.gap(new_lo)

    def _end_of(self, leaf: int) -> int:
        return 0 if leaf < 0 else self._ends_by_leaf[leaf]

    def _start_of(self, leaf: int) -> int:
        return len(self.source) if leaf >= len(self._starts_by_leaf) else self._starts_by_leaf[leaf]

    @cached_property
    def _ends_by_leaf(self) -> list[int]:
        return sorted(self.ends)

    @cached_property
    def _starts_by_leaf(self) -> list[int]:
        return sorted(self.starts)


def _byte_offsets(text: str) -> list[int]:
    """Return the byte offset of each character and of the end."""
    if text.isascii():
        return list(range(len(text) + 1))
    offsets = [0]
    for char in text:
        offsets.append(offsets[-1] + len(char.encode()))
    return offsets
