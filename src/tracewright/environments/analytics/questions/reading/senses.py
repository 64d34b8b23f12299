"""What a word of a question may stand for in a set of tables."""

from __future__ import annotations

from dataclasses import dataclass

from tracewright.environments.analytics.questions.meaning import Expression, Kind


@dataclass(frozen=True)
class Way:
    """One way to get at something: from the rows of `base`, by the expression `of`, where `where` holds."""

    base: str
    of: Expression = None
    where: Expression = None


@dataclass(frozen=True)
class Thing:
    """Something that can be counted, listed and told apart; without `of` a row of the base is one."""

    name: str
    ways: tuple[Way, ...]
    show: tuple[str, ...]


@dataclass(frozen=True)
class Act:
    """A word that says only that a thing is meant: tickets are *raised*, orders *placed*."""

    thing: Thing


@dataclass(frozen=True)
class Quantity:
    """A number that can be averaged or added up; `usual` is what is done with it where nobody says.

    `units` may follow a number of it, and words of `beside` may stand around it without meaning anything else.
    """

    name: str
    usual: Kind
    ways: tuple[Way, ...]
    units: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dimension:
    """A column whose values tell groups apart."""

    column: str
    name: str


@dataclass(frozen=True)
class Condition:
    """What may hold of a row: `column` holds one `value`, or an expression; `group` tells apart those that it keeps."""

    holds: Expression
    column: str = ""
    value: str | int | None = None
    group: str = ""


@dataclass(frozen=True)
class Rate:
    """A share that has a name of its own, of the rows for which `among` holds."""

    base: str
    where: Expression
    among: Expression = None


@dataclass(frozen=True)
class Intent:
    """What is to be done: count, average, rank, compare."""

    name: str


Sense = Thing | Act | Quantity | Dimension | Condition | Rate | Intent
