"""What a SELECT puts out: its items under names of their own, and hidden columns that only an order needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tracewright.plans.importing.expressions import say
from tracewright.plans.importing.frames import Frame, Import, place_of, plain_name
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import MARK, SIGN
from tracewright.plans.importing.settling import settle, star
from tracewright.plans.importing.speech import Speech


@dataclass(frozen=True)
class Item:
    """One output: its name in the plan, its settled expression, and what the text calls it: by an alias, or at all."""

    name: str
    tree: exp.Expr
    alias: str = ""
    called: str = ""


def items(run: Import, frame: Frame, select: exp.Expr) -> list[Item]:
    """Return what a SELECT puts out, stars written out, names made to fit."""
    found: list[Item] = []
    aliases: dict[str, exp.Expr] = {}
    for node in select.expressions:
        for wanted, tree in star(frame, node) or [("", node)]:
            alias = name_of(tree.args["alias"]) if isinstance(tree, exp.Alias) else ""
            inner = tree.this if isinstance(tree, exp.Alias) else tree
            settled = settle(run, frame, inner, aliases)
            called = alias or wanted or _heading(run, settled)
            name = _named(run, called, inner, settled, [item.name for item in found])
            found.append(Item(name, settled, alias, called))
            if alias:
                aliases[alias.casefold()] = settled
    return found


def _heading(run: Import, settled: exp.Expr) -> str:
    """Return what the text calls a column, empty for any other expression."""
    if not isinstance(settled, exp.Column):
        return ""
    frame, alias, name = place_of(run, settled)
    return frame.called.get((alias, name), name)


def _named(run: Import, called: str, written: exp.Expr, settled: exp.Expr, taken: list[str]) -> str:
    own = place_of(run, settled)[2] if isinstance(settled, exp.Column) else ""
    if own and called in {own, _heading(run, settled)} and free(own, taken) == own:
        return own  # a column that keeps its name may have any
    return free(slug(called or _spoken(written)), taken)


def _spoken(node: exp.Expr) -> str:
    """Return an expression as a name can hold it."""
    text = node.sql(dialect="duckdb", comments=False).replace(MARK, "")
    return "value" if SIGN in text or isinstance(node, exp.Literal | exp.Subquery) else text.lower()


def put_out(run: Import, frame: Frame, found: list[Item], hidden: list[Item]) -> None:
    """Select the items, and the hidden ones behind them; a select that changes nothing is left out."""
    wanted = [*found, *hidden]
    if _stands_already(run, frame, wanted):
        frame.known = {item.tree: item.name for item in reversed(wanted)}
        return
    speech = Speech(run, frame, windows=True)
    frame.take({"select": [_written(run, speech, item) for item in wanted]})
    frame.known = {item.tree: item.name for item in reversed(wanted)}


def _written(run: Import, speech: Speech, item: Item) -> Any:
    plain = say(speech, item.tree)
    own = place_of(run, item.tree)[2] if isinstance(item.tree, exp.Column) else ""
    if plain == plain_name(item.name) or (
        own == item.name and item.tree not in speech.frame.known and _is_plain(plain)
    ):
        return plain
    return {"as": item.name, "expr": plain}


def _is_plain(plain: Any) -> bool:
    return isinstance(plain, str) or (isinstance(plain, dict) and "col" in plain)


def _stands_already(run: Import, frame: Frame, wanted: list[Item]) -> bool:
    columns = frame.body.columns
    if [item.name for item in wanted] != [column.name for column in columns]:
        return False
    if frame.grouped:
        return all(frame.known.get(item.tree) == item.name for item in wanted)
    settled = [frame.settled(column, bare=True) for column in columns]
    return not frame.known and [item.tree for item in wanted] == settled
