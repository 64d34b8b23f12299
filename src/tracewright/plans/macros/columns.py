"""Macros over columns and rows: drop, rename, nulls, top, first, last, dedupe, share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.faults import Fault
from tracewright.plans.macros.rewriting import Json, Rewrite, derived, known, over, reference, windowed, without
from tracewright.plans.scope import new_name


def drop(body: Rewrite, value: Any) -> None:
    """Leave columns out."""
    if not (isinstance(value, list) and value and all(isinstance(name, str) for name in value)):
        raise Fault("BAD_SHAPE", body.path, "wanted an array of column names")
    body.add({"select": [{"all": "*", "except": value}]})


def rename(body: Rewrite, value: Any) -> None:
    """Give columns other names; their order stays."""
    if not (isinstance(value, dict) and value and all(isinstance(name, str) for name in value.values())):
        raise Fault("BAD_SHAPE", body.path, 'wanted {"old": "new"}')
    known(body, list(value))
    names = {old: new_name(new, (*body.path, old)) for old, new in value.items()}
    body.add({"select": [_renamed(reference(c), names.get(c.name)) for c in body.columns()]})


def _renamed(column: Any, name: str | None) -> Any:
    return column if name is None else {"as": name, "expr": column}


class Nulls(Closed):
    """What to put for nulls, and where a null drops the row."""

    values: dict[str, Any] = Field(default={}, alias="set")
    drop: tuple[str, ...] = ()


def nulls(body: Rewrite, value: Any) -> None:
    """Put values in place of nulls, drop rows that still have one."""
    step = read_shape(Nulls, value, body.path)
    known(body, [*step.values, *step.drop])
    if step.values:
        items = [{"as": name, "expr": {"coalesce": [name, fill]}} for name, fill in sorted(step.values.items())]
        body.add({"derive": items, "replace": True})
    for name in step.drop:
        body.add({"filter": {"not_null": name}})


class Top(Closed):
    """The n first rows of each group."""

    n: int = Field(ge=1)
    per: tuple[Any, ...] = ()
    order: tuple[Any, ...] = Field(min_length=1)
    ties: Literal["rank", "row", "dense"] = "rank"


RANKS = {"rank": "rank", "row": "row_number", "dense": "dense_rank"}


def top(body: Rewrite, value: Any) -> None:
    """Keep the first n of each group: with ties (rank), exactly n rows (row), or n different values (dense)."""
    step = read_shape(Top, value, body.path)
    _ranked(body, RANKS[step.ties], step.per, step.order, step.n)


def _ranked(body: Rewrite, rank: str, per: Sequence[Any], order: Sequence[Any], n: int) -> None:
    body.add(derived(_rank=windowed(rank, per, order)), {"filter": {"lte": ["_rank", n]}}, without("_rank"))


class One(Closed):
    """One row of each group."""

    per: tuple[Any, ...] = Field(default=(), min_length=0)
    order: tuple[Any, ...] = Field(min_length=1)


class Dedupe(Closed):
    """One row of each key."""

    key: tuple[Any, ...] = Field(min_length=1)
    order: tuple[Any, ...] = Field(min_length=1)


def first(body: Rewrite, value: Any) -> None:
    """Keep the first row of each group."""
    step = read_shape(One, value, body.path)
    _ranked(body, "row_number", step.per, step.order, 1)


def last(body: Rewrite, value: Any) -> None:
    """Keep the last row of each group: the order is turned round, but a null never wins over a value."""
    step = read_shape(One, value, body.path)
    _ranked(body, "row_number", step.per, [_turned(key) for key in step.order], 1)


def _turned(key: Any) -> Json:
    if isinstance(key, dict) and "desc" in key:
        return {"asc": key["desc"]}
    return {"desc": key["asc"] if isinstance(key, dict) and "asc" in key else key}


def dedupe(body: Rewrite, value: Any) -> None:
    """Keep one row of each key, the first by order."""
    step = read_shape(Dedupe, value, body.path)
    _ranked(body, "row_number", step.key, step.order, 1)


class Share(Closed):
    """A column's part of its group's sum."""

    of: Any
    per: tuple[Any, ...] = ()
    name: str = Field(default="share", alias="as")


def share(body: Rewrite, value: Any) -> None:
    """Add each row's part of the sum over its group; null where the sum is zero."""
    step = read_shape(Share, value, body.path)
    name = new_name(step.name, (*body.path, "as"))
    body.add(derived(**{name: {"ratio": [step.of, over({"sum": step.of}, step.per)]}}))


MACROS: dict[str, Callable[[Rewrite, Any], None]] = {
    "drop": drop,
    "rename": rename,
    "nulls": nulls,
    "top": top,
    "first": first,
    "last": last,
    "dedupe": dedupe,
    "share": share,
}
