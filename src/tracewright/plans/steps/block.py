"""The open block: one SELECT under construction, which takes steps in SQL's order and is closed when they don't fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

from sqlglot import exp

from tracewright.plans.faults import Fault, Path
from tracewright.plans.relation import Output, Relation
from tracewright.plans.scope import Bound, Column, Env, Scope, Work, quoted


class Stage(IntEnum):
    """How far a block has come; a step that belongs before it opens the next block."""

    SOURCE = 0
    FILTER = 1
    SHAPE = 2
    SORT = 3
    LIMIT = 4
    SELECT = 5


class Block:
    """A body under way. `ctes` gathers the blocks that are closed; `outer` is the place of a sub-plan."""

    def __init__(self, work: Work, outer: Env | None, ctes: list[exp.CTE]) -> None:
        self.work, self.outer, self.ctes = work, outer, ctes
        self.scope = Scope([])
        self.keys: list[frozenset[Column]] = []
        self.order_names: list[tuple[Column, bool, bool]] | None = None
        self.total = False
        self.path: Path = ()
        self.core: list[Any] = []
        self.core_source: Any = None
        self.sorted_at: Path | None = None
        self.empty()

    def empty(self) -> None:
        """Forget what the block before held; what is in sight stays."""
        self.source: exp.Expr | None = None
        self.joins: list[exp.Join] = []
        self.unseen: set[str] = set()
        self.where: exp.Expr | None = None
        self.outputs: dict[Column, Bound] | None = None
        self.group: exp.Group | None = None
        self.distinct: exp.Distinct | None = None
        self.order: list[exp.Expr] = []
        self.limit: exp.Limit | None = None
        self.offset: exp.Offset | None = None
        self.query: exp.Query | None = None
        self.stage = Stage.SOURCE

    def env(self, place: str = "row", *, windows: bool = False) -> Env:
        """Return where an expression of the next step stands."""
        self.scope.keys = self.keys
        return Env(self.work, self.scope, self.outer, place, None, windows)

    def reach(self, stage: Stage, at_most: Stage) -> None:
        """Make room for a step of `stage`: closes the block where it is past `at_most`."""
        if self.stage > at_most:
            self.close()
        self.stage = max(self.stage, stage)

    def shape(self, outputs: Iterable[tuple[Column, Bound]]) -> None:
        """Give the block its projection; from here on only these columns are in sight."""
        self.outputs = dict(outputs)
        self.see(self.outputs)
        self.stage = Stage.SHAPE

    def see(self, columns: Iterable[Column], *, fuzzy: bool | None = None) -> None:
        """Put these columns in sight, and remember the names that went."""
        self.scope = Scope(columns, fuzzy=self.scope.fuzzy if fuzzy is None else fuzzy, before=self.scope)

    def close(self) -> None:
        """Write the block as a CTE and open the next on it; columns keep the aliases that they still had."""
        if self.untouched():
            return
        name = self.work.block_name()
        after = carried(self.scope.columns, name)
        query = self.select([(column, new.sqlname) for column, new in after.items()])
        self.ctes.append(exp.CTE(this=query, alias=exp.TableAlias(this=quoted(name))))
        self._renew(after)
        self.empty()
        self.source = exp.Table(this=quoted(name))
        self.see(after.values())

    def _renew(self, renamed: dict[Column, Column]) -> None:
        """Carry keys and order over to the columns of the next block."""
        self.keys = [frozenset(renamed[c] for c in key) for key in self.keys if all(c in renamed for c in key)]
        names = self.order_names
        held = names is not None and all(column in renamed for column, _, _ in names)
        self.order_names = [(renamed[c], down, first) for c, down, first in names] if names and held else None

    def untouched(self) -> bool:
        """Tell whether the block is a bare source, so that writing it would say nothing."""
        return self.stage == Stage.SOURCE and not self.joins

    def select(self, columns: Sequence[tuple[Column, str]]) -> exp.Query:
        """Return the block as a query over these columns of it, each under its name."""
        if self.query is not None:
            return self._ended(self.query)
        query = exp.Select(expressions=self._projections(columns), distinct=self.distinct, kind=None)
        if self.source is not None:
            query.set("from_", exp.From(this=self.source))
        query.set("joins", self.joins or None)
        query.set("where", exp.Where(this=self.where) if self.where is not None else None)
        query.set("group", self.group)
        return self._ended(query)

    def _projections(self, columns: Sequence[tuple[Column, str]]) -> list[exp.Expr]:
        outputs = self.outputs
        if outputs is not None:
            return [aliased(outputs[column].sql, name) for column, name in columns]
        return [aliased(column.bare(), name) for column, name in columns]

    def _ended(self, query: exp.Query) -> exp.Query:
        query.set("order", exp.Order(expressions=self.order) if self.order else None)
        query.set("limit", self.limit)
        query.set("offset", self.offset)
        return query

    def finish(self, path: Path) -> Relation:
        """Return the body as a relation; raises DUPLICATE_NAME where two outputs bear one name."""
        visible = self.scope.visible
        unique(visible, path, fuzzy=self.scope.fuzzy)
        query = self.select([(column, column.name) for column in visible])
        keys = tuple(frozenset(c.name for c in key) for key in self.keys if all(c in visible for c in key))
        outputs = [Output(column.name, column.type, column.nullable) for column in visible]
        ordered = bool(self.order)
        unshaped = self.outputs is None and self.query is None
        return Relation(query, outputs, keys, ordered, ordered and self.total, self.scope.fuzzy, unshaped)


def carried(columns: Iterable[Column], table: str | None = None) -> dict[Column, Column]:
    """Return each column as it lives on past its block: under the same alias, with a name that tells it apart."""
    taken: set[str] = set()
    found: dict[Column, Column] = {}
    for column in sorted(columns, key=lambda column: column.hidden):
        name, count = column.name, 1
        while (folded := name.casefold()) in taken:
            name, count = f"{column.alias}_{column.name}" + (f"_{count}" if count > 1 else ""), count + 1
        taken.add(folded)
        alias = column.alias if column.merged is None else None
        found[column] = Column(
            column.name, column.type, column.nullable, alias, table, None, column.hidden, name, column.repeated
        )
    return found


def aliased(sql: exp.Expr, name: str) -> exp.Expr:
    """Return an output under its name; a column that already bears it needs no alias."""
    if isinstance(sql, exp.Column) and sql.name == name:
        return sql
    return exp.Alias(this=sql, alias=quoted(name))


def unique(columns: Sequence[Column], path: Path, *, fuzzy: bool = False) -> None:
    """Raise DUPLICATE_NAME where two columns bear one name; the engine tells no letter case apart."""
    seen: set[str] = set()
    for column in columns:
        folded = column.name.casefold()
        if folded in seen and not fuzzy:
            hint = 'select each under a name of its own: {"as": "…", "expr": "alias.name"}'
            raise Fault("DUPLICATE_NAME", path, f"two columns are named {column.name!r}", hint=hint)
        seen.add(folded)
