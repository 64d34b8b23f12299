"""Where rows come from: tables, common table expressions, sub-queries, written rows, spines and lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tracewright.plans.families import UNKNOWN, engine_type, unify
from tracewright.plans.faults import did_you_mean
from tracewright.plans.importing.expressions import say
from tracewright.plans.importing.frames import Draft, Frame, Import, Named, plain_name
from tracewright.plans.importing.kinds import kind
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.reading import alias_name, name_of
from tracewright.plans.importing.recursion import recursion
from tracewright.plans.importing.refusal import ImportRefusal, only, refusal
from tracewright.plans.importing.settling import NeedsLateral, settle
from tracewright.plans.importing.speech import Speech
from tracewright.plans.relation import Output
from tracewright.plans.scope import Column

NARROW = 2**31


@dataclass(frozen=True)
class Source:
    """A source as it is written, under which alias, with the columns that it brings (None: the compiler knows)."""

    plain: Any
    alias: str
    columns: tuple[Output | Column, ...] | None = None
    lateral: bool = False


def source(run: Import, frame: Frame, node: exp.Expr) -> Source:
    """Return one source; its alias is known to the frame from here on."""
    match node:
        case exp.Table() if isinstance(node.this, exp.Func):
            return _spine(run, frame, node)
        case exp.Table():
            return _table(run, frame, node)
        case exp.Lateral():
            only(node, "this", "alias", "view", "outer")
            return _query(run, frame, node.this, node, lateral=True)
        case exp.Subquery():
            only(node, "this", "alias", "with_", "order", "limit", "offset")
            return _query(run, frame, node, node)
        case exp.Values():
            return _values(run, frame, node)
        case exp.Unnest():
            return _list(run, frame, node)
    raise refusal("UNSUPPORTED_CLAUSE", f"rows cannot come from {type(node).__name__.upper()}", node)


def _alias(frame: Frame, wanted: str, otherwise: str = "t") -> str:
    """Return the alias that a source gets in the plan, and remember what the SQL calls it."""
    if wanted and wanted.casefold() in frame.aliases:
        raise refusal("DUPLICATE_NAME", f"two sources are called {wanted!r}")
    name = free(slug(wanted or otherwise), frame.aliases.values())
    frame.aliases[wanted.casefold() if wanted else f" {len(frame.aliases)}"] = name
    return name


def _table(run: Import, frame: Frame, node: exp.Table) -> Source:
    only(node, "this", "alias", "db")
    name = name_of(node)
    if (named := frame.names.get(name.casefold())) is not None and not node.args.get("db"):
        return _named(run, frame, node, named)
    tables = {known.casefold(): known for known in run.work.catalogue.by_name}
    if name.casefold() not in tables or name_of(node.args.get("db") or exp.Var(this="main")).lower() != "main":
        near = did_you_mean(name, list(tables.values()))
        raise refusal("UNKNOWN_TABLE", f"there is no table {name!r}" + (f"; {near}" if near else ""))
    table, wanted = tables[name.casefold()], alias_name(node)
    if columns := _column_names(node):
        return _renamed(run, frame, table, wanted or name, columns)
    if not wanted or wanted == table:
        frame.aliases[(wanted or table).casefold()] = _own_name(frame, table)
        frame.tables[table] = table
        return Source(table, table)
    alias = _alias(frame, wanted)
    frame.tables[alias] = table
    return Source({"table": table, "as": alias}, alias)


def _own_name(frame: Frame, table: str) -> str:
    if table.casefold() in frame.aliases or table in frame.aliases.values():
        raise refusal("DUPLICATE_NAME", f"two sources are called {table!r}")
    return table


def _column_names(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return [name_of(one) for one in alias.args.get("columns") or []] if isinstance(alias, exp.TableAlias) else []


def _renamed(run: Import, frame: Frame, table: str, wanted: str, names: list[str]) -> Source:
    draft = Draft(run.work, None, table)
    known = run.drafts.get(table)
    draft.stored = known.stored if known else frozenset(column.name for column in draft.columns)
    draft.called = known.called if known else {}
    rename(draft, names)
    return _plan(frame, draft, wanted)


def _plan(frame: Frame, draft: Draft, wanted: str, otherwise: str = "t", *, lateral: bool = False) -> Source:
    """Return a body as a source."""
    alias = _alias(frame, wanted, otherwise)
    frame.bring(alias, draft)
    return Source({"plan": draft.body(), "as": alias}, alias, tuple(draft.outputs()[0]), lateral)


def rename(draft: Draft, names: list[str]) -> None:
    """Give a body's first columns other names."""
    columns, taken = draft.columns, list[str]()
    if len(names) > len(columns):
        raise refusal("SUBPLAN_SHAPE", f"{len(names)} names are given to {len(columns)} columns")
    called = names + [draft.called.get(column.name, column.name) for column in columns[len(names) :]]
    for at, column in enumerate(columns):
        taken.append(free(slug(names[at]) if at < len(names) else column.name, taken))
    pairs = list(zip(taken, columns, strict=True))
    if any(name != column.name for name, column in pairs):
        plain = [(name, column.name, plain_name(column.name)) for name, column in pairs]
        draft.take({"select": [old if name == own else {"as": name, "expr": old} for name, own, old in plain]})
    draft.stored = frozenset(name for name, column in pairs if column.name in draft.stored)
    draft.called = {name: one for name, one in zip(taken, called, strict=True) if slug(one) != one}


