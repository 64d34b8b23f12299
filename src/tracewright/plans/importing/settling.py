"""Settles the names of one expression: columns to their sources, aliases to what they stand for, stars to columns.

Brackets go, because the tree holds the precedence. Sub-queries are left as they are: they are read in their own frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from tracewright.plans.faults import did_you_mean
from tracewright.plans.importing.frames import Frame, Import, is_settled
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal

Aliases = Mapping[str, exp.Expr]
SUBQUERIES = (exp.Subquery, exp.Select, exp.SetOperation, exp.Exists)


class NeedsLateral(Exception):  # noqa: N818 -- it says what to try next, and never leaves this room
    """A derived table reads a row beside it."""


def settle(run: Import, frame: Frame, node: exp.Expr, aliases: Aliases | None = None) -> exp.Expr:
    """Return an expression whose names are settled; a name that is no column may be one of `aliases`."""
    match node:
        case exp.Paren():
            return settle(run, frame, node.this, aliases)
        case exp.RawString():
            return exp.Literal.string(node.this)
        case exp.Column():
            return node if is_settled(node) else column(run, frame, node, aliases or {})
        case exp.Window() if node.args.get("alias"):
            return settle(run, frame, _named_window(frame, node), aliases)
    if isinstance(node, SUBQUERIES):
        return node
    settled: dict[str, Any] = {name: _part(run, frame, value, aliases) for name, value in node.args.items()}
    return type(node)(**settled)


def _part(run: Import, frame: Frame, value: Any, aliases: Aliases | None) -> Any:
    if isinstance(value, exp.Expr):
        return settle(run, frame, value, aliases)
    if isinstance(value, list):
        return [_part(run, frame, item, aliases) for item in value]
    return value


def _named_window(frame: Frame, node: exp.Expr) -> exp.Expr:
    """Return a window with what its name stands for written out."""
    name = name_of(node.args["alias"])
    if name.casefold() not in frame.windows:
        raise refusal("UNKNOWN_WINDOW", f"there is no window {name!r}")
    base = frame.windows[name.casefold()]
    parts = {key: value for key, value in node.args.items() if value and key != "alias"}
    shared = {key: base.args[key] for key in ("partition_by", "order", "spec") if base.args.get(key)}
    return exp.Window(**{**shared, **parts})


def column(run: Import, frame: Frame, node: exp.Column, aliases: Aliases) -> exp.Expr:
    """Return what a column's name means: of this frame, an alias, of a frame around, or a text in double quotes."""
    schema = name_of(node.args["db"]) if node.args.get("db") else "main"
    if isinstance(node.this, exp.Star) or schema.lower() != "main" or any(map(node.args.get, ("catalog", "join_mark"))):
        raise refusal("UNSUPPORTED_EXPRESSION", "a column has one or two names, and a star stands by itself", node)
    name, table = name_of(node), name_of(node.args["table"]) if node.args.get("table") else None
    if (found := _lookup(frame, table, name)) is not None:
        return found
    if table is None and name.casefold() in aliases:
        return _repeated(run, aliases[name.casefold()])
    if (around := _around(frame, table, name)) is not None:
        return around
    if table is None and run.sqlite and node.this.quoted:
        return exp.Literal.string(name)
    if table is not None and (struct := _lookup(frame, None, table)) is not None:
        return exp.StructExtract(this=struct, expression=exp.Literal.string(name))
    return _unknown(frame, table, name)


def _repeated(run: Import, tree: exp.Expr) -> exp.Expr:
    """Return what an alias stands for; aliases of aliases grow fast, so what is repeated is counted."""
    under = [tree]
    while under:
        run.repeat()
        under += own_parts(under.pop())
    return tree


def _around(frame: Frame, table: str | None, name: str) -> exp.Expr | None:
    """Return a column of the frames around; raises NeedsLateral where the one beside has it."""
    here: Frame | None = frame
    while here is not None:
        beside = here.beside
        while beside is not None:
            if beside.find(table, name) is not None:
                raise NeedsLateral
            beside = beside.beside
        here = here.parent
        if here is not None and (found := _lookup(here, table, name)) is not None:
            return found
    return None


def _lookup(frame: Frame, table: str | None, name: str) -> exp.Expr | None:
    found = frame.find(table, name)
    return frame.settled(found, bare=table is None) if found is not None else None


def _unknown(frame: Frame, table: str | None, name: str) -> exp.Expr:
    if table is not None and table.casefold() not in frame.aliases:
        near = did_you_mean(table, [alias for alias in frame.aliases if not alias.startswith(" ")])
        raise refusal("UNKNOWN_COLUMN", f"nothing here is called {table!r}" + (f"; {near}" if near else ""))
    near = did_you_mean(name, [frame.heading(column) for column in frame.columns])
    raise refusal("UNKNOWN_COLUMN", f"there is no column {name!r}" + (f"; {near}" if near else ""))


def star(frame: Frame, node: exp.Expr) -> list[tuple[str, exp.Expr]] | None:
    """Return the columns that a star stands for, each with its name; None for anything else."""
    shape = node.this if isinstance(node, exp.Column) and isinstance(node.this, exp.Star) else node
    if not isinstance(shape, exp.Star):
        return None
    only(shape, "except_", "replace")
    table = name_of(node.args["table"]) if isinstance(node, exp.Column) and node.args.get("table") else None
    columns = [column for column in frame.columns if not column.hidden]
    if table is not None:
        alias = frame.aliases.get(table.casefold())
        columns = [column for column in frame.columns if alias is not None and column.alias == alias]
        if not columns:
            raise refusal("UNKNOWN_TABLE", f"nothing here is called {table!r}")
    without = {name_of(one).casefold() for one in shape.args.get("except_") or []}
    instead = {one.alias.casefold(): one.this for one in shape.args.get("replace") or []}
    if spare := (without | set(instead)) - {frame.heading(column).casefold() for column in columns}:
        raise refusal("UNKNOWN_COLUMN", f"there is no column {min(spare)!r} in the star")
    kept = [(column, found) for column in columns if (found := frame.heading(column)).casefold() not in without]
    if not kept:
        raise refusal("UNSUPPORTED_CLAUSE", "a star stands for no column here", node)
    bare = table is None
    return [(called, instead.get(called.casefold()) or frame.settled(column, bare=bare)) for column, called in kept]


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """Return the conditions that are joined by AND, in order."""
    found: list[exp.Expr] = []
    under = [node]
    while under:
        one = under.pop()
        if isinstance(one, exp.And):
            under += [one.expression, one.this]
        else:
            found.append(one)
    return found


def equalities(node: exp.Expr) -> list[tuple[exp.Column, exp.Column]]:
    """Return the columns that a condition sets equal, in pairs."""
    pairs = [(one.this, one.expression) for one in conjuncts(node) if isinstance(one, exp.EQ)]
    return [(a, b) for a, b in pairs if isinstance(a, exp.Column) and isinstance(b, exp.Column)]


def own_parts(node: exp.Expr) -> list[exp.Expr]:
    """Return the expressions directly inside of one, without those of sub-queries."""
    if isinstance(node, SUBQUERIES):
        return []
    return [part for part in node.iter_expressions() if not isinstance(part, exp.DataType)]


def within(node: exp.Expr) -> list[exp.Expr]:
    """Return an expression and everything in it, top down, without the insides of sub-queries."""
    found, under = [], [node]
    while under:
        one = under.pop()
        found.append(one)
        under += reversed(own_parts(one))
    return found
