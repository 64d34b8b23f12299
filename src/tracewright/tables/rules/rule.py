"""A rule over the rows of a set, and the two shapes that most rules have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Named = Mapping[str, Any]
"""A row by the names of its columns; its types were checked before any rule reads it."""
Check = Callable[[Mapping[str, Sequence[Named]]], Iterator[int]]
"""Yields the positions of the rows of the rule's table that break it."""


class Rule(NamedTuple):
    """A sentence that holds of every row of a table."""

    table: str
    name: str
    check: Check


def each(table: str, name: str, holds: Callable[[Named], bool]) -> Rule:
    """Return a rule that looks at one row at a time."""
    return Rule(table, name, lambda rows: (at for at, row in enumerate(rows[table]) if not holds(row)))


def rising(table: str, name: str, key: Callable[[Named], Any]) -> Rule:
    """Return a rule that no row's key is below that of the row before."""
    return Rule(table, name, lambda rows: _drops([key(row) for row in rows[table]]))


def _drops(keys: Sequence[Any]) -> Iterator[int]:
    return (at for at in range(1, len(keys)) if keys[at] < keys[at - 1])