def _named(run: Import, frame: Frame, node: exp.Table, named: Named) -> Source:
    """Return a common table expression as a let, which is made when it is first read."""
    wanted = alias_name(node) or name_of(node)
    if named.let is None:
        try:
            named.let = _let(run, named)
        except ImportRefusal as refusal:
            if refusal.code != "UNKNOWN_COLUMN" or named.parent is None or named.parent is not frame.parent:
                raise
            return _inlined(run, frame, named, wanted)
    if columns := _column_names(node):
        return _renamed(run, frame, named.let, wanted, columns)
    alias = _alias(frame, wanted)
    frame.bring(alias, run.drafts[named.let])
    return Source(named.let if alias == named.let else {"let": named.let, "as": alias}, alias)


def _let(run: Import, named: Named) -> str:
    draft = read_named(run, named, None)
    return run.let(name_of(named.tree.args["alias"]), draft)


def read_named(run: Import, named: Named, parent: Frame | None) -> Draft:
    """Return the body of a common table expression."""
    only(named.tree, "this", "alias", "materialized")
    draft = recursion(run, named) if named.again else run.run_query(run, named.tree.this, parent, named.around, None)
    if columns := _column_names(named.tree):
        rename(draft, columns)
    return draft


def _inlined(run: Import, frame: Frame, named: Named, wanted: str) -> Source:
    """Return a common table expression that reads the query around: no let can, so it is written where it is read."""
    run.retry()
    return _plan(frame, read_named(run, named, named.parent), wanted)


def _query(run: Import, frame: Frame, query: exp.Expr, node: exp.Expr, *, lateral: bool = False) -> Source:
    draft, lateral = _derived(run, frame, query, lateral)
    if columns := _column_names(node):
        rename(draft, columns)
    return _plan(frame, draft, alias_name(node), "sub", lateral=lateral)


def _derived(run: Import, frame: Frame, query: exp.Expr, lateral: bool) -> tuple[Draft, bool]:
    """Return a derived table; one that reads the sources before it is lateral, whether it says so or not."""
    inner = query.copy() if query.args.get("alias") else query
    inner.set("alias", None)
    if not lateral:
        try:
            beside = frame if frame.draft is not None else None
            return run.run_query(run, inner, frame.parent, frame.names, beside), False
        except NeedsLateral:
            run.retry()
    return run.run_query(run, inner, frame, frame.names, None), True


