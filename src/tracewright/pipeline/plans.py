"""Asks one set of tables a plan: explained step by step without running anything, or run and kept as a capsule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tracewright.errors import UsageError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.planning import AskedPlan, Planned, run_plan
from tracewright.pipeline.capsules.reading import bench
from tracewright.pipeline.tables import described, prepared
from tracewright.plans.catalogue import catalogue_of_set
from tracewright.plans.compiling import Compiled
from tracewright.plans.document import QueryPlan
from tracewright.plans.explaining import Explained, explain
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import FORMATS


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


async def answered(home: Path, asked: AskedPlan) -> Planned:
    """Run a plan and keep it as a capsule, whatever came of it; without `data` the set is the one that the plan names.

    Raises PlanError for a plan that does not compile or lacks a parameter: nothing ran, so nothing is kept.
    """
    tables = await tables_of(home, asked.plan, asked.data)
    async with bench(home) as there:
        found = await run_plan(there, replace(asked, data=asked.data or tables.id))
    shelf.keep(home, found.draft.capsule, found.draft.files, found.draft.run)
    return found
