"""Runs a query plan: compiled here, and what comes of it is judged and run as if somebody else had written the SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from tracewright.jobs import Result
from tracewright.jobs._query.request import Ask, BadRequestError
from tracewright.jobs._query.running import ran
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import Compiled, bind_params, compile_plan
from tracewright.plans.discovering import MOST_VALUES, discoveries, frozen
from tracewright.plans.document import QueryPlan, read_plan
from tracewright.plans.faults import PlanError

MOST_TOLD = 2000
"""Characters of what is wrong with a plan; names of tables and columns come first."""


class _UnfoundError(Exception):
    """A query that a plan needs before its own did not end well."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


def read_catalogue(given: Any) -> Catalogue:
    """Read the tables that a plan may name; raises BadRequestError."""
    try:
        return Catalogue.model_validate(given)
    except ValidationError as error:
        raise BadRequestError(f"`catalogue` is no catalogue: {str(error)[:200]}") from error


def ran_plan(plan: Any, catalogue: Catalogue, ask: Ask) -> Result:
    """Return facts and rows of a plan; `ask` bounds each query that it takes. A fault names the step and what exists.

    Beside the facts of its query: `ordered` and `total` as the compiler tells them, `plan_sha256`, and lints.
    """
    try:
        compiled = compile_plan(_found(read_plan(plan), catalogue, ask), catalogue)
        values = bind_params(compiled, {})
    except PlanError as error:
        return Result("action_error", error.faults[0].code, str(error)[:MOST_TOLD])
    except RecursionError:
        return Result("action_error", "LIMIT_EXCEEDED", "The plan is nested too deeply.")
    except _UnfoundError as unfound:
        return unfound.result
    if broken := _broken_promise(compiled, ask):
        return broken
    given = {name: _plain(value) for name, value in values.items()} or None
    result = ran(replace(ask, sql=(compiled.sql,), parameters=given))
    return replace(result, result={**result.result, **_facts(compiled)})


def _found(plan: QueryPlan, catalogue: Catalogue, ask: Ask) -> QueryPlan:
    """Return the plan with the values of its pivots written in."""
    found: dict[str, list[Any]] = {}
    for waiting in discoveries(plan, catalogue):
        result = ran(replace(ask, sql=(waiting.compiled.sql,), parameters=None, preview=MOST_VALUES + 1))
        if result.status != "ok":
            raise _UnfoundError(result)
        found[waiting.path] = [row[0] for row in result.result["preview"]]
    return frozen(plan, found) if found else plan


def _broken_promise(compiled: Compiled, ask: Ask) -> Result | None:
    """Ask whether what a join `expect`s holds."""
    for check in compiled.checks:
        result = ran(replace(ask, sql=(check.sql,), parameters=None, preview=1))
        if result.status != "ok":
            return result
        if (rows := result.result["preview"]) and rows[0][0]:
            message = f"{check.code} at {check.path}: {rows[0][0]} keys break what was expected of the join"
            return Result("action_error", check.code, message)
    return None


def _facts(compiled: Compiled) -> Mapping[str, Any]:
    lints = [{"code": lint.code, "path": lint.path, "message": lint.message} for lint in compiled.lints]
    told = {"ordered": compiled.ordered, "total": compiled.total, "plan_sha256": compiled.plan_sha256}
    return {**told, **({"lints": lints} if lints else {})}


def _plain(value: Any) -> Any:
    # The query casts it to its type, so that no digit is lost on the way.
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
