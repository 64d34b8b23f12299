"""Compiles a plan: names and types settled, macros expanded, blocks fused, one SQL text, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlglot import exp

from tracewright.plans.bodies import TAGS, run_body, run_into
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.document import Body, Param, QueryPlan, read_plan
from tracewright.plans.expressions.binding import literal_as
from tracewright.plans.families import parse_type
from tracewright.plans.faults import Fault, Path, PlanError, PlanFault, did_you_mean, pointer
from tracewright.plans.relation import Relation
from tracewright.plans.scope import Check, Let, Trail, Work, new_name, quoted
from tracewright.plans.writing import write

WIDE = 20


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the result: family, and nullability as far as it is known."""

    name: str
    family: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class BoundParam:
    """A parameter that the SQL binds as `$name`; `value` is None where the run has to give it."""

    name: str
    type: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class RunCheck:
    """A query that must answer 0, or the run fails with `code`: what an `expect` promised does not hold.

    It binds those of the plan's `params` that it names.
    """

    code: str
    path: str
    sql: str
    params: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """All that a plan comes to. `ordered` says that rows have an order, `total` that no two can change places."""

    sql: str
    columns: tuple[OutputColumn, ...]
    keys: tuple[tuple[str, ...], ...]
    ordered: bool
    total: bool
    params: tuple[BoundParam, ...]
    tables: tuple[str, ...]
    checks: tuple[RunCheck, ...]
    lints: tuple[PlanFault, ...]
    plan: QueryPlan
    written_out: Callable[[], QueryPlan] = field(repr=False, compare=False)

    @cached_property
    def core(self) -> QueryPlan:
        """Return the plan in which every macro is written out."""
        return self.written_out()

    @cached_property
    def plan_sha256(self) -> str:
        """Return the hash of the plan as it was written."""
        return self.plan.sha256()

    @cached_property
    def core_sha256(self) -> str:
        """Return the hash of the plan after its macros were written out."""
        return self.core.sha256()


@dataclass(slots=True)
class _Tree:
    """What lies between the plan and its texts."""

    query: exp.Query
    relation: Relation
    work: Work
    main: Body
    checks: list[RunCheck]


def compile_plan(
    source: QueryPlan | str | bytes | Mapping[str, Any],
    catalogue: Catalogue,
    *,
    core: bool = False,
    trail: Trail | None = None,
) -> Compiled:
    """Compile a plan against a catalogue; raises PlanError with up to 20 faults.

    With `core` it is a core plan that another compilation wrote, in which names may begin with an underscore; a
    `trail` is filled with what becomes of each step. Same plan and catalogue, same bytes of SQL. Nothing is
    run, and the text is to be judged like anybody's.
    """
    plan = source if isinstance(source, QueryPlan) else read_plan(source)
    try:
        tree = _tree(plan, catalogue, core=core, trail=trail)
        sql = write(tree.query)
    except RecursionError:
        raise PlanError(
            [Fault("LIMIT_EXCEEDED", (), "an expression is nested too deeply to be written").told()]
        ) from None
    work, found = tree.work, tree.relation
    return Compiled(
        sql=sql,
        columns=tuple(OutputColumn(column.name, str(column.type), column.nullable) for column in found.columns),
        keys=tuple(tuple(sorted(key)) for key in found.keys),
        ordered=found.ordered,
        total=found.total,
        params=tuple(BoundParam(n, p.type, p.value) for n, p in _bound_in(tree)),
        tables=tuple(sorted(work.used_tables)),
        checks=tuple(tree.checks),
        lints=tuple(work.lints),
        plan=plan,
        written_out=lambda: _core_plan(plan, tree.main, work) if work.expanded else plan,
    )


def _tree(plan: QueryPlan, catalogue: Catalogue, *, core: bool = False, trail: Trail | None = None) -> _Tree:
    work = Work(
        catalogue,
        plan.params,
        TAGS,
        timezone=plan.timezone,
        week_start=plan.week_start,
        fiscal_start=plan.fiscal_start,
        run_body=run_body,
        scratch=core,
        trail=trail,
        let_names=tuple(sorted(plan.let)),
        taken={name.casefold() for name in [*catalogue.by_name, *plan.let]},
    )
    ctes: list[exp.CTE] = []
    main = Body.model_construct(source=plan.source, steps=plan.steps)
    try:
        _declared(plan, work)
        _lets(plan, work, ctes)
        found = run_into(work, main, (), None, ctes)
        _chart(plan, found)
    except Fault as fault:
        work.note(fault)
    if work.faults:
        raise PlanError(work.faults)
    checks = [_run_check(check, ctes) for check in work.checks]
    work.closed(found.query, ctes)
    _leftovers(work, found)
    return _Tree(found.query, found, work, main, checks)


def _bound_in(tree: _Tree) -> list[tuple[str, Param]]:
    """Return the parameters that the text binds; one that stood where nothing is reckoned, is not there any more."""
    used = tree.work.used_params
    written = {found.name for found in tree.query.find_all(exp.Placeholder)} if used else set()
    return [(name, param) for name, param in sorted(used.items()) if name in written]


