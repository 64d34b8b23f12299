"""Steps over rows and columns one by one: filter, derive, select, window, distinct, sort and limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from tracewright.plans.document import MOST_COLUMNS, Closed, read_shape
from tracewright.plans.expressions.binding import attempt, bind, operand
from tracewright.plans.expressions.operators import truth
from tracewright.plans.expressions.windows import ordered, telling_keys
from tracewright.plans.faults import Fault, Path
from tracewright.plans.scope import Bound, Column, Env, Scope, column_of, new_name, poison
from tracewright.plans.steps.block import Block, Stage, carried, unique

Named = tuple[str, Bound]
NO_NAMES: frozenset[str] = frozenset()
MOST_NAME_BYTES = 200


def named_items(env: Env, value: Any, path: Path, *, short: bool, old: frozenset[str] = NO_NAMES) -> list[Named]:
    """Bind an array of `{"as": name, "expr": E}`; where `short`, a bare column stands for itself.

    Names are new ones, or of those that are there already and may be written over.
    """
    if not isinstance(value, list | tuple):
        raise Fault("BAD_SHAPE", path, "wanted an array, because the order of columns counts")
    if len(value) > MOST_COLUMNS:
        raise Fault("LIMIT_EXCEEDED", path, f"a step has at most {MOST_COLUMNS} columns, found {len(value)}")
    items = []
    for index, item in enumerate(value):
        try:
            items.append(_item(env, item, (*path, index), short=short, old=old))
        except Fault as fault:
            env.work.note(fault)
            items.append((_name_of(item, index), poison()))
    return items


def _item(env: Env, item: Any, path: Path, *, short: bool, old: frozenset[str]) -> Named:
    if isinstance(item, dict) and item.keys() == {"as", "expr"}:
        known = isinstance(item["as"], str) and item["as"] in old
        name = item["as"] if known else given_name(env, item["as"], (*path, "as"))
        return name, attempt(env, item["expr"], (*path, "expr"))
    if short and (isinstance(item, str) or (isinstance(item, dict) and "col" in item)):
        bound = bind(env, item, path)
        return (item if isinstance(item, str) and item in env.scope.named else _last(item)), bound
    wanted = 'a column or {"as": name, "expr": E}' if short else '{"as": name, "expr": E}'
    raise Fault("BAD_SHAPE", path, f"wanted {wanted}")


def given_name(env: Env, name: Any, path: Path) -> str:
    """Return a new name. Macros write others, too: scratch columns, and names made of those that are there."""
    if env.work.scratch and isinstance(name, str) and 0 < len(name.encode()) <= MOST_NAME_BYTES:
        return name
    return new_name(name, path)


def _last(item: Any) -> str:
    return str(item["col"][-1] if isinstance(item, dict) else item).rpartition(".")[2]


def _name_of(item: Any, index: int) -> str:
    if isinstance(item, dict) and isinstance(item.get("as"), str):
        return str(item["as"])
    return _last(item) if isinstance(item, str) else f"column_{index + 1}"


def filter_rows(block: Block, value: Any, path: Path) -> None:
    """Keep the rows for which a condition is true."""
    block.reach(Stage.FILTER, Stage.FILTER)
    condition = truth(attempt(block.env(), value, path), path)
    block.where = (
        condition.sql if block.where is None else exp.And(this=_beside(block.where), expression=_beside(condition.sql))
    )
    for name in _proven(value):
        _solid(block.scope, name)


def _beside(sql: exp.Expr) -> exp.Expr:
    return exp.Paren(this=sql) if isinstance(sql, exp.Or) else sql


def _proven(node: Any) -> list[str]:
    """Return the columns of which a condition says that they are not null."""
    match node:
        case {"not_null": str(name)}:
            return [name]
        case {"and": list() as parts}:
            return [name for part in parts for name in _proven(part)]
    return []


def _solid(scope: Scope, written: str) -> None:
    alias, dot, name = written.partition(".")
    found = scope.qualified.get((alias, name)) if dot else next(iter(scope.named.get(written, [])), None)
    if found is not None:
        found.nullable = False


def derive(block: Block, value: Any, path: Path, *, replace: bool) -> None:
    """Add columns; the items do not see each other."""
    block.reach(Stage.SHAPE, Stage.FILTER)
    old = frozenset(block.scope.named) if replace else NO_NAMES
    _add(block, named_items(block.env(windows=True), value, path, short=False, old=old), path, replace=replace)


def _add(block: Block, items: list[Named], path: Path, *, replace: bool) -> None:
    fresh = dict(items)
    new = {name.casefold() for name in fresh}
    clash = [column for column in block.scope.visible if column.name.casefold() in new]
    if clash and not replace:
        hint = 'to overwrite it, add "replace": true beside "derive"'
        block.work.note(Fault("DUPLICATE_NAME", path, f"there is a column {clash[0].name!r} already", hint=hint))
    after = carried(block.scope.columns)
    outputs = []
    for old, column in after.items():
        if old in clash and old.name in fresh:
            bound = fresh.pop(old.name)
            outputs.append((Column(old.name, bound.type, bound.nullable), bound))
        elif old not in clash:
            outputs.append((column, Bound(old.bare(), old.type, old.nullable)))
    outputs += [(Column(name, bound.type, bound.nullable), bound) for name, bound in fresh.items()]
    _rekey(block, {old: column for old, column in after.items() if old not in clash})
    block.shape(outputs)


def _rekey(block: Block, after: dict[Column, Column]) -> None:
    block.keys = [frozenset(after[c] for c in key) for key in block.keys if all(c in after for c in key)]


def project(block: Block, outputs: Sequence[Named], same: dict[Column, str]) -> None:
    """Shape the block; `same` says which columns live on unchanged, and under which name."""
    columns = [Column(name, bound.type, bound.nullable) for name, bound in outputs]
    unique_names(block, columns)
    by_name = {column.name: column for column in columns}
    _rekey(block, {old: by_name[name] for old, name in same.items() if name in by_name})
    block.shape(zip(columns, (bound for _, bound in outputs), strict=True))


def unique_names(block: Block, columns: Sequence[Column]) -> None:
    """Keep a fault where two outputs would bear one name."""
    try:
        unique(columns, block.path, fuzzy=block.scope.fuzzy)
    except Fault as fault:
        block.work.note(fault)


def select(block: Block, value: Any, path: Path) -> None:
    """Put out exactly these columns. Directly after sort (and limit) the rows stay in order."""
    order = block.order_names if block.stage >= Stage.SORT else None
    fused = _plain(value) and block.outputs is None and block.query is None and Stage.SORT <= block.stage <= Stage.LIMIT
    if not fused:
        block.reach(Stage.SHAPE, Stage.FILTER)
        order = block.order_names if order is not None else None
        env = block.env(windows=True)
    else:
        env = block.env()
    keys = [(column.bare(), down, first) for column, down, first in order or []]
    total = block.total
    outputs, same = _selected(env, value, path)
    project(block, outputs, same)
    if fused:
        block.stage = Stage.SELECT
    elif keys and order is not None:
        block.order = [ordered(sql, down, first) for sql, down, first in keys]
        block.stage = Stage.SELECT
    block.total = total


def _plain(value: Any) -> bool:
    """Tell whether a select only picks columns, so that it may stand in the block of a sort."""
    return isinstance(value, list) and all(
        isinstance(item, str) or (isinstance(item, dict) and "expr" not in item) for item in value
    )


def _selected(env: Env, value: Any, path: Path) -> tuple[list[Named], dict[Column, str]]:
    if not isinstance(value, list) or not value:
        raise Fault("BAD_SHAPE", path, 'wanted an array of columns; every column is {"all": "*"}')
    outputs: list[Named] = []
    for index, item in enumerate(value):
        where = (*path, index)
        if isinstance(item, dict) and "all" in item:
            outputs += _all(env, item, where)
        else:
            outputs += [(name, bound) for name, bound in named_items(env, [item], path, short=True)]
    return outputs, _same(env.scope, outputs)


def _same(scope: Scope, outputs: Sequence[Named]) -> dict[Column, str]:
    """Return which columns are put out as they are."""
    found: dict[Column, str] = {}
    named = {(column.table, column.sqlname or column.name): column for column in scope.columns}
    for name, bound in outputs:
        if isinstance(bound.sql, exp.Column):
            column = named.get((bound.sql.table or None, bound.sql.name))
            if column is not None:
                found.setdefault(column, name)
    return found


def _all(env: Env, item: dict[str, Any], path: Path) -> list[Named]:
    alias, without = item["all"], item.get("except", [])
    if item.keys() - {"all", "except"} or not _are_names(without):
        raise Fault("BAD_SHAPE", path, 'wanted {"all": "*" or alias, "except": [names]}')
    columns = env.scope.visible if alias == "*" else [c for c in env.scope.columns if c.alias == alias]
    if not columns and not env.scope.fuzzy:
        aliases = sorted({column.alias for column in env.scope.columns if column.alias is not None})
        raise Fault("UNKNOWN_TABLE", (*path, "all"), f"there is no alias {alias!r} here", aliases)
    names = {column.name for column in columns}
    for index, name in enumerate(without):
        if name not in names and not env.scope.fuzzy:
            raise Fault("UNKNOWN_COLUMN", (*path, "except", index), f"there is no column {name!r}", sorted(names))
    kept = [column for column in columns if column.name not in without]
    return [(c.name, Bound(c.bare() if alias == "*" else c.own(), c.type, c.nullable)) for c in kept]


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def window(block: Block, value: Any, path: Path) -> None:
    """Derive with one shared `over`."""
    if not (isinstance(value, dict) and "measures" in value and isinstance(value["measures"], list)):
        raise Fault("BAD_SHAPE", path, 'wanted {"partition": [E], "order": [O], "frame": F, "measures": [Named]}')
    if spare := value.keys() - {"partition", "order", "frame", "exclude", "measures"}:
        raise Fault("UNKNOWN_KEY", (*path, min(spare)), f"there is no key {min(spare)!r} here")
    block.reach(Stage.SHAPE, Stage.FILTER)
    shared = {key: item for key, item in value.items() if key != "measures"}
    items = [_over(item, shared) for item in value["measures"]]
    _add(block, named_items(block.env(windows=True), items, (*path, "measures"), short=False), path, replace=False)


def _over(item: Any, shared: dict[str, Any]) -> Any:
    if isinstance(item, dict) and "expr" in item:
        return {**item, "expr": {"over": item["expr"], **shared}}
    return item


class DistinctOn(Closed):
    """One row of each, the first by order."""

    on: tuple[Any, ...]
    order: tuple[Any, ...] = ()


def distinct(block: Block, value: Any, path: Path) -> None:
    """Keep one of equal rows, or the first row of each combination of `on`."""
    if value is True:
        if block.stage == Stage.SHAPE and block.outputs is not None and block.distinct is None:
            block.distinct = exp.Distinct()
            block.keys = [*block.keys, frozenset(block.scope.visible)]
            return
        block.reach(Stage.SHAPE, Stage.FILTER)
        columns = block.scope.visible
        outputs = [(c.name, Bound(c.bare(), c.type, c.nullable)) for c in columns]
        project(block, outputs, {c: c.name for c in columns})
        block.distinct = exp.Distinct()
        block.keys = [*block.keys, frozenset(block.scope.visible)]
        return
    step = read_shape(DistinctOn, value, path)
    # Written as a numbered window, because the order of DISTINCT ON is that of the whole SELECT.
    block.reach(Stage.SHAPE, Stage.FILTER)
    call = {"over": {"call": "row_number"}, "partition": [*step.on], "order": [*step.order]}
    _add(block, [("_row", bind(block.env(windows=True), call, path))], path, replace=False)
    block.close()
    filter_rows(block, {"lte": ["_row", 1]}, path)
    select(block, [{"all": "*", "except": ["_row"]}], path)


def sort(block: Block, value: Any, path: Path) -> None:
    """Order the rows; nulls last unless said otherwise."""
    if not isinstance(value, list) or not value:
        raise Fault("BAD_SHAPE", path, "wanted an array of order keys")
    if block.stage >= Stage.SORT or (block.stage == Stage.SHAPE and not _bare(value)):
        block.close()
    block.stage = Stage.SORT
    keys = telling_keys(block.env(), value, path)
    block.order = [ordered(bound.sql, down, first) for bound, down, first in keys]
    columns = [(column_of(block.scope, bound.sql), down, first) for bound, down, first in keys]
    block.order_names = [(c, d, f) for c, d, f in columns if c is not None] if all(c for c, _, _ in columns) else None
    named = {column for column, _, _ in columns}
    block.total = any(key <= named for key in block.keys) or named >= set(block.scope.visible)


def _bare(value: list[Any]) -> bool:
    """Tell whether all order keys are plain columns: SQL's ORDER BY sees outputs only by their bare names."""
    inner = [
        next(iter(item.values())) if isinstance(item, dict) and item.keys() & {"asc", "desc"} else item
        for item in value
    ]
    return all(isinstance(item, str) for item in inner)


