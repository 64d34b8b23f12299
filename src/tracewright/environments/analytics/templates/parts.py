"""The parts of which questions are made, a file a set: what is measured, by what it is told apart, which rows count."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import Field

from tracewright.environments.analytics.questions.meaning import Group, Kind, Measure
from tracewright.records.base import JsonObject, Record

Window = tuple[str, str, str]
"""Words, the first day, the day after the last."""


class MeasurePart(Record):
    """A number; `above` are thresholds worth asking for, `additive` says whether its parts add up to a whole.

    One that is `own` is only asked for where a group or filter speaks of its own table: elsewhere two tables have it.
    """

    base: str
    name: str
    words: str
    kind: Kind
    of: Any = None
    own: bool = False
    additive: bool = False
    above: tuple[float, ...] = ()

    def measure(self) -> Measure:
        """Return the measure of a meaning."""
        return Measure(name=self.name, kind=self.kind, of=self.of)


class GroupPart(Record):
    """What rows are told apart by; `many` says that there are too many to list, `only` for which table it is."""

    name: str
    words: str
    plural: str
    expr: str
    many: bool = False
    only: str = ""

    def group(self) -> Group:
        """Return the group of a meaning."""
        return Group(name=self.name, expr=self.expr)


class FilterPart(Record):
    """Which rows count; the name tells what is looked at."""

    name: str
    base: str
    words: str
    holds: JsonObject


class PerPart(Record):
    """Whose numbers are averaged."""

    base: str
    words: str
    name: str
    expr: str


class SetParts(Record):
    """All parts of one set; `clocks` is the time of each table that has one, `things` what its rows are called.

    Columns that are `tied` follow from each other, so that none tells apart what another one settles.
    """

    clocks: Mapping[str, str]
    windows: tuple[Window, ...]
    things: Mapping[str, str]
    measure: tuple[MeasurePart, ...]
    group: tuple[GroupPart, ...]
    filter: tuple[FilterPart, ...]
    share: tuple[FilterPart, ...]
    per: tuple[PerPart, ...]
    tied: tuple[tuple[str, ...], ...] = ()


class Wordings(Record):
    """Ways to ask by form, and ways to say which rows count."""

    kept: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, tuple[str, ...]] = Field(min_length=1)


@cache
def parts_of(name: str) -> SetParts | None:
    """Return the parts of a set, None where there are none; those of `support-x3` are those of `support`."""
    base = files(__package__ or "") / f"{name.split('-x', 1)[0]}.toml"
    return SetParts.model_validate(tomllib.loads(base.read_text(encoding="utf-8"))) if base.is_file() else None


@cache
def wordings() -> Wordings:
    """Return every way to ask."""
    text = (files(__package__ or "") / "wordings.toml").read_text(encoding="utf-8")
    return Wordings.model_validate(tomllib.loads(text))
