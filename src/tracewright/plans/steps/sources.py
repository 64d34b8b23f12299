"""Where rows come from: tables, lets, sub-plans, written rows, spines and lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlglot import exp

from tracewright.plans.document import MOST_ITEMS, Closed, read_shape
from tracewright.plans.expressions.binding import attempt, data_type, literal_as, wanted_type
from tracewright.plans.families import INT, NUMBERS, TIMES, TS, Type
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.relation import Keys, Output, Relation
from tracewright.plans.scope import Column, Env, Work, new_name, quoted


class TableSource(Closed):
    """A table of the catalogue."""

    table: str
    name: str | None = Field(default=None, alias="as")


class LetSource(Closed):
    """A named body of the plan, or the recursion that is under way."""

    let: str
    name: str | None = Field(default=None, alias="as")


class PlanSource(Closed):
    """A sub-plan."""

    plan: Any
    name: str | None = Field(default=None, alias="as")


class ValueColumn(Closed):
    """A column of written rows."""

    name: str = Field(alias="as")
    type: str


class ValuesSource(Closed):
    """Written rows."""

    values: tuple[tuple[Any, ...], ...]
    columns: tuple[ValueColumn, ...]
    name: str | None = Field(default=None, alias="as")


class Bounds(Closed):
    """From where, to where (left out), in which steps a spine goes."""

    start: Any = Field(alias="from")
    end: Any = Field(alias="to")
    step: Any = 1


class RangeSource(Closed):
    """A spine of numbers or times."""

    range: Bounds
    name: str = Field(alias="as")
    column: str = "value"


class UnnestSource(Closed):
    """The rows of a list; only as the target of a join."""

    unnest: Any
    name: str = Field(alias="as")
    column: str = "item"
    position: str | None = None


KINDS: dict[str, type[Closed]] = {
    "table": TableSource, "let": LetSource, "plan": PlanSource, "values": ValuesSource, "range": RangeSource,
    "unnest": UnnestSource,
}  # fmt: skip
OTHERS = ("joined", "recurse")


@dataclass(slots=True)
class Opened:
    """A source that can be read from: its tree, its columns under their alias, and its keys."""

    sql: exp.Expr
    columns: list[Column]
    keys: list[frozenset[Column]]
    fuzzy: bool = False


RunPlan = Callable[[Any, Path], Relation]


def read_source(value: Any, path: Path) -> Closed | str:
    """Read the shape of a source; a plain text names a table or a let."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise Fault("BAD_SHAPE", path, "wanted a table's name or a source object")
    for tag, kind in KINDS.items():
        if tag in value:
            return read_shape(kind, value, path)
    name = next(iter(value), "")
    known = [*KINDS, *OTHERS]
    raise Fault("UNKNOWN_KEY", (*path, name), f"{name!r} is no source", known, did_you_mean(name, known))


def open_source(env: Env, value: Any, path: Path, run: RunPlan) -> Opened:
    """Return a source that is ready to be read from."""
    match read_source(value, path):
        case str(name):
            return _named(env.work, name, path)
        case TableSource(table=table, name=name):
            return _table(env.work, table, alias_of(name, table, path), (*path, "table"))
        case LetSource(let=let, name=name):
            return _let(env.work, let, alias_of(name, let, path), (*path, "let"))
        case PlanSource(plan=body, name=name):
            alias = new_name(name, (*path, "as")) if name is not None else env.work.block_name()
            return opened(run(body, (*path, "plan")), alias)
        case ValuesSource() as rows:
            return _values(env.work, rows, path)
        case RangeSource() as spine:
            return _range(env, spine, path)
        case UnnestSource() as items:
            return _unnest(env, items, path)
    raise Fault("BAD_SHAPE", path, "no such source")


def alias_of(name: str | None, otherwise: str, path: Path) -> str:
    """Return the alias that a plan gives, or the source's own name."""
    return otherwise if name is None else new_name(name, (*path, "as"))


def _named(work: Work, name: str, path: Path) -> Opened:
    if name in work.lets or name in work.let_names:
        return _let(work, name, name, path)
    return _table(work, name, name, path)


def _table(work: Work, name: str, alias: str, path: Path) -> Opened:
    info = work.catalogue.by_name.get(name)
    if info is None:
        have = [*work.catalogue.by_name, *work.let_names]
        raise Fault("UNKNOWN_TABLE", path, f"there is no table {name!r}", have, did_you_mean(name, have))
    work.used_tables.add(name)
    return _under(exp.Table(this=quoted(name)), name, alias, info.outputs, tuple(map(frozenset, info.keys)))


def _let(work: Work, name: str, alias: str, path: Path) -> Opened:
    found = work.lets.get(name) or (work.run_let(name, path) if name in work.let_names and work.run_let else None)
    if found is None:
        have = list(work.let_names)
        raise Fault("UNKNOWN_TABLE", path, f"there is no let {name!r}", have, did_you_mean(name, have))
    found.used = True
    return _under(exp.Table(this=quoted(name)), name, alias, found.columns, found.keys)