def _run_check(check: Check, ctes: list[exp.CTE]) -> RunCheck:
    """Return a check as a text of its own, with those blocks of the plan before it that it reads."""
    known = {cte.alias: cte for cte in [*ctes, *check.ctes]}
    wanted: set[str] = set()
    reading = [check.query]
    while reading:
        names = {table.name for table in reading.pop().find_all(exp.Table)} & known.keys() - wanted
        wanted |= names
        reading += [known[name].this for name in names]
    if wanted:
        before = [cte.copy() for name, cte in known.items() if name in wanted]
        check.query.set("with_", exp.With(expressions=before))
    params = {found.name for found in check.query.find_all(exp.Placeholder)}
    return RunCheck(check.code, pointer(check.path), write(check.query), tuple(sorted(params)))


def _core_plan(plan: QueryPlan, main: Body, work: Work) -> QueryPlan:
    """Return the plan with every macro written out; lets that macros made stand beside the plan's own."""
    lets = {name: _rewritten(body, work) for name, body in plan.let.items()}
    lets |= {name: _rewritten(body, work) for name, body in work.core_lets.items()}
    body = _rewritten(main, work)
    return plan.model_copy(
        update={
            "source": body["from"],
            "steps": tuple(body["steps"]),
            "let": {
                name: Body.model_construct(source=let["from"], steps=tuple(let["steps"])) for name, let in lets.items()
            },
        }
    )


def _rewritten(value: Any, work: Work) -> Any:
    """Return a value in which every body is its core form."""
    body, core = work.cores.get(id(value), (None, None))
    if core is not None and body is value:
        return {key: _rewritten(item, work) for key, item in core.items()}
    match value:
        case dict():
            return {key: _rewritten(item, work) for key, item in value.items()}
        case list() | tuple():
            return [_rewritten(item, work) for item in value]
    return value


def _declared(plan: QueryPlan, work: Work) -> None:
    """Check the parameters' names, types and values, and the names of lets."""
    for name, param in sorted(plan.params.items()):
        path: Path = ("params", name)
        new_name(name, path)
        if parse_type(param.type) is None:
            raise Fault("PARAM_TYPE", (*path, "type"), f"there is no type {param.type!r}")
        try:
            literal_as(param.value, param.type, (*path, "value"))
        except Fault as fault:
            work.note(Fault("PARAM_TYPE", (*path, "value"), fault.message))
    tables = {name.casefold(): name for name in work.catalogue.by_name}
    for name in sorted(plan.let):
        new_name(name, ("let", name))
        if name.casefold() in tables:
            raise Fault(
                "NAME_SHADOWS", ("let", name), f"{name!r} is the name of a table", hint="name the let otherwise"
            )


def _lets(plan: QueryPlan, work: Work, ctes: list[exp.CTE]) -> None:
    """Write the lets, those first that others read."""
    under_way: list[str] = []

    def write(name: str, path: Path) -> Let:
        if name in under_way:
            circle = " reads ".join([*under_way[under_way.index(name) :], name])
            raise Fault("CYCLE", path, f"a let cannot read itself: {circle}")
        under_way.append(name)
        found = run_into(work, plan.let[name], ("let", name), None, ctes)
        under_way.pop()
        ctes.append(exp.CTE(this=found.query, alias=exp.TableAlias(this=quoted(name))))
        work.lets[name] = Let(found.columns, found.keys)
        return work.lets[name]

    work.run_let = write
    for name in work.let_names:
        if name not in work.lets:
            write(name, ("let", name))


def _chart(plan: QueryPlan, found: Relation) -> None:
    if plan.chart is None or found.fuzzy:
        return
    names = [column.name for column in found.columns]
    for key in ("x", "y", "color"):
        name = getattr(plan.chart, key)
        if name is not None and name not in names:
            raise Fault(
                "CHART_COLUMN", ("chart", key), f"the result has no column {name!r}", names, did_you_mean(name, names)
            )


def _leftovers(work: Work, found: Relation) -> None:
    for name, let in sorted(work.lets.items()):
        if not let.used:
            work.lint("UNUSED_LET", ("let", name), f"nothing reads {name!r}")
    if len(found.columns) > WIDE and not found.query.find(exp.Where):
        work.lint("WIDE_UNFILTERED", (), f"{len(found.columns)} columns and no filter")


def bind_params(compiled: Compiled, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values to bind; raises PlanError with PARAM_MISSING, PARAM_TYPE or UNKNOWN_PARAM."""
    faults, values = [], {}
    names = [param.name for param in compiled.params]
    for name in sorted(set(given) - set(names)):
        fault = Fault("UNKNOWN_PARAM", ("params", name), f"no parameter {name!r} is bound", names)
        faults.append(fault.told())
    for param in compiled.params:
        value = given.get(param.name, param.value)
        path: Path = ("params", param.name)
        if value is None:
            faults.append(Fault("PARAM_MISSING", path, f"the parameter {param.name!r} has no value").told())
        try:
            literal_as(value, param.type, path)
        except Fault as fault:
            faults.append(Fault("PARAM_TYPE", path, fault.message).told())
        values[param.name] = value
    if faults:
        raise PlanError(faults)
    return values
