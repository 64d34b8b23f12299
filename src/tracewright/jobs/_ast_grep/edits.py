"""Edits on the bytes of a file, applied as `ast-grep scan -U` applies them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Edit:
    """Put `replacement` in the place of the bytes [start, end)."""

    start: int
    end: int
    replacement: bytes
    rule: str = ""


def choose(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits that take effect in one pass: outermost first, on one span the smaller id, none overlapping.

    This order was measured to write the same bytes as the CLI's own update.
    """
    chosen: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end, edit.rule)):
        if not chosen or edit.start >= chosen[-1].end:
            chosen.append(edit)
    return tuple(chosen)


def apply(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `source` with edits that are sorted and do not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in edits:
        parts += [source[at : edit.start], edit.replacement]
        at = edit.end
    return b"".join([*parts, source[at:]])
