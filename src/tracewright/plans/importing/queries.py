"""Queries of every shape as bodies: SELECT, set operations, written rows, WITH, and what stands behind brackets."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.families import unify
from tracewright.plans.importing.expressions import say
from tracewright.plans.importing.frames import Draft, Frame, Import, Named, Names, plain_name
from tracewright.plans.importing.ordering import limit, order_keys, sort
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.selects import rows, select
from tracewright.plans.importing.shaping import Item
from tracewright.plans.importing.sources import source
from tracewright.plans.importing.speech import Speech

SETS: dict[type[exp.Expr], str] = {exp.Union: "union", exp.Intersect: "intersect", exp.Except: "except"}
ENDS = ("order", "limit", "offset")


def query(run: Import, node: exp.Expr, parent: Frame | None, names: Names, beside: Frame | None) -> Draft:
    """Return the body of any query."""
    names = _with(node, parent, names)
    match node:
        case exp.Select():
            return select(run, node, run.frame(parent, names, beside))
        case exp.SetOperation():
            return _ended(run, node, _combined(run, node, parent, names, beside), parent, names)
        case exp.Subquery():
            only(node, "this", "with_", *ENDS)
            return _ended(run, node, query(run, node.this, parent, names, beside), parent, names)
        case exp.Values():
            frame = run.frame(parent, names, beside)
            run.open(frame, source(run, frame, node).plain)
            return frame.body
    raise refusal("UNSUPPORTED_CLAUSE", f"a query cannot be {type(node).__name__.upper()}", node)


def exists(run: Import, node: exp.Expr, parent: Frame | None, names: Names, beside: Frame | None) -> Draft:
    """Return the body of a query of which only is asked whether it has a row."""
    if isinstance(node, exp.Select):
        found = rows(run, node, run.frame(parent, _with(node, parent, names), beside))
        if found is not None:
            return found
    return query(run, node, parent, names, beside)


def _with(node: exp.Expr, parent: Frame | None, names: Names) -> Names:
    clause = node.args.get("with_")
    if clause is None:
        return names
    only(clause, "expressions", "recursive")
    for tree in clause.expressions:
        name = name_of(tree.args["alias"]).casefold()
        if not isinstance(tree.this, exp.Query | exp.Values):
            raise refusal("NOT_A_QUERY", f"{name!r} is {type(tree.this).__name__.upper()}, and no query", tree)
        reads = (name_of(table).casefold() for table in tree.find_all(exp.Table))
        again = bool(clause.args.get("recursive")) and name in reads
        names = {**names, name: Named(tree, names, parent, again=again)}
    return names


def _combined(run: Import, node: exp.Expr, parent: Frame | None, names: Names, beside: Frame | None) -> Draft:
    chain, first = [], node
    while isinstance(first, exp.SetOperation) and (first is node or not any(map(first.args.get, (*ENDS, "with_")))):
        only(first, "this", "expression", "distinct", "by_name", *((*ENDS, "with_") if first is node else ()))
        chain.append(first)
        first = first.this
    draft = query(run, first, parent, names, beside)
    steps: list[tuple[str, dict[str, Any]]] = []
    for one in reversed(chain):
        right = query(run, one.expression, parent, names, beside)
        _aligned(run, draft, right, one)
        how = {
            **({} if one.args.get("distinct") else {"all": True}),
            **({"by": "name"} if one.args.get("by_name") else {}),
        }
        last = steps[-1] if steps else None
        if last is not None and last[0] == "union" == SETS[type(one)] and {**last[1], "with": 0} == {**how, "with": 0}:
            last[1]["with"].append(right.body())
        else:
            steps.append((SETS[type(one)], {"with": [right.body()], **how}))
    for tag, step in steps:
        draft.take({tag: step})
    draft.stored = frozenset()  # SQLite leaves open whose affinity the columns have
    return draft


def _aligned(run: Import, left: Draft, right: Draft, node: exp.Expr) -> None:
    """Cast columns of different types to text, as the engine does; SQLite would leave them as they are."""
    if node.args.get("by_name") or len(left.columns) != len(right.columns):
        return
    apart = [at for at, (a, b) in enumerate(zip(left.columns, right.columns, strict=True)) if not unify(a.type, b.type)]
    if apart and run.sqlite:
        raise refusal("SET_SHAPE", "a column of the two sides is of two types", node)
    for draft in (left, right):
        if any(draft.columns[at].type.family != "text" for at in apart):
            draft.take({"select": [_texted(column, at in apart) for at, column in enumerate(draft.columns)]})


def _texted(column: Any, cast: bool) -> Any:
    plain = plain_name(column.name)
    if not cast or column.type.family == "text":
        return plain
    return {"as": column.name, "expr": {"cast": plain, "to": "varchar"}}


def _ended(run: Import, node: exp.Expr, draft: Draft, parent: Frame | None, names: Names) -> Draft:
    """Return the body with the order and limit that stand behind brackets or a set operation."""
    if not any(node.args.get(end) for end in ENDS):
        return draft
    frame = run.frame(parent, names)
    frame.draft = draft
    frame.see(draft.columns)
    called = [draft.called.get(column.name, column.name) for column in draft.columns]
    outputs = [Item(c.name, frame.settled(c), name) for c, name in zip(draft.columns, called, strict=True)]
    keys, hidden = order_keys(run, frame, node, outputs)
    if hidden:
        speech = Speech(run, frame)
        frame.take({"derive": [{"as": item.name, "expr": say(speech, item.tree)} for item in hidden]})
    if keys:
        sort(frame, keys)
    limit(run, frame, node)
    if hidden:
        frame.take({"select": [plain_name(item.name) for item in outputs]})
    return draft
