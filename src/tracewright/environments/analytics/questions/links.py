"""What was found by looking into the data for a question: values of columns that hold many, and the reach of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Links:
    """`values` are pairs of a column, written `table.column`, and a value of it; `reach` are first and last times."""

    values: tuple[tuple[str, str], ...] = ()
    reach: Mapping[str, tuple[str, str]] = field(default_factory=dict)


NOTHING = Links()
