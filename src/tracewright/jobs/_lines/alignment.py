"""Which lines of a text became which lines of another, told quickly where no line moved, as most rewrites leave it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import compress, pairwise

Opcode = tuple[str, int, int, int, int]
"""A step from one list of lines to another, in the form of difflib."""


def in_place(old: Sequence[str], new: Sequence[str]) -> list[Opcode] | None:
    """Return the steps from `old` to `new` where lines were only replaced in place, None where one may have moved.

    Where as many lines came as went, and none of them stands anywhere on the other side, the lines that stayed in their
    places are the most that can be kept: there is nothing to search for.
    """
    if len(old) != len(new):
        return None
    same = [*map(operator.eq, old, new)]
    gone, come = (set(compress(lines, map(operator.not_, same))) for lines in (old, new))
    if not (gone.isdisjoint(new) and come.isdisjoint(old)):
        return None
    turns = [at for at in range(1, len(same)) if same[at] != same[at - 1]]
    bounds = pairwise([0, *turns, len(same)]) if same else ()
    return [("equal" if same[at] else "replace", at, end, at, end) for at, end in bounds]
