"""Names in sight: columns under their aliases, the scopes around them, and what a place allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlglot import exp

from tracewright.plans.catalogue import Catalogue
from tracewright.plans.document import Param
from tracewright.plans.families import UNKNOWN, Type
from tracewright.plans.faults import MOST_FAULTS, Fault, Path, PlanFault, did_you_mean
from tracewright.plans.relation import Keys, Output

NEW_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")


@dataclass(slots=True)
class Bound:
    """An expression whose names and types are settled, as a tree that is free to be hung somewhere."""

    sql: exp.Expr
    type: Type
    nullable: bool = True
    aggregate: bool = False
    window: bool = False


@dataclass(slots=True, eq=False)
class Column:
    """A column in sight. `merged` is what the bare name of a USING key means; `hidden` ones answer to their alias.

    `sqlname` is its name in the block below, where two columns of one name have to be told apart; `repeated` ones
    stand in more rows than their own table has, because a join multiplied them.
    """

    name: str
    type: Type
    nullable: bool = True
    alias: str | None = None
    table: str | None = None
    merged: exp.Expr | None = None
    hidden: bool = False
    sqlname: str = ""
    repeated: bool = False

    def own(self) -> exp.Expr:
        """Return a new reference to this column itself."""
        return exp.Column(
            this=quoted(self.sqlname or self.name), table=quoted(self.table) if self.table is not None else None
        )

    def bare(self) -> exp.Expr:
        """Return a new reference to what the bare name means."""
        return self.merged.copy() if self.merged is not None else self.own()


def quoted(name: str) -> exp.Identifier:
    """Return an identifier that is quoted whatever it holds."""
    return exp.Identifier(this=name, quoted=True)


class Scope:
    """The columns in sight at one place of a body; looked up by `alias.name`, or by `name` where it is unique."""

    def __init__(self, columns: Iterable[Column], *, fuzzy: bool = False, before: Scope | None = None) -> None:
        self.columns = list(columns)
        self.fuzzy = fuzzy
        self.before = before
        self.keys: list[frozenset[Column]] = []

    @cached_property
    def named(self) -> dict[str, list[Column]]:
        """Return the columns by their bare names."""
        found: dict[str, list[Column]] = {}
        for column in self.columns:
            if not column.hidden:
                found.setdefault(column.name, []).append(column)
        return found

    @cached_property
    def qualified(self) -> dict[tuple[str | None, str], Column]:
        """Return the columns by alias and name; the first of several."""
        return {(column.alias, column.name): column for column in reversed(self.columns)}

    @property
    def visible(self) -> list[Column]:
        """Return the columns that `*` means."""
        return [column for column in self.columns if not column.hidden]

    def aliases(self) -> set[str]:
        """Return the aliases in sight, folded, because the engine folds them."""
        return {column.alias.casefold() for column in self.columns if column.alias is not None}

    def names(self) -> list[str]:
        """Return every name as it can be written here."""
        once = [name for name, found in self.named.items() if len(found) == 1]
        return once + [f"{alias}.{name}" for alias, name in self.qualified if alias is not None]

    def find(self, alias: str | None, name: str, path: Path) -> Column:
        """Return one column; raises UNKNOWN_COLUMN with what there is, or AMBIGUOUS_COLUMN."""
        if alias is not None:
            found = self.qualified.get((alias, name))
            if found is not None:
                return found
        elif len(several := self.named.get(name, [])) == 1:
            return several[0]
        elif several:
            have = [f"{column.alias}.{name}" for column in several if column.alias is not None]
            hint = "" if have else "select each under a name of its own before this step"
            raise Fault("AMBIGUOUS_COLUMN", path, f"{name!r} is the name of {len(several)} columns", have, hint)
        if self.fuzzy:
            return Column(name, UNKNOWN)
        raise self._unknown(alias, name, path)

    def _was(self, alias: str | None, name: str) -> bool:
        """Tell whether the name was in sight before some step of this body."""
        scope = self.before
        while scope is not None:
            if (alias, name) in scope.qualified or (alias is None and name in scope.named):
                return True
            scope = scope.before
        return False

    def _unknown(self, alias: str | None, name: str, path: Path) -> Fault:
        names = self.names()
        written = f"{alias}.{name}" if alias is not None else name
        hints = [did_you_mean(written, names)]
        if self._was(alias, name):
            hints.append("an earlier step closed its block, so only the names that it put out are left")
        elif written != name and name in self.named:
            hints.append(f"aliases are gone after a step that opens a new block: write {name!r}")
        hints.append(f'for a text value write {{"lit": "{written}"}}')
        hint = "; ".join(filter(None, hints))
        return Fault("UNKNOWN_COLUMN", path, f"there is no column {written!r}", names, hint, about=written)


@dataclass(slots=True)
class Groups:
    """What measures may name beside aggregates: the `by` items, by output name, by source column, by expression.

    `whole` says that one group is that of all rows, which is there without any row.
    """

    whole: bool = False
    named: dict[str, Bound] = field(default_factory=dict)
    columns: dict[int, Bound] = field(default_factory=dict)
    nodes: list[tuple[Any, Bound]] = field(default_factory=list)


Binder = Callable[["Env", Any, dict[str, Any], Path], Bound]


# Not frozen: one is made for every place, and to make a frozen one takes four times as long.
@dataclass(slots=True)
class Env:
    """Where an expression stands: what is in sight, what is around it, and whether aggregates and windows may be.

    `place` is `row`, `measure` (aggregates, and of columns only groups) or `inside` (an aggregate's own arguments).
    """

    work: Work
    scope: Scope
    outer: Env | None = None
    place: str = "row"
    groups: Groups | None = None
    windows: bool = False

    def at(self, place: str, groups: Groups | None = None, *, windows: bool = False) -> Env:
        """Return the same sight at another place."""
        return Env(self.work, self.scope, self.outer, place, groups, windows)


Trail = list[tuple[str, list[Any], list[Column]]]
"""Of each step of the plan's own body: its kind, the core steps that it became, the columns in sight after it."""


@dataclass(slots=True)
class Let:
    """A named body that is already written: what it puts out, and whether anybody read it."""

    columns: list[Output]
    keys: Keys = ()
    used: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What an `expect` promises and no key proves: `query` counts what breaks it, and must find 0 at the run.

    `ctes` are the blocks that the query may read.
    """

    code: str
    path: Path
    query: exp.Query
    ctes: list[exp.CTE]


@dataclass(slots=True)
class Work:
    """One compilation under way: what it is checked against and what it has found so far."""

    catalogue: Catalogue
    params: Mapping[str, Param]
    tags: Mapping[str, tuple[Binder, frozenset[str]]]
    timezone: str = "UTC"
    week_start: str = "monday"
    fiscal_start: int = 1
    run_body: Callable[[Work, Any, Path, Env | None], Any] | None = None
    run_let: Callable[[str, Path], Let] | None = None
    let_names: tuple[str, ...] = ()
    lets: dict[str, Let] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    recursions: set[str] = field(default_factory=set)
    bound: int = 0
    scratch: bool = False
    expanded: bool = False
    macro: tuple[Path, Any] | None = None
    cores: dict[int, tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    core_lets: dict[str, dict[str, Any]] = field(default_factory=dict)
    trail: Trail | None = None
    faults: list[PlanFault] = field(default_factory=list)
    lints: list[PlanFault] = field(default_factory=list)
    used_params: dict[str, Param] = field(default_factory=dict)
    used_tables: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    made: dict[str, int] = field(default_factory=dict)

    def note(self, fault: Fault) -> None:
        """Keep a fault; the same one at the same place only once. What a macro wrote is told at the macro's place."""
        if self.macro is not None:
            fault.path = blamed(fault, *self.macro)
        told = fault.told()
        if told not in self.faults and len(self.faults) < MOST_FAULTS:
            self.faults.append(told)

    def lint(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Keep a warning."""
        if self.macro is not None:
            if code == "CROSS_JOIN":  # a macro knows what it is doing
                return
            path = self.macro[0]
        told = Fault(code, path, message, hint=hint).told()
        if told not in self.lints:
            self.lints.append(told)

    def block_name(self) -> str:
        """Return the next free `s1`, `s2`, …."""
        return self._free("s")

    def closed(self, query: exp.Query, ctes: list[exp.CTE]) -> exp.Query:
        """Return a query with the blocks that it reads written before it."""
        if ctes:
            recursive = any(cte.alias in self.recursions for cte in ctes)
            query.set("with_", exp.With(expressions=ctes, recursive=recursive))
        return query

    def let_name(self) -> str:
        """Return the next free `m1`, `m2`, …, for a let that a macro makes."""
        return self._free("m")

    def _free(self, letter: str) -> str:
        while True:
            self.made[letter] = self.made.get(letter, 0) + 1
            name = f"{letter}{self.made[letter]}"
            if name not in self.taken:
                return name


def blamed(fault: Fault, path: Path, written: Any) -> Path:
    """Return the place in a macro as it was written that a fault in its core steps comes from."""
    if fault.path[: len(path)] == path and _reaches(written, fault.path[len(path) :]):
        return fault.path
    return next(((*path, *where) for where, leaf in _leaves(written, ()) if leaf == fault.about), path)


def _reaches(written: Any, path: Path) -> bool:
    for part in path:
        inside = isinstance(written, dict) and part in written
        if not inside and not (isinstance(written, list) and isinstance(part, int) and part < len(written)):
            return False
        written = written[part]
    return True


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _leaves(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _leaves(item, (*path, index))
        case _:
            yield path, value


def column_of(scope: Scope, sql: exp.Expr) -> Column | None:
    """Return the column that a tree is a plain reference to."""
    if not isinstance(sql, exp.Column):
        return None
    matching = (c for c in scope.columns if (c.sqlname or c.name) == sql.name and (c.table or "") == sql.table)
    return next(matching, None)


def poison() -> Bound:
    """Return what stands for an expression that was already reported: it fits everywhere."""
    return Bound(exp.Null(), UNKNOWN)


def new_name(name: Any, path: Path) -> str:
    """Return a name that a plan may give; raises BAD_NAME."""
    if isinstance(name, str) and NEW_NAME.match(name):
        return name
    hint = "a name is a letter, then at most 62 letters, digits and underscores"
    raise Fault("BAD_NAME", path, f"{name!r} cannot be the name of something new", hint=hint)
