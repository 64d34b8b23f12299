"""Asks one set of tables a plan: compiled here, judged by the policy and run in the jail like anybody's query.

A pivot that has to find its values, and a join that promises something, ask the jail first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracewright.errors import UsageError
from tracewright.pipeline.build import open_sandbox
from tracewright.pipeline.queries import Data, data_of, query_job
from tracewright.pipeline.tables import described, prepared
from tracewright.plans.catalogue import catalogue_of_set
from tracewright.plans.compiling import Compiled, bind_params, compile_plan
from tracewright.plans.discovering import MOST_VALUES, Discovery, discoveries, frozen
from tracewright.plans.document import QueryPlan
from tracewright.plans.explaining import Explained, explain
from tracewright.plans.faults import run_code
from tracewright.records.base import JsonObject
from tracewright.records.job import Outcome
from tracewright.records.recipe import SandboxPart
from tracewright.sandboxes import Sandbox
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import FORMATS


@dataclass(frozen=True)
class Asked:
    """A plan with what its run may use; `data` is a set or a file, empty for the one that the plan names."""

    plan: QueryPlan
    data: str = ""
    params: Mapping[str, Any] | None = None
    rows: int = 10_000
    seconds: float = 10.0
    form: str = "arrow"
    strict: bool = True
    preview: int = 50


@dataclass(frozen=True)
class Answered:
    """What came of a plan; `compiled` has the values that its pivots found written in."""

    compiled: Compiled
    outcome: Outcome


async def tables_of(home: Path, plan: QueryPlan, data: str = "") -> TableSet:
    """Return the set that a plan is about; raises UsageError where none is named, or another version of it is meant."""
    wanted, _, version = plan.dataset.partition("@sha256:")
    name = data or wanted
    if not name:
        raise UsageError('say of which tables: --data NAME, or {"dataset": NAME} in the plan')
    tables = (await prepared(home, name)).tables if Path(name).suffix in FORMATS else described(home, name)
    if version and not tables.version_hash.startswith(version):
        raise UsageError(f"the plan is about {wanted} at {version[:12]}…, found {name} at {tables.version_hash[:12]}…")
    return tables


async def explained(home: Path, plan: QueryPlan, data: str = "") -> tuple[Compiled, list[Explained]]:
    """Return what a plan means over a set, step by step; raises PlanError as compiling does."""
    return explain(plan, catalogue_of_set(await tables_of(home, plan, data)))


async def answered(home: Path, asked: Asked) -> Answered:
    """Run a plan over a set; raises PlanError for a plan that does not compile or lacks a parameter.

    Whatever goes wrong at the run is told by the outcome's code: FANOUT where a join breaks its promise, SCALAR_ROWS,
    DIVISION, OVERFLOW, CAST, or the runner's own.
    """
    tables = await tables_of(home, asked.plan, asked.data)
    catalogue = catalogue_of_set(tables)
    data = await data_of(home, asked.data or tables.id)
    async with open_sandbox(SandboxPart(name="auto"), home) as jail:
        run = _Run(jail, data, asked, tables.as_of)
        values: dict[str, Sequence[Any]] = {}
        for waiting in discoveries(asked.plan, catalogue):
            outcome = await run.find(waiting)
            if outcome.status != "ok":
                return Answered(waiting.compiled, outcome)
            values[waiting.path] = _first_column(outcome)
        compiled = compile_plan(frozen(asked.plan, values), catalogue)
        return Answered(compiled, await run.answer(compiled))


@dataclass(frozen=True)
class _Run:
    """A jail with one set in it, and what was asked of it."""

    jail: Sandbox
    data: Data
    asked: Asked
    as_of: str

    async def answer(self, compiled: Compiled) -> Outcome:
        """Answer a plan, unless something that it promises does not hold."""
        bound = bind_params(compiled, self._given(compiled))
        for check in compiled.checks:
            outcome = await self._query(check.sql, {name: bound[name] for name in check.params}, 1, 1)
            if outcome.status != "ok":
                return outcome
            if (broken := _first_column(outcome)) != [0]:
                message = f"{check.path}: {broken[0]} keys stand in several rows, which this join does not expect"
                return Outcome(status="action_error", code=check.code, message=message)
        return await self._query(compiled.sql, bound, self.asked.rows, self.asked.preview)

    async def find(self, asked: Discovery) -> Outcome:
        """Find the values of a pivot, which may need fewer parameters than the whole plan."""
        names = {param.name for param in asked.compiled.params}
        given = {name: value for name, value in self._given(asked.compiled).items() if name in names}
        bound = bind_params(asked.compiled, given)
        return await self._query(asked.compiled.sql, bound, MOST_VALUES + 1, MOST_VALUES + 1)

    async def _query(self, sql: str, bound: Mapping[str, Any], rows: int, preview: int) -> Outcome:
        request: JsonObject = {"op": "run", "sql": sql, "format": self.asked.form, "strict": self.asked.strict}
        request |= {"preview": preview, "limits": {"rows": rows}}
        if bound:
            request["parameters"] = {name: _plain(value) for name, value in bound.items()}
        outcome = await self.jail.run(query_job(self.data, request, self.asked.seconds))
        code = run_code(outcome.message) if outcome.code == "RUNNER_ERROR" else ""
        return outcome.model_copy(update={"code": code}) if code else outcome

    def _given(self, compiled: Compiled) -> dict[str, Any]:
        """Return the values to bind; where nobody says otherwise, `now` is the moment at which the set was taken."""
        given = dict(self.asked.params or {})
        if self.as_of and any(param.name == "now" and param.value is None for param in compiled.params):
            given.setdefault("now", self.as_of)
        return given


def _plain(value: Any) -> Any:
    # The query casts it to its type, so that no digit is lost on the way.
    return format(value, "f") if isinstance(value, Decimal) else value


def _first_column(outcome: Outcome) -> list[Any]:
    rows: Any = outcome.result.get("preview", [])
    return [row[0] for row in rows]
