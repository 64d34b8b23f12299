"""Runs a capsule's request again and says how what came out compares with what is kept."""

from __future__ import annotations

from pathlib import Path

from tracewright.errors import SourceError, UsageError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.comparing import row_changes
from tracewright.pipeline.capsules.making import Asked, Draft, Plan, run
from tracewright.pipeline.capsules.planning import AskedPlan, run_plan
from tracewright.pipeline.capsules.reading import Bench
from tracewright.pipeline.tables import prepared
from tracewright.plans.document import read_plan
from tracewright.plans.faults import PlanError
from tracewright.records.base import Record
from tracewright.records.capsule import Capsule, ReplayWord
from tracewright.records.job import Sha256

EQUAL: tuple[ReplayWord, ...] = ("identical", "equal_within_tolerance")


class Replay(Record):
    """How a replay compares; `capsule` is the new one where it differs, `detail` says what."""

    id: Sha256
    answer: ReplayWord
    detail: str = ""
    capsule: Sha256 = ""


async def replay(there: Bench, capsule_id: Sha256) -> Replay:
    """Run the request again over the same data; raises UsageError for an unknown capsule, StoreError for a changed one.

    An identical outcome is added to the capsule's runs; any other is kept as a capsule of its own.
    """
    kept = shelf.load(there.home, capsule_id)
    if drift := await _data_drift(there.home, kept):
        return Replay(id=capsule_id, answer="drift:data", detail=drift)
    try:
        draft = await _run_again(there, kept)
    except PlanError as error:
        detail = f"its plan never came to a query, and does not now: {error}"
        return Replay(id=capsule_id, answer="failed", detail=detail)
    answer, detail = await _answer(there, kept, draft.capsule)
    told = draft.run.model_copy(update={"replay_of": capsule_id, "answer": answer})
    if answer == "identical":
        shelf.add_run(there.home, capsule_id, told)
        return Replay(id=capsule_id, answer=answer, detail=detail)
    shelf.keep(there.home, draft.capsule, draft.files, told)
    return Replay(id=capsule_id, answer=answer, detail=detail, capsule=draft.capsule.id)


async def _data_drift(home: Path, kept: Capsule) -> str:
    """Say what became of the data since; empty where they are the same."""
    data = kept.request.data
    try:
        tables = (await prepared(home, data.id)).tables
    except (UsageError, SourceError) as error:
        return str(error)
    if tables.version_hash == data.version_hash:
        return ""
    now = {table.name: (table.row_count, table.sha256) for table in tables.tables}
    then = {table.name: (table.rows, table.sha256) for table in data.tables}
    changed = (name for name in sorted({*now, *then}) if now.get(name) != then.get(name))
    told = [f"{name}: {_counted(then.get(name))} then, {_counted(now.get(name))} now" for name in changed]
    return "; ".join(told) or "names or types of columns are others now"


def _counted(table: tuple[int, str] | None) -> str:
    return f"{table[0]} rows ({table[1][:12]}…)" if table else "none"


async def _run_again(there: Bench, kept: Capsule) -> Draft:
    """Run what ran; a plan that ended before its query did is compiled anew. Raises PlanError where it cannot be."""
    request = kept.request
    if request.plan is None or request.sql:
        return await run(there, asked_again(kept))
    asked = AskedPlan(
        plan=read_plan(request.plan),
        data=request.data.id,
        given={parameter.name: parameter.value for parameter in request.parameters},
        question=request.question,
        strict=request.policy == "strict",
        limits=request.limits,
        licence=kept.licence,
    )
    return (await run_plan(there, asked)).draft


def asked_again(kept: Capsule) -> Asked:
    """Return the request of a capsule; what runs is its canonical SQL, where the policy let it come to that."""
    request = kept.request
    plan = Plan(request.plan, request.plan_sha256, request.core_sha256, request.compiler) if request.plan else None
    return Asked(
        data=request.data.id,
        sql=request.sql or request.raw_sql,
        raw_sql=request.raw_sql,
        question=request.question,
        plan=plan,
        parameters=request.parameters,
        ordered=kept.result.ordered if kept.result else False,
        strict=request.policy == "strict",
        limits=request.limits,
        now=request.now,
        chart=kept.chart,
        licence=kept.licence,
        form="arrow" if kept.result and kept.result.file == "result.arrow" else "parquet",
    )


async def _answer(there: Bench, kept: Capsule, found: Capsule) -> tuple[ReplayWord, str]:
    """Say how the new outcome compares with the old: the kindest answer that holds."""
    if not (kept.result and found.result):
        return _without_rows(kept, found)
    if kept.result.truncated != found.result.truncated:
        return _drift(kept, found, "one result was cut, the other not")
    if kept.result.logical_sha256 == found.result.logical_sha256:
        return "identical", ""
    rows = await row_changes(there, kept, found)
    if kept.result.rounded_sha256 == found.result.rounded_sha256 or (rows and rows.near):
        return "equal_within_tolerance", "floats differ in their last digits"
    if kept.result.multiset_sha256 == found.result.multiset_sha256:
        return "order_differs", "the same rows came in another order"
    counted = f"{rows.only_left} rows less, {rows.only_right} more, {rows.changed} changed" if rows else ""
    return _drift(kept, found, counted)


def _without_rows(kept: Capsule, found: Capsule) -> tuple[ReplayWord, str]:
    then, now = kept.outcome, found.outcome
    if (then.status, then.code) == (now.status, now.code):
        return "identical", ""
    detail = f"{then.status} {then.code} then, {now.status} {now.code} now: {now.message}"
    if now.status == "rejected":
        return "drift:policy", detail
    return ("failed", detail) if now.status != "ok" else _drift(kept, found, detail)


def _drift(kept: Capsule, found: Capsule, detail: str) -> tuple[ReplayWord, str]:
    then, now = kept.request.engine, found.request.engine
    if (then.name, then.version) != (now.name, now.version):
        return "drift:engine", f"{then.name} {then.version} then, {now.version} now: {detail}"
    return "nondeterministic", detail
