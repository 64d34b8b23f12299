"""Runs a query into a capsule: the query, its result's hashes and its chart are each the work of a job in the jail."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import tracewright
from tracewright.errors import SandboxError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.reading import PREVIEW_ROWS, Bench, Facts, bench, draw, preview, read_facts
from tracewright.pipeline.queries import Data, data_of, query_job
from tracewright.pipeline.tables import prepared
from tracewright.plans.faults import RUN_CODES, run_code
from tracewright.records import capsule as records
from tracewright.records.base import JsonObject
from tracewright.records.capsule import Capsule, OutcomeWord, Parameter, QueryLimits, ResultName, ResultRef, Run
from tracewright.records.chart import MOST_ROWS, Chart, Field, choose
from tracewright.records.job import MIB, Artifact, Outcome, Sha256
from tracewright.tables import shipped
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import Kept

LIMITS = QueryLimits(seconds=10.0, memory_bytes=1024 * MIB, rows=10_000, bytes=16 * MIB)
OWN_LICENCE = "Apache-2.0"
"""The shipped sets are made by our own generators."""
UNKNOWN_LICENCE = "LicenseRef-unknown"
NOT_IN_PARQUET = "Parquet cannot hold"
FAILED = frozenset({"BIND", "FANOUT", "RUNNER_ERROR", *(code for _, code in RUN_CODES)})
"""What a query that was let pass may end with by its own fault."""


@dataclass(frozen=True)
class Plan:
    """The plan that a query was compiled from, as it was written, and the version of the compiler."""

    document: JsonObject
    sha256: Sha256
    core_sha256: Sha256
    compiler: str


@dataclass(frozen=True)
class Asked:
    """What is asked of which set; `sql` is what the policy judges, `ordered` whether the order of rows means something.

    `raw_sql` is what was written, where `sql` is not that any more. A set is named, or a file of the user's own.
    """

    data: str
    sql: str
    raw_sql: str = ""
    question: str = ""
    plan: Plan | None = None
    parameters: tuple[Parameter, ...] = ()
    ordered: bool = False
    strict: bool = True
    limits: QueryLimits = LIMITS
    now: str = ""
    chart: Chart | None = None
    licence: str = ""
    form: Literal["parquet", "arrow"] = "parquet"


@dataclass(frozen=True)
class Draft:
    """A capsule that is not kept yet: its other files by name, its first run, and what could not be drawn and why.

    `outcome` is that of the query, with the first rows.
    """

    capsule: Capsule
    files: Mapping[str, bytes]
    run: Run
    outcome: Outcome
    note: str = ""


async def ask(home: Path, asked: Asked, trace: str = "", step: int | None = None) -> Draft:
    """Run a query and keep it as a capsule, whatever came of it; `trace` and `step` say for whom it ran.

    Raises UsageError for an unknown set, SourceError for a file that changed, MissingPartError where no jail holds.
    """
    async with bench(home) as there:
        draft = await run(there, asked)
    draft = replace(draft, run=draft.run.model_copy(update={"trace": trace, "step": step}))
    shelf.keep(home, draft.capsule, draft.files, draft.run)
    return draft


async def run(there: Bench, asked: Asked) -> Draft:
    """Run a query and return what is to be kept of it; nothing is written but blobs."""
    kept = await prepared(there.home, asked.data)
    at = there.clock()
    outcome = await queried(there, asked, await data_of(there.home, asked.data))
    return await drafted(there, asked, kept, outcome, at)


async def drafted(there: Bench, asked: Asked, kept: Kept, outcome: Outcome, at: datetime) -> Draft:
    """Return the draft of a query that ran already, as it did in a step of a trace."""
    facts: Facts | None = None
    libraries: Mapping[str, str] = {}
    files: dict[str, bytes] = {}
    note = ""
    if held := _result_of(outcome):
        name, artifact = held
        facts, libraries = await read_facts(there, name, artifact.sha256, _types(outcome), asked.ordered)
        files = {name: there.bytes_of(artifact), records.PREVIEW: preview(facts)}
    capsule = _capsule(asked, kept, outcome, facts, libraries)
    if capsule.result and capsule.chart:
        drawn, note = await draw(there, capsule.result, capsule.chart)
        files |= drawn
    return Draft(capsule, files, _run(outcome, at), outcome, note)


async def queried(there: Bench, asked: Asked, data: Data, shown: int = PREVIEW_ROWS) -> Outcome:
    """Run a query in the jail; the outcome holds its first rows, so many as are to be `shown`."""
    limits = asked.limits
    request: JsonObject = {
        "sql": asked.sql,
        "format": asked.form,
        "strict": asked.strict,
        "preview": shown,
        "limits": {"rows": limits.rows, "bytes": limits.bytes},
    }
    if asked.parameters:
        request["parameters"] = _bound(asked.parameters)
    outcome = await there.sandbox.run(query_job(data, request, limits.seconds, limits.memory_bytes))
    if outcome.message.startswith(NOT_IN_PARQUET):
        # Intervals, for one, are nothing that Parquet knows as Arrow has them.
        again = query_job(data, {**request, "format": "arrow"}, limits.seconds, limits.memory_bytes)
        outcome = await there.sandbox.run(again)
    code = run_code(outcome.message) if asked.plan and outcome.code == "RUNNER_ERROR" else ""
    return outcome.model_copy(update={"code": code}) if code else outcome


def _bound(parameters: tuple[Parameter, ...]) -> Any:
    if all(not parameter.name for parameter in parameters):
        return [parameter.value for parameter in parameters]
    return {parameter.name: parameter.value for parameter in parameters}


def _result_of(outcome: Outcome) -> tuple[ResultName, Artifact] | None:
    names: tuple[ResultName, ...] = ("result.parquet", "result.arrow")
    found = [(name, outcome.artifacts[name]) for name in names if name in outcome.artifacts]
    return found[0] if outcome.status == "ok" and found else None


def _types(outcome: Outcome) -> list[JsonObject]:
    columns = outcome.result.get("columns")
    if not isinstance(columns, list):
        raise SandboxError("the job query sent a result without its columns")
    return [dict(column) for column in columns if isinstance(column, dict)]


def _capsule(asked: Asked, kept: Kept, outcome: Outcome, facts: Facts | None, libraries: Mapping[str, str]) -> Capsule:
    result = _reference(asked, outcome, facts) if facts else None
    refused = _word(outcome) == "rejected" and not outcome.result.get("canonical_sql")
    told = outcome.result
    seen = {name: told[name] for name in ("warnings", "tables", "functions") if name in told}
    return Capsule(
        request=_request(asked, kept.tables, outcome, libraries),
        ruling=records.Ruling.model_validate({"allowed": not refused, **seen}),
        outcome=records.Ending(status=_word(outcome), code=outcome.code, message=outcome.message),
        result=result,
        chart=_chart(asked.chart, result) if result else None,
        notices=tuple(_notices(kept, outcome)),
        licence=asked.licence or (OWN_LICENCE if shipped.is_shipped(kept.tables.id) else UNKNOWN_LICENCE),
    )


def _notices(kept: Kept, outcome: Outcome) -> Iterator[str]:
    """Yield what a reader of the rows should know of them."""
    if kept.rejected_rows:
        yield f"{kept.rejected_rows} lines of {kept.source.name if kept.source else 'the source'} could not be read"
    if outcome.status == "ok" and outcome.message:
        yield outcome.message


def _request(asked: Asked, tables: TableSet, outcome: Outcome, libraries: Mapping[str, str]) -> records.Request:
    plan = asked.plan
    hashes = [records.TableHash(name=table.name, rows=table.row_count, sha256=table.sha256) for table in tables.tables]
    return records.Request(
        kind="plan" if plan else "sql",
        question=asked.question,
        plan=plan.document if plan else None,
        plan_sha256=plan.sha256 if plan else "",
        core_sha256=plan.core_sha256 if plan else "",
        compiler=plan.compiler if plan else "",
        raw_sql="" if plan else asked.raw_sql or asked.sql,
        sql=str(outcome.result.get("canonical_sql", "")),
        parameters=asked.parameters,
        data=records.DataRef(id=tables.id, version_hash=tables.version_hash, tables=tuple(hashes)),
        engine=records.EngineRef(name="duckdb", version=_engine(outcome), libraries=dict(libraries)),
        policy="strict" if asked.strict else "lenient",
        limits=asked.limits,
        now=asked.now,
    )


def _engine(outcome: Outcome) -> str:
    """Return the engine's version as the jail says; a query that never reached it tells what would have run it."""
    return str(outcome.result.get("engine") or version("duckdb"))


