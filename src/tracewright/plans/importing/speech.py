"""Where an expression is said: in which frame, and whether among rows, in a measure, or inside an aggregate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from sqlglot import exp

from tracewright.plans.importing.frames import Frame, Import, place_of, plain_name
from tracewright.plans.importing.refusal import refusal


class Place(Enum):
    """What an expression may hold: rows' columns, aggregates beside keys, or what an aggregate is over."""

    ROW = "row"
    MEASURE = "measure"
    INSIDE = "inside"


@dataclass(frozen=True)
class Speech:
    """An expression's place in the import; `windows` says whether a window function may stand here."""

    run: Import
    frame: Frame
    place: Place = Place.ROW
    windows: bool = False

    def at(self, place: Place, *, windows: bool = False) -> Speech:
        """Return the same frame at another place."""
        return replace(self, place=place, windows=windows)

    def known(self, node: exp.Expr) -> Any:
        """Return the column that an expression has become by an earlier step, None where it has become none."""
        if self.place is Place.INSIDE or not self.frame.known or isinstance(node, exp.Literal | exp.Null | exp.Boolean):
            return None
        name = self.frame.known.get(node)
        return None if name is None else plain_name(name)

    def ungrouped(self, node: exp.Column, plain: Any) -> Any:
        """Return a column of this frame's rows; raises NOT_GROUPED where only groups are left."""
        if self.place is Place.INSIDE or not (self.frame.grouped or self.place is Place.MEASURE):
            return plain
        name = place_of(self.run, node)[2]
        raise refusal("NOT_GROUPED", f"{name!r} has many values in one group; group by it or aggregate it")
