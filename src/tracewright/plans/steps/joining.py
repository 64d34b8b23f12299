"""The join step: kinds of join, USING as explicit conditions, and what keys say about how many rows meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from sqlglot import exp

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.expressions.binding import attempt
from tracewright.plans.expressions.operators import fits, truth
from tracewright.plans.families import unify
from tracewright.plans.faults import Fault, Path
from tracewright.plans.scope import Check, Column, Env, Scope, quoted
from tracewright.plans.steps.block import Block, Stage
from tracewright.plans.steps.sources import Opened

How = Literal["inner", "left", "right", "full", "cross", "semi", "anti", "asof", "asof_left"]
Expect = Literal["one_to_one", "many_to_one", "one_to_many", "many_to_many"]


class Join(Closed):
    """The join step as it is written."""

    to: Any
    how: How = "inner"
    on: Any = None
    using: tuple[str, ...] = ()
    expect: Expect | None = None
    lateral: bool = False


SHAPES: dict[str, dict[str, str]] = {
    "inner": {}, "left": {"side": "LEFT"}, "right": {"side": "RIGHT"}, "full": {"side": "FULL"},
    "cross": {"kind": "CROSS"}, "semi": {"kind": "SEMI"}, "anti": {"kind": "ANTI"},
    "asof": {"method": "ASOF"}, "asof_left": {"method": "ASOF", "side": "LEFT"},
}  # fmt: skip

MOST_CHECKS = 16
Open = Callable[[Env, Any, Path, bool], Opened]


def join(block: Block, value: Any, path: Path, open_target: Open) -> None:
    """Take a join into the block; raises what is wrong with its target, its condition or its promise."""
    step = read_shape(Join, value, path)
    block.reach(Stage.SOURCE, Stage.SOURCE)
    target = open_target(block.env(), step.to, (*path, "to"), step.lateral)
    aliases = {column.alias.casefold() for column in target.columns if column.alias is not None}
    _require_free(block, aliases, step, path)
    left, right = block.scope.columns, target.columns
    both = Scope([*left, *right], fuzzy=block.scope.fuzzy or target.fuzzy, before=block.scope)
    condition, pairs = _condition(block, step, both, right, path)
    sql = _lateral(target.sql) if step.lateral else target.sql
    block.joins.append(exp.Join(this=sql, on=condition, **SHAPES[step.how]))
    _settle(block, step, target, both, pairs, path)


def _lateral(sql: exp.Expr) -> exp.Expr:
    if not isinstance(sql, exp.Subquery):
        return sql
    alias = sql.args["alias"]
    sql.set("alias", None)
    return exp.Lateral(this=sql, alias=alias)


def _require_free(block: Block, aliases: set[str], step: Join, path: Path) -> None:
    """Raise DUPLICATE_NAME for an alias in sight; one that a semi join used up is free again in the next block."""
    taken = block.scope.aliases() | (block.unseen if step.lateral else set())
    if twice := aliases & taken:
        hint = 'give the second an alias of its own: {"table": "…", "as": "…"}'
        raise Fault("DUPLICATE_NAME", (*path, "to"), f"the alias {min(twice)!r} is taken", hint=hint)
    if aliases & block.unseen:
        block.close()
    if step.how in {"semi", "anti"}:
        block.unseen |= aliases


Pairs = list[tuple[Column | None, Column]]
"""Which columns of the right side the condition settles: by a column of the left, or by an expression over it."""


def _condition(
    block: Block, step: Join, both: Scope, right: list[Column], path: Path
) -> tuple[exp.Expr | None, Pairs | None]:
    """Return the condition, and the columns that it says are equal (None where it says more than that)."""
    if step.using:
        pairs = [_pair(block.scope, right, name, (*path, "using", at)) for at, name in enumerate(step.using)]
        return exp.and_(*(exp.EQ(this=a.bare(), expression=b.own()) for a, b in pairs)), [*pairs]
    if step.how == "cross" or (step.lateral and step.on is None):
        if step.on is not None:
            raise Fault("BAD_SHAPE", (*path, "on"), "a cross join has no condition")
        written = isinstance(step.to, dict) and "values" in step.to  # whoever writes rows out knows how many
        if step.how == "cross" and not step.lateral and not written:
            block.work.lint("CROSS_JOIN", path, "every row meets every row")
        return (None if step.how == "cross" else exp.true()), None
    if step.on is None:
        hint = 'every row with every row is "how": "cross"'
        raise Fault("BAD_SHAPE", path, 'a join needs "on" or "using"', hint=hint)
    env = Env(block.work, both, block.outer)
    condition = truth(attempt(env, step.on, (*path, "on")), (*path, "on"))
    return condition.sql, _equal_columns(both, step.on, set(map(id, right)))


def _pair(left: Scope, right: list[Column], name: str, path: Path) -> tuple[Column, Column]:
    a = left.find(None, name, path)
    b = Scope(right).find(None, name, path)
    fits(a.type, b.type, path)
    return a, b


def _equal_columns(both: Scope, on: Any, right: set[int]) -> Pairs | None:
    """Return what a conjunction of equalities settles."""
    match on:
        case {"and": list() as parts}:
            found = [_equal_columns(both, part, right) for part in parts]
            return None if None in found else [pair for some in found if some for pair in some]
        case {"eq": [str(one), str(other)]} | {"same": [str(one), str(other)]}:
            columns = [_lookup(both, name) for name in (one, other)]
            sides = [column is not None and id(column) in right for column in columns]
            a, b = columns
            if a is None or b is None or sides[0] == sides[1]:
                return None
            return [(b, a)] if sides[0] else [(a, b)]
        case {"eq": [str(name), dict() as expr]} | {"eq": [dict() as expr, str(name)]}:
            column = _lookup(both, name)
            used = [_lookup(both, leaf) for leaf in _texts(expr)]
            if column is not None and id(column) in right and not any(u is not None and id(u) in right for u in used):
                return [(None, column)]
    return None


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _lookup(scope: Scope, written: str) -> Column | None:
    alias, dot, name = written.partition(".")
    try:
        return scope.find(alias if dot else None, name if dot else written, ())
    except Fault:
        return None


def _settle(block: Block, step: Join, target: Opened, both: Scope, pairs: Pairs | None, path: Path) -> None:
    """Leave the right columns, nullability and keys in sight, and keep the promise or the check for it."""
    left, right = block.scope.columns, target.columns
    if step.how in {"semi", "anti"}:
        return
    right_once = _unique(target.keys, pairs, 1)
    left_once = _unique(block.keys, pairs, 0)
    _promise(block, step, target, pairs, left_once, right_once, path)
    keeps_left = right_once or step.expect in {"many_to_one", "one_to_one"} or step.how in {"asof", "asof_left"}
    keeps_right = (left_once or step.expect in {"one_to_many", "one_to_one"}) and step.how in {"inner", "right"}
    _repeat(right, right_once and not left_once)
    _repeat(left, bool(block.keys) and not keeps_left)
    block.keys = [
        *(block.keys if keeps_left and step.how not in {"right", "full"} else []),
        *(target.keys if keeps_right else []),
    ]
    if step.how in {"left", "full", "asof_left"}:
        _loosen(right)
    if step.how in {"right", "full"}:
        _loosen(left)
    if step.using:
        _merge(step, pairs or [])
    block.see([*left, *right], fuzzy=both.fuzzy)


def _repeat(columns: list[Column], repeated: bool) -> None:
    for column in columns:
        column.repeated = column.repeated or repeated


def _loosen(columns: list[Column]) -> None:
    for column in columns:
        column.nullable = True


def _unique(keys: list[frozenset[Column]], pairs: Pairs | None, side: int) -> bool:
    named = {column for pair in pairs or [] if (column := pair[side]) is not None}
    return any(key <= named for key in keys)


def _promise(
    block: Block, step: Join, target: Opened, pairs: Pairs | None, left_once: bool, right_once: bool, path: Path
) -> None:
    wants_right = step.expect in {"many_to_one", "one_to_one"} and not right_once
    wants_left = step.expect in {"one_to_many", "one_to_one"} and not left_once
    if not (wants_right or wants_left):
        return
    lefts = [a for a, _ in pairs or [] if a is not None]
    if not pairs or (wants_left and len(lefts) < len(pairs)):
        hint = 'write "on" as equalities of columns, or leave "expect" out'
        raise Fault("BAD_SHAPE", (*path, "expect"), "what a join expects is proven over equal columns", hint=hint)
    if step.lateral or block.outer is not None:
        hint = 'leave "expect" out, or close what is joined in a "let"'
        raise Fault("BAD_SHAPE", (*path, "expect"), "what reads the rows around it cannot be counted apart", hint=hint)
    if len(block.work.checks) + wants_right + wants_left > MOST_CHECKS:
        raise Fault("LIMIT_EXCEEDED", (*path, "expect"), f"at most {MOST_CHECKS} promises are counted at the run")
    if wants_right:
        block.work.checks.append(_counting(block, [target.sql.copy()], [b for _, b in pairs], path))
    if wants_left and block.source is not None:
        before = [block.source.copy(), *(join.copy() for join in block.joins[:-1])]
        block.work.checks.append(_counting(block, before, lefts, path))


def _counting(block: Block, sources: list[exp.Expr], columns: list[Column], path: Path) -> Check:
    """Return the query that counts the keys that stand in more than one row of a source and what is joined to it."""
    there = exp.and_(*(exp.Not(this=exp.Is(this=column.own(), expression=exp.Null())) for column in columns))
    more = exp.GT(this=exp.Anonymous(this="count", expressions=[exp.Star()]), expression=exp.Literal.number(1))
    groups = exp.select(exp.alias_(exp.Literal.number(1), "one", quoted=True)).from_(sources[0]).where(there)
    groups.set("joins", sources[1:] or None)
    inner = groups.group_by(*(column.own() for column in columns)).having(more)
    counted = exp.Alias(this=exp.Anonymous(this="count", expressions=[exp.Star()]), alias=quoted("fanout"))
    return Check("FANOUT", path, exp.select(counted).from_(inner.subquery("k")), block.ctes)


def _merge(step: Join, pairs: Pairs) -> None:
    """Let the bare name of a USING key mean the side that is there; a full join takes whichever is."""
    for a, b in pairs:
        if a is None:  # a key of USING is always a column on both sides
            continue
        b.hidden = True
        if step.how == "right":
            a.merged = b.own()
        elif step.how == "full":
            a.merged = exp.Coalesce(this=a.bare(), expressions=[b.own()])
        a.type = unify(a.type, b.type) or a.type
