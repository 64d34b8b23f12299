"""Says how mechanical a change is, by the token substitutions that its hunks are made of.

uniform: two hunks or more, all of them the same substitution; mixed: three or more, three quarters share one; else
generic. The kind is that of the most frequent substitution.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tracewright.sources._history.changes import Hunk

MAX_TOKENS = 400
MIXED_SHARE = 0.75
_TOKEN = re.compile(r"\w+|[^\w\s]")
Substitution = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Tier:
    """A change's tier, its kind, and the substitution that most of its hunks share."""

    tier: str
    kind: str


def classify(hunks: Sequence[Hunk]) -> Tier:
    """Return the tier and kind of a change."""
    found = [frozenset(_substitutions(hunk)) for hunk in hunks]
    counted = Counter(substitution for one in found for substitution in one)
    if not counted:
        return Tier("generic", "generic")
    top, hits = max(counted.items(), key=lambda item: (item[1], item[0]))
    if len(hunks) >= 2 and len(counted) == 1 and hits == len(hunks):
        return Tier("uniform", _kind(top))
    if len(hunks) >= 3 and hits >= MIXED_SHARE * len(hunks):
        return Tier("mixed", _kind(top))
    return Tier("generic", "generic")


def _substitutions(hunk: Hunk) -> Iterator[Substitution]:
    if len(hunk.minus) != len(hunk.plus):
        yield from _between(_tokens(hunk.minus), _tokens(hunk.plus))
        return
    for before, after in zip(hunk.minus, hunk.plus, strict=True):
        yield from _between(_tokens([before]), _tokens([after]))


def _between(before: list[str], after: list[str]) -> Iterator[Substitution]:
    # Longer runs take difflib too long, and are no small substitution.
    if len(before) > MAX_TOKENS or len(after) > MAX_TOKENS:
        yield tuple(before[:MAX_TOKENS]), tuple(after[:MAX_TOKENS])
        return
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            yield tuple(before[i:j]), tuple(after[k:m])


def _tokens(lines: Sequence[str]) -> list[str]:
    return [token for line in lines for token in _TOKEN.findall(line)]


def _kind(substitution: Substitution) -> str:
    before, after = substitution
    if not before:
        return "insert"
    if not after:
        return "delete"
    is_name = len(before) == len(after) == 1 and all(part[0].isidentifier() for part in substitution)
    return "rename-token" if is_name else "rewrite"
