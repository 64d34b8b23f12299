"""Which lines of a text became which lines of another, told quickly where no line moved, as most rewrites leave it."""

from __future__ import annotations

from collections.abc import Sequence

Opcode = tuple[str, int, int, int, int]
"""A step from one list of lines to another, in the form of difflib."""


def in_place(old: Sequence[str], new: Sequence[str]) -> list[Opcode] | None:
    """Return the steps from `old` to `new` where lines were only replaced in place, None where one may have moved.

    Where as many lines came as went, and none of them stands anywhere on the other side, the lines that stayed in their
    places are the most that can be kept: there is nothing to search for.
    """
    if len(old) != len(new):
        return None
    ours, theirs = set(old), set(new)
    steps: list[Opcode] = []
    for at, (a, b) in enumerate(zip(old, new, strict=True)):
        if a != b and (a in theirs or b in ours):
            return None
        tag = "equal" if a == b else "replace"
        first = steps.pop()[1] if steps and steps[-1][0] == tag else at
        steps.append((tag, first, at + 1, first, at + 1))
    return steps