def _reference(asked: Asked, outcome: Outcome, facts: Facts) -> ResultRef:
    held = _result_of(outcome)
    assert held is not None  # noqa: S101  # there are facts, so there was a result
    return ResultRef(
        file=held[0],
        sha256=held[1].sha256,
        columns=facts.columns,
        rows=facts.rows,
        truncated=outcome.result.get("truncated") is True,
        ordered=asked.ordered,
        logical_sha256=facts.logical,
        multiset_sha256=facts.multiset,
        rounded_sha256=facts.rounded,
    )


def _chart(wanted: Chart | None, result: ResultRef) -> Chart | None:
    """Return the plan's own chart where the result has its columns and few enough rows, else the one that fits."""
    names = {column.name for column in result.columns}
    if wanted and {wanted.x, wanted.y, wanted.color or wanted.x} <= names and 0 < result.rows <= MOST_ROWS:
        return wanted
    fields = [Field(name=found.name, family=found.family, distinct=found.distinct) for found in result.columns]
    return None if result.truncated else choose(fields, result.rows)


def _word(outcome: Outcome) -> OutcomeWord:
    match outcome.status, outcome.code:
        case "ok", _:
            return "ok"
        case "timeout", _:
            return "timeout"
        case "oom", _:
            return "memory"
        case "action_error", "RUNNER_CRASH":
            return "crashed"
        case "action_error", code if code in FAILED:
            return "failed"
        case "action_error", _:
            return "rejected"
    return "crashed"


def _run(outcome: Outcome, at: datetime) -> Run:
    seen = outcome.observed
    return Run(
        at=at.astimezone(UTC).isoformat(timespec="seconds"),
        tracewright=tracewright.__version__,
        platform=f"{platform.system()}-{platform.machine()}",
        executor=seen.isolation.backend if seen.isolation else "",
        isolation=seen.isolation.level if seen.isolation else "",
        wall_seconds=seen.wall_seconds,
        cpu_seconds=seen.cpu_seconds,
        peak_memory_bytes=seen.peak_memory_bytes,
    )
