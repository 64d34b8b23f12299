"""How callers point into a store: the cursor of a page and the beginning of an id."""

from __future__ import annotations

import re

from tracewright.errors import UsageError
from tracewright.stores import Query

ID_LENGTH = 64
SHORTEST_BEGINNING = 8
_CURSOR = re.compile(r"(oldest|newest)-([0-9a-f]{1,15})")
_BEGINNING = re.compile(rf"[0-9a-f]{{{SHORTEST_BEGINNING},{ID_LENGTH}}}")


def write_cursor(query: Query, seq: int) -> str:
    """Return the cursor that continues a query after the trace with this sequence number."""
    return f"{query.order}-{seq:x}"


def read_cursor(query: Query) -> int | None:
    """Return the sequence number after which a query goes on, None at its start; raises UsageError otherwise."""
    if not query.cursor:
        return None
    match = _CURSOR.fullmatch(query.cursor)
    if match is None or match[1] != query.order:
        found = query.cursor[:40]
        raise UsageError(f"wanted a cursor from a page of the same order, found {found!r}; start again without one")
    return int(match[2], 16)


def is_beginning(text: str) -> bool:
    """Say whether a text can be the beginning of an id, or a whole one."""
    return _BEGINNING.fullmatch(text) is not None


def ambiguous(beginning: str) -> UsageError:
    """Return the error for a beginning that several ids share."""
    return UsageError(f"several traces begin with {beginning!r}; give more of the id")
