"""FROM and its joins: tables, common table expressions, sub-queries, written rows, spines, lists, joins in brackets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from tracewright.plans.families import UNKNOWN, Type, engine_type, unify
from tracewright.plans.faults import did_you_mean
from tracewright.plans.importing.expressions import say, truth
from tracewright.plans.importing.frames import Draft, Frame, Import, Named, plain_name
from tracewright.plans.importing.kinds import kind
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.reading import alias_name, name_of
from tracewright.plans.importing.recursion import recursion
from tracewright.plans.importing.refusal import ImportRefusal, only, refuse
from tracewright.plans.importing.settling import NeedsLateral, settle
from tracewright.plans.importing.speech import Speech
from tracewright.plans.relation import Output
from tracewright.plans.scope import Column

SIDES = {"LEFT": "left", "RIGHT": "right", "FULL": "full", "": "inner"}
KINDS = {"CROSS": "cross", "SEMI": "semi", "ANTI": "anti"}
ONE_ROW = {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}


@dataclass(frozen=True)
class Source:
    """A source as it is written, under which alias, with the columns that it brings (None: the compiler knows)."""

    plain: Any
    alias: str
    columns: tuple[Output, ...] | None = None
    lateral: bool = False


def open_from(run: Import, frame: Frame, select: exp.Expr) -> None:
    """Begin a frame at its FROM, with all joins."""
    origin = select.args.get("from_")
    if origin is None:
        run.open(frame, ONE_ROW)
        return
    begin(run, frame, origin.this)
    for join in [*(select.args.get("joins") or []), *(select.args.get("laterals") or [])]:
        take_join(run, frame, join)


def begin(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Begin a frame at its first source."""
    if _is_group(node):
        _group(run, frame, node)
        return
    found = source(run, frame, node)
    if found.lateral:
        refuse("UNSUPPORTED_CLAUSE", "the first source of a FROM has no rows beside it", node)
    run.open(frame, found.plain)


def _is_group(node: exp.Expr) -> bool:
    if isinstance(node, exp.Table):
        return bool(node.args.get("joins"))
    inner = node.this if isinstance(node, exp.Subquery) else None
    return isinstance(inner, exp.Table | exp.Subquery) and not (
        isinstance(inner, exp.Subquery) and isinstance(inner.this, exp.Query) and not inner.args.get("joins")
    )


