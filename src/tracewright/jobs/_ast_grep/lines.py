"""Which lines of a text another text changed."""

from __future__ import annotations

import difflib

from tracewright.jobs._lines.alignment import in_place


def changed_lines(before: str, after: str) -> list[list[int]]:
    """Return the 0-based, half-open line ranges of `before` that differ; an insertion is an empty range."""
    old, new = before.splitlines(), after.splitlines()
    steps = in_place(old, new)
    if steps is not None:
        return [[start, end] for tag, start, end, _, _ in steps if tag != "equal"]
    head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    limit = min(len(old), len(new)) - head
    tail = next((i for i in range(limit) if old[-1 - i] != new[-1 - i]), limit)
    middle = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    return [[head + i, head + j] for tag, i, j, _, _ in middle.get_opcodes() if tag != "equal"]