def limit(block: Block, value: Any, path: Path) -> None:
    """Keep the first rows; `offset` skips some before."""
    block.reach(Stage.LIMIT, Stage.SORT)
    rows, offset = _sizes(value, path)
    if not block.order or not block.total:
        hint = "sort by a key of the rows first"
        block.work.lint("NO_TOTAL_ORDER", path, "which rows are kept is not settled by the order before it", hint)
    if rows is not None:
        block.limit = exp.Limit(expression=_size(block, rows, path))
    if offset is not None:
        block.offset = exp.Offset(expression=_size(block, offset, (*path, "offset")))


def _sizes(value: Any, path: Path) -> tuple[Any, Any]:
    if isinstance(value, dict) and "param" not in value:
        if value.keys() - {"rows", "offset"} or not value:
            raise Fault("BAD_SHAPE", path, 'wanted {"rows": n, "offset": m}')
        return value.get("rows"), value.get("offset")
    return value, None


def _size(block: Block, value: Any, path: Path) -> exp.Expr:
    literal = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not literal and not (isinstance(value, dict) and value.keys() == {"param"}):
        raise Fault("BAD_SHAPE", path, "wanted a number of rows, zero or more, or a param")
    bound = attempt(block.env(), value, path)
    if not bound.type.loose and bound.type.family != "int":
        raise Fault("TYPE_MISMATCH", path, f"a number of rows is an integer, found {bound.type}")
    return operand(bound)