def _under(table: exp.Table, name: str, alias: str, outputs: Sequence[Output], keys: Keys) -> Opened:
    if alias != name:
        table.set("alias", exp.TableAlias(this=quoted(alias)))
    columns = _columns(outputs, alias)
    return Opened(table, columns, _keys(columns, keys))


def _columns(outputs: Sequence[Output], alias: str) -> list[Column]:
    return [Column(out.name, out.type, out.nullable, alias=alias, table=alias) for out in outputs]


def _keys(columns: list[Column], keys: Keys) -> list[frozenset[Column]]:
    named = {column.name: column for column in columns}
    return [frozenset(named[name] for name in key) for key in keys]


def opened(found: Relation, alias: str) -> Opened:
    """Return a compiled body as a source under an alias."""
    sql = exp.Subquery(this=found.query, alias=exp.TableAlias(this=quoted(alias)))
    columns = _columns(found.columns, alias)
    return Opened(sql, columns, _keys(columns, found.keys), found.fuzzy)


def _values(work: Work, rows: ValuesSource, path: Path) -> Opened:
    if not rows.values or not rows.columns or len(rows.values) > MOST_ITEMS:
        raise Fault("BAD_SHAPE", (*path, "values"), f"wanted 1 to {MOST_ITEMS} rows with columns")
    alias = new_name(rows.name, (*path, "as")) if rows.name is not None else work.block_name()
    outputs = [_value_column(rows, index, path) for index in range(len(rows.columns))]
    tuples = [_value_row(rows, index, path) for index in range(len(rows.values))]
    names = [quoted(column.name) for column in rows.columns]
    values = exp.Values(expressions=tuples, alias=exp.TableAlias(this=quoted(alias), columns=names))
    return Opened(values, _columns(outputs, alias), [])


def _value_column(rows: ValuesSource, index: int, path: Path) -> Output:
    column = rows.columns[index]
    kind = wanted_type(column.type, (*path, "columns", index, "type"))
    nullable = any(row[index] is None for row in rows.values if index < len(row))
    return Output(new_name(column.name, (*path, "columns", index, "as")), kind, nullable)


def _value_row(rows: ValuesSource, index: int, path: Path) -> exp.Expr:
    row, where = rows.values[index], (*path, "values", index)
    if len(row) != len(rows.columns):
        raise Fault("ARITY", where, f"wanted {len(rows.columns)} values, found {len(row)}")
    cells = zip(row, rows.columns, strict=True)
    return exp.Tuple(expressions=[literal_as(v, c.type, (*where, at)).sql for at, (v, c) in enumerate(cells)])


def _range(env: Env, spine: RangeSource, path: Path) -> Opened:
    where = (*path, "range")
    ends = [attempt(env, getattr(spine.range, at), (*where, key)) for at, key in _ENDS]
    kind = _spine_type([end.type for end in ends], where)
    alias, column = new_name(spine.name, (*path, "as")), new_name(spine.column, (*path, "column"))
    sqls = [end.sql for end in ends]
    if kind == TS:
        sqls[:2] = [exp.Cast(this=sql, to=data_type("timestamp")) for sql in sqls[:2]]
    call = exp.Anonymous(this="range", expressions=sqls)
    names = exp.TableAlias(this=quoted(alias), columns=[quoted(column)])
    out = Column(column, kind, nullable=False, alias=alias, table=alias)
    return Opened(exp.Table(this=call, alias=names), [out], [frozenset({out})])


_ENDS = (("start", "from"), ("end", "to"), ("step", "step"))


def _spine_type(ends: list[Type], path: Path) -> Type:
    start, end, step = ends
    if start.family in TIMES and end.family in TIMES and step.family in {"interval", "unknown"}:
        return TS
    if all(kind.loose or kind.family in NUMBERS for kind in ends):
        return INT
    if all(kind.loose or kind.family in TIMES for kind in ends[:2]):
        return TS
    hint = 'numbers with a number, or times with {"interval": [1, "day"]}'
    raise Fault("TYPE_MISMATCH", path, f"no spine goes from {start} to {end} by {step}", hint=hint)


def _unnest(env: Env, items: UnnestSource, path: Path) -> Opened:
    found = attempt(env, items.unnest, (*path, "unnest"))
    if not (found.type.loose or found.type.family == "list"):
        raise Fault("TYPE_MISMATCH", (*path, "unnest"), f"wanted a list, found {found.type}")
    alias, column = new_name(items.name, (*path, "as")), new_name(items.column, (*path, "column"))
    kind = found.type.items[0] if found.type.items else found.type
    names, columns = [quoted(column)], [Column(column, kind, alias=alias, table=alias)]
    if items.position is not None:
        position = new_name(items.position, (*path, "position"))
        names.append(quoted(position))
        columns.append(Column(position, INT, nullable=False, alias=alias, table=alias))
    sql = exp.Unnest(
        expressions=[found.sql], alias=exp.TableAlias(this=quoted(alias), columns=names), offset=len(names) > 1
    )
    return Opened(sql, columns, [])