def _spine(run: Import, frame: Frame, node: exp.Table) -> Source:
    """Return `range(from, to, step)` as a spine."""
    only(node, "this", "alias")
    call, columns = node.this, _column_names(node)
    name = name_of(call) if isinstance(call, exp.Anonymous) else call.sql_name().lower()
    if name not in {"range", "generate_series"} or not 1 <= len(call.expressions) <= 3:
        raise refusal("UNSUPPORTED_CLAUSE", f"rows cannot come from the function {name!r}", node)
    speech = Speech(run, frame)
    args = [settle(run, frame, arg) for arg in call.expressions]
    said = [say(speech, arg) for arg in args]
    start, end = (0, said[0]) if len(said) == 1 else said[:2]
    if name == "generate_series":
        end = _beyond(end, said[2] if len(said) == 3 else 1, node)
    bounds = {"from": start, "to": end, **({"step": said[2]} if len(said) == 3 else {})}
    alias = _alias(frame, alias_name(node), "range")
    column = slug(columns[0]) if columns else name
    return Source({"range": bounds, "as": alias, "column": column}, alias)


def _beyond(end: Any, step: Any, node: exp.Expr) -> Any:
    """Return the end of a spine that leaves its end out, for one that has it."""
    match end, step:
        case int(), int() if step > 0:
            return end + 1
        case {"lit": str(), "as": "date" | "timestamp"}, {"interval": [int(count), _]} if count > 0:
            return {"add": [end, {"interval": [1, "microsecond"]}]}
    raise refusal("UNSUPPORTED_CLAUSE", "generate_series goes upwards to a number or a time that is written", node)


def _values(run: Import, frame: Frame, node: exp.Values) -> Source:
    only(node, "expressions", "alias")
    rows = [[settle(run, frame, cell) for cell in _cells(row)] for row in node.expressions]
    given = _column_names(node)
    width = len(rows[0])
    names = [*given, *(f"col{at}" for at in range(len(given), width))]
    alias = _alias(frame, alias_name(node), "rows")
    columns = [{"as": slug(names[at]), "type": _column_type(run, rows, at)} for at in range(width)]
    plain = [[_cell(run, cell) for cell in row] for row in rows]
    return Source({"values": plain, "columns": columns, "as": alias}, alias)


def _cells(row: exp.Expr) -> list[exp.Expr]:
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def _column_type(run: Import, rows: list[list[exp.Expr]], at: int) -> str:
    whole = UNKNOWN
    for row in rows:
        if len(row) != len(rows[0]):
            raise refusal("BAD_SHAPE", "the rows of VALUES are not of one length")
        found = unify(whole, kind(run, row[at]))
        if found is None:
            raise refusal("TYPE_MISMATCH", "a column of VALUES has one type", row[at])
        whole = found
    # Whole numbers are as wide as the engine makes them: four bytes where all fit.
    return "integer" if all(_is_narrow(row[at]) for row in rows) else engine_type(whole)


def _is_narrow(cell: exp.Expr) -> bool:
    inner = cell.this if isinstance(cell, exp.Neg) else cell
    if isinstance(inner, exp.Null):
        return True
    return isinstance(inner, exp.Literal) and str(inner.this).isdigit() and int(inner.this) < NARROW


def _cell(run: Import, cell: exp.Expr) -> Any:
    inner = cell.this if isinstance(cell, exp.Cast) else cell
    said = say(Speech(run, Frame(-1, None, {})), inner)
    if isinstance(said, dict) and "lit" in said:
        return said["lit"]
    if isinstance(said, dict | list | str):
        raise refusal("UNSUPPORTED_CLAUSE", "VALUES holds literals only", cell)
    return said


def _list(run: Import, frame: Frame, node: exp.Unnest) -> Source:
    only(node, "expressions", "alias", "offset")
    if len(node.expressions) != 1 or frame.draft is None:
        raise refusal("UNSUPPORTED_CLAUSE", "a list becomes rows beside other rows, one list at a time", node)
    listed = settle(run, frame, node.expressions[0])
    names, offset = _column_names(node), node.args.get("offset")
    column = slug(names[0]) if names else "unnest"
    position = slug(name_of(offset)) if isinstance(offset, exp.Expr) else None
    alias = _alias(frame, alias_name(node), "items")
    plain = {"unnest": say(Speech(run, frame), listed), "as": alias, "column": column}
    items = kind(run, listed).items
    outputs = [Output(column, items[0] if items else UNKNOWN)]
    if position is not None:
        plain["position"] = position
        outputs.append(Output(position, kind(run, exp.Literal.number(1)), nullable=False))
    return Source(plain, alias, tuple(outputs), lateral=True)