def _group(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Begin a frame at a join in brackets: there its brackets say nothing."""
    joins = node.args.get("joins") or []
    if isinstance(node, exp.Subquery):
        only(node, "this", "joins")
        joins = [*(node.this.args.get("joins") or []), *joins]
    begin(run, frame, _alone(node.this if isinstance(node, exp.Subquery) else node))
    for join in joins:
        take_join(run, frame, join)


def _alone(node: exp.Expr) -> exp.Expr:
    table = node.copy()
    table.set("joins", None)
    return table


def source(run: Import, frame: Frame, node: exp.Expr) -> Source:
    """Return one source; its alias is known to the frame from here on."""
    match node:
        case exp.Table() if isinstance(node.this, exp.Anonymous):
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
    refuse("UNSUPPORTED_CLAUSE", f"rows cannot come from {type(node).__name__.upper()}", node)


def _alias(frame: Frame, wanted: str, otherwise: str = "t") -> str:
    """Return the alias that a source gets in the plan, and remember what the SQL calls it."""
    if wanted and wanted.casefold() in frame.aliases:
        refuse("DUPLICATE_NAME", f"two sources are called {wanted!r}")
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
        refuse("UNKNOWN_TABLE", f"there is no table {name!r}" + (f"; {near}" if near else ""))
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
        refuse("DUPLICATE_NAME", f"two sources are called {table!r}")
    return table


def _column_names(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return [name_of(one) for one in alias.args.get("columns") or []] if isinstance(alias, exp.TableAlias) else []


def _renamed(run: Import, frame: Frame, table: str, wanted: str, names: list[str]) -> Source:
    draft = Draft(run.work, None, table)
    rename(run, draft, names)
    alias = _alias(frame, wanted)
    return Source({"plan": draft.body(), "as": alias}, alias, tuple(draft.outputs()[0]))


def rename(run: Import, draft: Draft, names: list[str]) -> None:
    """Give a body's first columns other names."""
    columns = draft.columns
    if len(names) > len(columns):
        refuse("SUBPLAN_SHAPE", f"{len(names)} names are given to {len(columns)} columns")
    if all(column.name == name for column, name in zip(columns, names, strict=False)):
        return
    items: list[Any] = []
    taken: list[str] = []
    for at, column in enumerate(columns):
        name = names[at] if at < len(names) else column.name
        taken.append(fitting := free(slug(name) if at < len(names) else name, taken))
        if fitting != name:
            run.renamed.append((name, fitting))
        plain = plain_name(column.name)
        items.append(plain if fitting == column.name else {"as": fitting, "expr": plain})
    draft.take({"select": items})


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
    return Source(named.let if alias == named.let else {"let": named.let, "as": alias}, alias)


def _let(run: Import, named: Named) -> str:
    draft = read_named(run, named, None)
    return run.let(name_of(named.tree.args["alias"]), draft)


def read_named(run: Import, named: Named, parent: Frame | None) -> Draft:
    """Return the body of a common table expression."""
    only(named.tree, "this", "alias", "materialized")
    draft = recursion(run, named) if named.again else run.run_query(run, named.tree.this, parent, named.around, None)
    if columns := _column_names(named.tree):
        rename(run, draft, columns)
    return draft


def _inlined(run: Import, frame: Frame, named: Named, wanted: str) -> Source:
    """Return a common table expression that reads the query around: no let can, so it is written where it is read."""
    draft = read_named(run, named, named.parent)
    alias = _alias(frame, wanted)
    return Source({"plan": draft.body(), "as": alias}, alias, tuple(draft.outputs()[0]))


def _query(run: Import, frame: Frame, query: exp.Expr, node: exp.Expr, *, lateral: bool = False) -> Source:
    draft, lateral = _derived(run, frame, query, lateral)
    if columns := _column_names(node):
        rename(run, draft, columns)
    alias = _alias(frame, alias_name(node), "sub")
    return Source({"plan": draft.body(), "as": alias}, alias, tuple(draft.outputs()[0]), lateral)


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
    if name_of(call) != "range" or not 1 <= len(call.expressions) <= 3:
        refuse("UNSUPPORTED_CLAUSE", f"rows cannot come from the function {name_of(call)!r}", node)
    speech = Speech(run, frame)
    args = [settle(run, frame, arg) for arg in call.expressions]
    said = [say(speech, arg) for arg in args]
    start, end = (0, said[0]) if len(said) == 1 else said[:2]
    bounds = {"from": start, "to": end, **({"step": said[2]} if len(said) == 3 else {})}
    alias = _alias(frame, alias_name(node), "range")
    column = slug(columns[0]) if columns else "range"
    return Source({"range": bounds, "as": alias, "column": column}, alias)


def _values(run: Import, frame: Frame, node: exp.Values) -> Source:
    only(node, "expressions", "alias")
    rows = [[settle(run, frame, cell) for cell in _cells(row)] for row in node.expressions]
    given = _column_names(node)
    width = len(rows[0])
    names = [*given, *(f"col{at}" for at in range(len(given), width))]
    alias = _alias(frame, alias_name(node), "rows")
    columns = [{"as": slug(names[at]), "type": engine_type(_column_type(run, rows, at))} for at in range(width)]
    plain = [[_cell(run, cell) for cell in row] for row in rows]
    return Source({"values": plain, "columns": columns, "as": alias}, alias)


def _cells(row: exp.Expr) -> list[exp.Expr]:
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def _column_type(run: Import, rows: list[list[exp.Expr]], at: int) -> Type:
    whole = UNKNOWN
    for row in rows:
        if len(row) != len(rows[0]):
            refuse("BAD_SHAPE", "the rows of VALUES are not of one length")
        found = unify(whole, kind(run, row[at]))
        if found is None:
            refuse("TYPE_MISMATCH", "a column of VALUES has one type", row[at])
        whole = found
    return whole


def _cell(run: Import, cell: exp.Expr) -> Any:
    inner = cell.this if isinstance(cell, exp.Cast) else cell
    said = say(Speech(run, Frame(-1, None, {})), inner)
    if isinstance(said, dict) and "lit" in said:
        return said["lit"]
    if isinstance(said, dict | list | str):
        refuse("UNSUPPORTED_CLAUSE", "VALUES holds literals only", cell)
    return said


def _list(run: Import, frame: Frame, node: exp.Unnest) -> Source:
    only(node, "expressions", "alias", "offset")
    if len(node.expressions) != 1 or frame.draft is None:
        refuse("UNSUPPORTED_CLAUSE", "a list becomes rows beside other rows, one list at a time", node)
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


def take_join(run: Import, frame: Frame, node: exp.Expr) -> None:
    """Take one join, a comma among them."""
    join = node if isinstance(node, exp.Join) else exp.Join(this=node)
    only(join, "this", "side", "kind", "method", "on", "using")
    how = _how(run, join)
    left = list(frame.columns)
    found = _target(run, frame, join.this)
    right = _columns(run, frame, found)
    step: dict[str, Any] = {"to": found.plain, **({} if how == "inner" else {"how": how})}
    if found.lateral:
        step["lateral"] = True
    names = _shared(join, left, right)
    if names is not None:
        step["using"] = names
    frame.see([*left, *right])
    if (on := join.args.get("on")) is not None:
        step["on"] = truth(Speech(run, frame), settle(run, frame, on))
    if how == "inner" and not names and on is None:
        step["how"] = "cross"
    if how == "cross" and on is not None:
        refuse("UNSUPPORTED_CLAUSE", "a cross join has no condition", join)
    frame.see(left)
    frame.take({"join": step})


def _how(run: Import, join: exp.Expr) -> str:
    side, kind_, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
    if method not in {"", "NATURAL", "ASOF"} or side not in SIDES or kind_ not in {"", "INNER", "OUTER", *KINDS}:
        refuse("UNSUPPORTED_CLAUSE", f"the plan language has no {method} {side} {kind_} join", join)
    if method == "ASOF":
        return "asof_left" if side == "LEFT" else "asof"
    if kind_ in KINDS:
        return KINDS[kind_]
    return SIDES[side]


def _target(run: Import, frame: Frame, node: exp.Expr) -> Source:
    if not _is_group(node):
        return source(run, frame, node)
    inner = run.frame(frame.parent, frame.names)
    inner.aliases = frame.aliases
    _group(run, inner, node)
    joins = [*inner.body.steps]
    outputs = inner.columns
    group = {"joined": {"from": inner.body.source, "steps": joins}}
    frame.types.update(inner.types)
    return Source(group, "", tuple(outputs))  # type: ignore[arg-type]  # columns keep their own aliases


def _columns(run: Import, frame: Frame, found: Source) -> list[Column]:
    """Return the columns that a target will bring, before its join is taken."""
    if found.columns is None:
        probe = Draft(run.work, frame.parent.env(run.work) if frame.parent else None, found.plain)
        return probe.block.scope.columns
    return [
        one if isinstance(one, Column) else Column(one.name, one.type, one.nullable, found.alias, found.alias)
        for one in found.columns
    ]


def _shared(join: exp.Expr, left: list[Column], right: list[Column]) -> list[str] | None:
    """Return the columns of USING or of a natural join, None for any other."""
    names = [name_of(one) for one in join.args.get("using") or []]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        have = {column.name.casefold() for column in left if not column.hidden}
        names = [column.name for column in right if column.name.casefold() in have]
        if not names:
            refuse("UNSUPPORTED_CLAUSE", "a natural join finds no column of both sides", join)
    if not names:
        return None
    return [_of_both(name, left, right) for name in names]


def _of_both(name: str, left: list[Column], right: list[Column]) -> str:
    sides = []
    for columns in (left, right):
        found = {column.name for column in columns if not column.hidden and column.name.casefold() == name.casefold()}
        if len(found) != 1:
            refuse("UNKNOWN_COLUMN", f"USING wants {name!r} on both sides")
        sides.append(found.pop())
    if sides[0] != sides[1]:
        refuse("UNSUPPORTED_CLAUSE", f"USING {name!r} is spelled in two ways; write the join with ON")
    return sides[0]
