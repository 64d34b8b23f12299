"""Other words for a gold plan: its SQL, and plans that must give the same rows; who plays them proves that they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracewright.environments.analytics.actions import catalogue_of
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.plans.faults import PlanError
from tracewright.records.action import Action
from tracewright.tables.schema import TableSet

LET = "rows_asked_for"


def variations(gold: Action, tables: TableSet) -> Iterator[Action]:
    """Yield the same question asked otherwise: as SQL, with its filters one by one, and by way of a let."""
    plan = gold.arguments.get("plan")
    if gold.name != "query_plan" or not isinstance(plan, dict):
        return
    if sql := _sql(plan, tables):
        yield Action(name="sql", arguments={"sql": sql})
    steps = plan.get("steps")
    if not isinstance(steps, list):
        return
    apart = [part for step in steps for part in _apart(step)]
    if apart != steps:
        yield Action(name="query_plan", arguments={"plan": {**plan, "steps": apart}})
    ends = [step for step in steps[-2:] if isinstance(step, dict) and ("sort" in step or "limit" in step)]
    if steps and not ends and "let" not in plan:
        let = {LET: {"from": plan["from"], "steps": steps}}
        yield Action(name="query_plan", arguments={"plan": {**plan, "let": let, "from": LET, "steps": []}})


def _sql(plan: dict[str, Any], tables: TableSet) -> str:
    try:
        compiled = compile_plan(plan, Catalogue.model_validate(catalogue_of(tables)))
    except PlanError:
        return ""
    return "" if compiled.params or compiled.checks else compiled.sql


def _apart(step: Any) -> list[Any]:
    match step:
        case {"filter": {"and": [*conditions]}}:
            return [{"filter": condition} for condition in conditions]
    return [step]
