"""ORDER BY and LIMIT: keys are outputs by position, alias or expression, or columns that are dropped again."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.importing.expressions import say
from tracewright.plans.importing.frames import Frame, Import, plain_name
from tracewright.plans.importing.naming import free
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.settling import settle
from tracewright.plans.importing.shaping import Item
from tracewright.plans.importing.speech import Speech

Key = tuple[exp.Expr, str]
"""An ORDER BY key as it was written, and the output that it names."""


def order_keys(run: Import, frame: Frame, node: exp.Expr, items: list[Item]) -> tuple[list[Key], list[Item]]:
    """Return the keys with the outputs that they name, and the hidden outputs that this takes."""
    order = node.args.get("order")
    keys: list[Key] = []
    hidden: list[Item] = []
    for ordered in _each(order, items):
        only(ordered, "this", "desc", "nulls_first")
        found = named_output(run, frame, ordered.this, items)
        if isinstance(found, exp.Expr):
            name = next((item.name for item in [*items, *hidden] if item.tree == found), None)
            if name is None:
                name = free(f"order_{len(hidden) + 1}", [item.name for item in [*items, *hidden]])
                hidden.append(Item(name, found))
            found = name
        keys.append((ordered, found))
    return keys, hidden


def _each(order: exp.Expr | None, items: list[Item]) -> list[exp.Expr]:
    if order is None:
        return []
    only(order, "expressions")
    if len(order.expressions) == 1 and isinstance(order.expressions[0].this, exp.Var):
        every = order.expressions[0]
        keys = [exp.Literal.number(at + 1) for at in range(len(items))]
        return [
            exp.Ordered(this=key, desc=every.args.get("desc"), nulls_first=every.args.get("nulls_first"))
            for key in keys
        ]
    return list(order.expressions)


def named_output(run: Import, frame: Frame, node: exp.Expr, items: list[Item]) -> str | exp.Expr:
    """Return the output that a key names by position or alias, or its settled expression."""
    if isinstance(node, exp.Paren):
        return named_output(run, frame, node.this, items)
    if isinstance(node, exp.Literal):
        at = int(node.this) if not node.is_string and str(node.this).isdigit() else 0
        if not 1 <= at <= len(items):
            raise refusal("UNSUPPORTED_CLAUSE", f"there is no output at position {node.this}")
        return items[at - 1].name
    if isinstance(node, exp.Column) and not node.args.get("table"):
        wanted = name_of(node).casefold()
        for item in items:
            if item.alias and item.alias.casefold() == wanted:
                return item.name
        if len(named := [item.name for item in items if item.called.casefold() == wanted]) == 1:
            return named[0]
    aliases = {item.alias.casefold(): item.tree for item in items if item.alias}
    return settle(run, frame, node, aliases)


def sort(frame: Frame, keys: list[Key]) -> None:
    """Order the rows."""
    nullable = {column.name: column.nullable for column in frame.body.columns}
    frame.take({"sort": [_key(ordered, name, nullable.get(name, True)) for ordered, name in keys]})


def _key(ordered: exp.Expr, name: str, nullable: bool) -> Any:
    plain = plain_name(name)
    first = {"nulls": "first"} if ordered.args.get("nulls_first") and nullable else {}
    if ordered.args.get("desc"):
        return {"desc": plain, **first}
    return {"asc": plain, **first} if first or not isinstance(plain, str) else plain


def limit(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Keep the first rows."""
    rows, offset = node.args.get("limit"), node.args.get("offset")
    if rows is None and offset is None:
        return
    sizes = {}
    if isinstance(rows, exp.Fetch):
        rows = _fetched(rows)
    if rows is not None:
        only(rows, "expression")
        sizes["rows"] = _size(run, frame, rows)
    if offset is not None:
        only(offset, "expression")
        sizes["offset"] = _size(run, frame, offset)
    frame.take({"limit": sizes["rows"] if list(sizes) == ["rows"] else sizes})


def _fetched(node: exp.Fetch) -> exp.Expr:
    """Return FETCH FIRST n ROWS ONLY as the limit that it is."""
    only(node, "direction", "count", "limit_options")
    if node.args.get("limit_options"):
        only(node.args["limit_options"], "rows")
    return exp.Limit(expression=node.args.get("count") or exp.Literal.number(1))


def _size(run: Import, frame: Frame, node: exp.Expr) -> Any:
    value = node.expression
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.Placeholder):
        return say(Speech(run, frame), value)
    if not (isinstance(value, exp.Literal) and not value.is_string and str(value.this).isdigit()):
        raise refusal("UNSUPPORTED_CLAUSE", "a number of rows is written as digits", node)
    return int(value.this)
