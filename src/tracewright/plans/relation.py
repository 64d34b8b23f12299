"""What a body or a source comes to: a query, the columns that it puts out, its keys, and whether it is in order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from tracewright.plans.families import Type

Keys = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a result."""

    name: str
    type: Type
    nullable: bool = True


@dataclass(slots=True)
class Relation:
    """A body that is compiled: `query` is free to be hung somewhere, `steps` are its core steps."""

    query: exp.Query
    columns: list[Output]
    keys: Keys = ()
    ordered: bool = False
    total: bool = False
    fuzzy: bool = False
    unshaped: bool = False
