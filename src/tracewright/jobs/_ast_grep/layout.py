"""The tidy layout: a stated pass over the edits themselves, so that no line is touched that no edit touched.

(a) Blank lines inside inserted text hold no blanks. (b) An edit to nothing that was alone on its lines takes the lines
with it. (c) Where blank lines stood on both sides of what went, the longer run stays. (d) Where something else stood on
its line, one of two blanks that meet goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tracewright.jobs._ast_grep.edits import Edit

_BLANKS_ON_EMPTY_LINE = re.compile(rb"\n[ \t]+(?=\n)")
_BLANK_LINES_AHEAD = re.compile(rb"(?:[ \t]*\n)+")


def tidy(source: bytes, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return chosen edits with the three rules of the tidy layout applied, in order and without overlap."""
    tidied: list[Edit] = []
    for index, edit in enumerate(edits):
        room = edits[index + 1].start if index + 1 < len(edits) else len(source)
        floor = tidied[-1].end if tidied else 0
        tidied.append(_tidy_one(source, edit, floor, room, tidied))
    return tuple(tidied)


def _tidy_one(source: bytes, edit: Edit, floor: int, room: int, before: Sequence[Edit]) -> Edit:
    if edit.replacement:
        return replace(edit, replacement=_BLANKS_ON_EMPTY_LINE.sub(b"\n", edit.replacement))
    lines = _whole_lines(source, edit, floor)
    if lines is None:
        return _within_line(source, edit, floor, room)
    start, end = lines
    ahead = _BLANK_LINES_AHEAD.match(source, end)
    blanks_after = ahead.group().count(b"\n") if ahead else 0
    # After the last line's break nothing more can be blank.
    gone = min(_blank_lines_behind(source, start, before), blanks_after)
    for _ in range(gone):
        end = source.index(b"\n", end) + 1
    return replace(edit, start=start, end=min(end, max(room, edit.end)))


def _within_line(source: bytes, edit: Edit, floor: int, room: int) -> Edit:
    """Take a blank along where two would meet, or one would follow a bracket or end a line."""
    before, after = source[edit.start - 1 : edit.start], source[edit.end : edit.end + 1]
    if edit.start == edit.end or not before or before == b"\n":
        return edit
    if after == b" " and edit.end < room and before in b" \t([{":
        return replace(edit, end=edit.end + 1)
    if before == b" " and edit.start > floor and after in (b"", b"\n", b")", b"]", b",", b";"):
        return replace(edit, start=edit.start - 1)
    return edit


def _whole_lines(source: bytes, edit: Edit, floor: int) -> tuple[int, int] | None:
    """Return the span of the lines that hold nothing but the edit, None where something else stands there."""
    start = max(source.rfind(b"\n", 0, edit.start) + 1, floor)
    newline = source.find(b"\n", edit.end)
    end = len(source) if newline < 0 else newline + 1
    if edit.start == edit.end or source[start : edit.start].strip() or source[edit.end : end].strip():
        return None
    at_line_start = start == 0 or source[start - 1 : start] == b"\n"
    return (start, end) if at_line_start else None


def _blank_lines_behind(source: bytes, start: int, before: Sequence[Edit]) -> int:
    """Count the blank lines that stand right before `start` once the earlier edits are made."""
    at, count = start, 0
    earlier = list(before)
    while True:
        if earlier and earlier[-1].end == at and not earlier[-1].replacement:
            at = earlier.pop().start
            continue
        line = source.rfind(b"\n", 0, max(at - 1, 0)) + 1
        floor = earlier[-1].end if earlier else 0
        if at == 0 or line < floor or source[at - 1 : at] != b"\n" or source[line : at - 1].strip():
            return count
        at, count = line, count + 1
