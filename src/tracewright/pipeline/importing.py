"""Reads SQL as plans over a set of tables: the set is only described, and the text goes into the jail unread."""

from __future__ import annotations

from pathlib import Path

from tracewright import registry
from tracewright.pipeline.jailed import run_jailed
from tracewright.pipeline.tables import described, prepared
from tracewright.plans.catalogue import Catalogue, catalogue_of_set
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.tables.shelf import FORMATS

KIND = "import_plan"
SECONDS = 20.0
MEMORY = 1024 * MIB


def import_job(sql: str, catalogue: Catalogue, dialect: str = "duckdb") -> Job:
    """Return the job that reads one query as a plan over these tables."""
    request = {"sql": sql, "dialect": dialect, "catalogue": catalogue.model_dump(mode="json")}
    limits = Limits(memory_bytes=MEMORY, wall_seconds=SECONDS)
    return Job(kind=KIND, isolation=registry.load("jobs", KIND).ISOLATION, request=request, limits=limits)


async def imported(home: Path, data: str, sql: str, dialect: str = "duckdb") -> Outcome:
    """Return the plan of one query over a set or a file, as a job's outcome; a refusal is told by its code."""
    tables = (await prepared(home, data)).tables if Path(data).suffix in FORMATS else described(home, data)
    [outcome] = await run_jailed([import_job(sql, catalogue_of_set(tables), dialect)], home)
    return outcome
