"""Set steps and unpivot: blocks of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field
from sqlglot import exp

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.families import unify
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.relation import Output, Relation
from tracewright.plans.scope import Column, quoted
from tracewright.plans.steps.block import Block, Stage, unique
from tracewright.plans.steps.columns import filter_rows, select

KINDS: dict[str, type[exp.SetOperation]] = {"union": exp.Union, "intersect": exp.Intersect, "except": exp.Except}
RunOperand = Callable[[Block, Any, Path], Relation]


class SetStep(Closed):
    """A set step as it is written."""

    with_: tuple[Any, ...] = Field(default=(), alias="with")
    all: bool = False
    by: Literal["position", "name"] = "position"


class Unpivot(Closed):
    """The unpivot step as it is written."""

    columns: list[str]
    name: str
    value: str
    keep_nulls: bool = False


def combine(block: Block, kind: str, value: Any, path: Path, run: RunOperand) -> None:
    """Join the rows of other bodies below these; columns keep the names of the first."""
    step = read_shape(SetStep, value, path)
    if not step.with_:
        raise Fault("BAD_SHAPE", (*path, "with"), "wanted one body or source at least")
    if block.stage >= Stage.SORT or block.query is not None:
        block.close()
    unique(block.scope.visible, path, fuzzy=block.scope.fuzzy)
    outputs = [Output(column.name, column.type, column.nullable) for column in block.scope.visible]
    query: exp.Query = block.select([(column, column.name) for column in block.scope.visible])
    fuzzy = block.scope.fuzzy
    for index, operand in enumerate(step.with_):
        where = (*path, "with", index)
        found = run(block, operand, where)
        fuzzy = fuzzy or found.fuzzy
        if not fuzzy:
            outputs = _matched(outputs, found, by_name=step.by == "name", path=where)
        right = plain_operand(block, found, [out.name for out in outputs] if step.by == "name" else None)
        query = KINDS[kind](this=query, expression=right, distinct=not step.all)
    _leave(block, query, outputs, fuzzy=fuzzy, distinct=not step.all)


def _matched(outputs: list[Output], found: Relation, *, by_name: bool, path: Path) -> list[Output]:
    return same_columns(outputs, _by_name(outputs, found, path) if by_name else found.columns, path)


def same_columns(outputs: Sequence[Output], others: Sequence[Output], path: Path) -> list[Output]:
    """Return the columns of rows from both; raises SET_SHAPE where there are more or fewer, or types that differ."""
    if len(others) != len(outputs):
        have = [column.name for column in others]
        raise Fault("SET_SHAPE", path, f"wanted {len(outputs)} columns, found {len(have)}", have)
    matched = []
    for one, other in zip(outputs, others, strict=True):
        kind = unify(one.type, other.type)
        if kind is None:
            message = f"{one.name!r} is {one.type}, and {other.name!r} is {other.type}"
            raise Fault("SET_SHAPE", path, message, hint="cast one of them before")
        matched.append(Output(one.name, kind, one.nullable or other.nullable))
    return matched


def _by_name(outputs: list[Output], found: Relation, path: Path) -> list[Output]:
    named = {column.name: column for column in found.columns}
    if len(named) != len(outputs):
        raise Fault("SET_SHAPE", path, f"wanted {len(outputs)} columns, found {len(named)}", list(named))
    for out in outputs:
        if out.name not in named:
            raise Fault(
                "SET_SHAPE", path, f"there is no column {out.name!r}", list(named), did_you_mean(out.name, list(named))
            )
    return [named[out.name] for out in outputs]


def plain_operand(block: Block, found: Relation, names: list[str] | None) -> exp.Query:
    """Return an operand that SQL reads as one; anything with an order, a limit or a set step of its own is closed."""
    query = found.query
    bare = isinstance(query, exp.Select) and not (query.args.get("order") or query.args.get("limit"))
    have = [column.name for column in found.columns]
    if bare and not query.args.get("offset") and (names is None or names == have):
        return query
    name = block.work.block_name()
    block.ctes.append(exp.CTE(this=query, alias=exp.TableAlias(this=quoted(name))))
    columns: list[exp.Expr] = [exp.Column(this=quoted(column), table=quoted(name)) for column in names or have]
    return exp.Select(expressions=columns, from_=exp.From(this=exp.Table(this=quoted(name))))


def _leave(block: Block, query: exp.Query, outputs: list[Output], *, fuzzy: bool, distinct: bool) -> None:
    block.empty()
    block.query, block.stage = query, Stage.SHAPE
    columns = [Column(out.name, out.type, out.nullable) for out in outputs]
    block.keys = [frozenset(columns)] if distinct else []
    block.order_names, block.total = None, False
    block.see(columns, fuzzy=fuzzy)


JoinValues = Callable[[Block, Any, Path], None]


def unpivot(block: Block, value: Any, path: Path, join: JoinValues) -> None:
    """Turn columns into rows: one row for each of the columns, with its name and its value."""
    step = read_shape(Unpivot, value, path)
    names = [column.name for column in block.scope.visible]
    for index, name in enumerate(step.columns):
        if name not in names and not block.scope.fuzzy:
            raise Fault(
                "UNKNOWN_COLUMN",
                (*path, "columns", index),
                f"there is no column {name!r}",
                names,
                did_you_mean(name, names),
            )
    if block.stage > Stage.SOURCE:
        block.close()
    alias = block.work.block_name()
    rows = {"values": [[name] for name in step.columns], "columns": [{"as": step.name, "type": "varchar"}], "as": alias}
    join(block, {"to": rows, "how": "cross"}, path)
    arms = [[{"lit": name}, {"col": [name]}] for name in step.columns]
    picked = {"as": step.value, "expr": {"case": arms, "of": {"col": [alias, step.name]}}}
    kept = [{"col": [name]} for name in names if name not in step.columns]
    select(block, [*kept, {"col": [alias, step.name]}, picked], path)
    if not step.keep_nulls:
        filter_rows(block, {"not_null": step.value}, path)
