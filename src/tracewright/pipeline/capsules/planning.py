"""Runs a plan into a capsule: the values that a pivot looks for are found first, and what its joins promise is checked.

Each of these is a query of its own, judged by the policy and run in the jail like anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

import tracewright
from tracewright.pipeline.capsules.making import LIMITS, Asked, Draft, Plan, drafted, queried
from tracewright.pipeline.capsules.reading import Bench
from tracewright.pipeline.queries import Data, data_of
from tracewright.pipeline.tables import prepared
from tracewright.plans.catalogue import catalogue_of_set
from tracewright.plans.compiling import Compiled, bind_params, compile_plan
from tracewright.plans.discovering import MOST_VALUES, Discovery, discoveries, frozen
from tracewright.plans.document import QueryPlan
from tracewright.records.capsule import Parameter, QueryLimits
from tracewright.records.chart import Chart
from tracewright.records.job import Outcome
from tracewright.tables.shelf import Kept


@dataclass(frozen=True)
class AskedPlan:
    """What a plan asks of a set or file, with values for its parameters; `limits` are those of each query."""

    plan: QueryPlan
    data: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    question: str = ""
    strict: bool = True
    limits: QueryLimits = LIMITS
    licence: str = ""
    form: Literal["parquet", "arrow"] = "parquet"


@dataclass(frozen=True)
class Planned:
    """What came of a plan; `compiled` has the values that its pivots found written in."""

    compiled: Compiled
    draft: Draft


async def run_plan(there: Bench, asked: AskedPlan) -> Planned:
    """Run a plan and return what is to be kept of it; raises PlanError where it does not compile or lacks a parameter.

    Whatever goes wrong at the run is told by the outcome's code: FANOUT where a join breaks its promise, SCALAR_ROWS,
    DIVISION, OVERFLOW, CAST, or the runner's own.
    """
    kept = await prepared(there.home, asked.data)
    running = _Running(there, asked, kept, await data_of(there.home, asked.data))
    at = there.clock()
    catalogue = catalogue_of_set(kept.tables)
    values: dict[str, Sequence[Any]] = {}
    for waiting in discoveries(asked.plan, catalogue):
        outcome = await running.find(waiting)
        if outcome.status != "ok":
            wanted = replace(running.query(waiting.compiled, only=True), plan=_as_written(asked.plan))
            # What ran is not what was asked for: its text must not stand there as the plan's.
            return Planned(waiting.compiled, await drafted(there, wanted, kept, _bare(outcome), at))
        values[waiting.path] = _first_column(outcome)
    compiled = compile_plan(frozen(asked.plan, values), catalogue)
    wanted = running.query(compiled)
    outcome = await running.broken(compiled, wanted) or await queried(there, wanted, running.data)
    return Planned(compiled, await drafted(there, wanted, kept, outcome, at))


@dataclass(frozen=True)
class _Running:
    """A jail, one set, and what was asked of it."""

    there: Bench
    asked: AskedPlan
    kept: Kept
    data: Data

    def query(self, compiled: Compiled, *, only: bool = False) -> Asked:
        """Return the query that a compiled plan comes to; `only` leaves out parameters that it does not bind.

        The order of rows means something where the plan gives one in which no two rows can change places.
        """
        bound, types = self._bound(compiled, only), {param.name: param.type for param in compiled.params}
        wanted = compiled.plan.chart
        return Asked(
            data=self.asked.data,
            sql=compiled.sql,
            question=self.asked.question,
            plan=_as_written(compiled.plan, compiled.core_sha256),
            parameters=tuple(
                Parameter(name=name, type=types[name], value=_plain(bound[name])) for name in sorted(bound)
            ),
            ordered=compiled.ordered and compiled.total,
            strict=self.asked.strict,
            limits=self.asked.limits,
            now=str(bound.get("now", "")),
            chart=Chart(mark=wanted.mark, x=wanted.x, y=wanted.y, color=wanted.color or "") if wanted else None,
            licence=self.asked.licence,
            form=self.asked.form,
        )

    def _bound(self, compiled: Compiled, only: bool) -> dict[str, Any]:
        """Bind what was given; where nobody says otherwise, `now` is the moment at which the set was taken."""
        names = {param.name for param in compiled.params}
        given = {name: value for name, value in self.asked.given.items() if name in names or not only}
        as_of = self.kept.tables.as_of
        if as_of and any(param.name == "now" and param.value is None for param in compiled.params):
            given.setdefault("now", as_of)
        return bind_params(compiled, given)

    async def find(self, waiting: Discovery) -> Outcome:
        """Find the values of a pivot, which may need fewer parameters than the whole plan."""
        return await self._first_rows(self.query(waiting.compiled, only=True), MOST_VALUES + 1)

    async def broken(self, compiled: Compiled, wanted: Asked) -> Outcome | None:
        """Return what came of the first check that does not hold; None where all do."""
        for check in compiled.checks:
            bound = tuple(parameter for parameter in wanted.parameters if parameter.name in check.params)
            outcome = await self._first_rows(replace(wanted, sql=check.sql, parameters=bound), 1)
            if outcome.status != "ok":
                return _bare(outcome)
            if (found := _first_column(outcome)) != [0]:
                message = f"{check.path}: {found[0]} keys stand in several rows, which this join does not expect"
                return Outcome(status="action_error", code=check.code, message=message, observed=outcome.observed)
        return None

    async def _first_rows(self, asked: Asked, rows: int) -> Outcome:
        limits = asked.limits.model_copy(update={"rows": rows})
        return await queried(self.there, replace(asked, limits=limits), self.data, rows)


def _as_written(plan: QueryPlan, core_sha256: str = "") -> Plan:
    return Plan(plan.plain(), plan.sha256(), core_sha256, tracewright.__version__)


def _bare(outcome: Outcome) -> Outcome:
    """Return how a query ended that only prepares for another, without what is known of the query itself."""
    return outcome.model_copy(update={"result": {}, "artifacts": {}})


def _plain(value: Any) -> Any:
    # The query casts it to its type, so that no digit is lost on the way.
    return format(value, "f") if isinstance(value, Decimal) else value


def _first_column(outcome: Outcome) -> list[Any]:
    rows: Any = outcome.result.get("preview", [])
    return [row[0] for row in rows]
