"""Cuts a long text at top-level boundaries into parts that are short enough for a prompt; it only looks at lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENS_BLOCK = re.compile(r"[A-Za-z_@/#$\"']")
_FENCES = ('"""', "'''", "`")


@dataclass(frozen=True)
class Part:
    """The lines `first` to `last` of a text, counted from 1, both included."""

    text: str
    first: int
    last: int


def parts(text: str, max_bytes: int, min_lines: int) -> Iterator[Part]:
    """Yield runs of whole top-level blocks in order, each as long as `max_bytes` allows.

    A text that fits is its only part; a block that is too long, or a run shorter than `min_lines`, is left out.
    """
    lines = text.splitlines(keepends=True)
    run: list[str] = []
    first = 1
    for block in _blocks(lines):
        if run and _size(run) + _size(block) > max_bytes:
            yield from _part(run, first, max_bytes, min_lines)
            first, run = first + len(run), []
        run += block
    yield from _part(run, first, max_bytes, min_lines)


def _part(run: list[str], first: int, max_bytes: int, min_lines: int) -> Iterator[Part]:
    lead = next((index for index, line in enumerate(run) if line.strip()), len(run))
    kept = run[lead:]
    while kept and not kept[-1].strip():
        kept.pop()
    if len(kept) >= min_lines and _size(kept) <= max_bytes:
        yield Part("".join(kept), first + lead, first + lead + len(kept) - 1)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines in blocks, each opened by a line at column 0 after a blank line, outside of long strings."""
    block: list[str] = []
    fence = ""
    for line in lines:
        opens = not fence and _OPENS_BLOCK.match(line) is not None
        if opens and block and not block[-1].strip():
            yield block
            block = []
        block.append(line)
        fence = _fence_after(line, fence)
    yield block


def _fence_after(line: str, fence: str) -> str:
    """Return the quotes of the long string in which a line ends, empty outside of one."""
    for mark in (fence,) if fence else _FENCES:
        if line.count(mark) % 2:
            return "" if fence else mark
    return fence


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) for line in lines)
