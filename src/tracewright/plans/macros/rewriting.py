"""What a macro may do: look at the columns in sight, add core steps, give what is there a name, begin anew from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.scope import Column, new_name

Json = dict[str, Any]


class Rewrite(Protocol):
    """A body that a macro is rewritten into."""

    path: Path

    def columns(self) -> list[Column]:
        """Return the columns in sight, in order."""

    def add(self, *steps: Json) -> None:
        """Go on with these core steps."""

    def close(self) -> str:
        """Return a name under which all that came before can be read as often as one likes."""

    def begin(self, source: Any) -> None:
        """Begin the body anew at a source."""


class LetName(str):
    """The name of a let, told apart from a table's."""

    __slots__ = ()


def named_source(name: str, alias: str) -> Json:
    """Return what `close` named as a source under an alias."""
    return {"let" if isinstance(name, LetName) else "table": str(name), "as": alias}


def reference(column: Column) -> Any:
    """Return how a plan writes this column."""
    if column.alias is not None:
        return {"col": [column.alias, column.name]}
    return {"col": [column.name]} if "." in column.name else column.name


def named(items: Sequence[Any], path: Path) -> list[tuple[str, Any]]:
    """Return the names and expressions of an array of `{"as": name, "expr": E}`."""
    found = []
    for index, item in enumerate(items):
        if not (isinstance(item, dict) and item.keys() == {"as", "expr"}):
            raise Fault("BAD_SHAPE", (*path, index), 'wanted {"as": name, "expr": E}')
        found.append((new_name(item["as"], (*path, index, "as")), item["expr"]))
    return found


def known(body: Rewrite, names: Sequence[str], *where: str) -> None:
    """Raise UNKNOWN_COLUMN for a name that is not in sight by itself."""
    have = [column.name for column in body.columns()]
    for name in names:
        if name not in have:
            raise Fault(
                "UNKNOWN_COLUMN", (*body.path, *where), f"there is no column {name!r}", have, did_you_mean(name, have)
            )


def without(*names: str) -> Json:
    """Return the step that drops scratch columns."""
    return {"select": [{"all": "*", "except": list(names)}]}


def derived(**columns: Any) -> Json:
    """Return the step that adds columns."""
    return {"derive": [{"as": name, "expr": expr} for name, expr in columns.items()]}


def over(call: Any, partition: Sequence[Any] = (), order: Sequence[Any] = (), frame: Any = None) -> Json:
    """Return a windowed expression."""
    node: Json = {"over": call, "partition": list(partition), "order": list(order)}
    return node if frame is None else {**node, "frame": frame}


def windowed(name: str, partition: Sequence[Any], order: Sequence[Any]) -> Json:
    """Return a windowed call without arguments."""
    return over({"call": name}, partition, order)


def every(conditions: Sequence[Any]) -> Any:
    """Return the conjunction of one or more conditions."""
    return conditions[0] if len(conditions) == 1 else {"and": list(conditions)}
