"""A meaning while it is put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracewright.environments.analytics.questions.meaning import (
    Expression,
    Follow,
    Group,
    Kind,
    Measure,
)


@dataclass
class Draft:
    """A meaning while it is put together."""

    base: str
    filters: list[Expression] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    target: list[Group] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    having: list[Expression] = field(default_factory=list)
    inner: list[Group] = field(default_factory=list)
    outer: Kind | None = None
    follow: Follow = ""
    penalty: int = 0
