"""Runs jobs that people ask for, outside any episode, in the jail that holds on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracewright import registry
from tracewright.pipeline.build import open_sandbox
from tracewright.records.base import JsonObject
from tracewright.records.job import Job, Limits, Outcome
from tracewright.records.recipe import SandboxPart


def job_of(kind: str, files: Mapping[str, str], request: JsonObject, limits: Limits | None = None) -> Job:
    """Return a job with the isolation that its kind asks for; raises UsageError for a kind that nobody knows."""
    isolation = registry.load("jobs", kind).ISOLATION
    return Job(kind=kind, isolation=isolation, files=dict(files), request=request, limits=limits or Limits())


async def run_jailed(jobs: Sequence[Job], home: Path, sandbox: str = "auto") -> list[Outcome]:
    """Run jobs and return their outcomes in order; raises MissingPartError where no jail holds."""
    async with open_sandbox(SandboxPart(name=sandbox), home) as jail:
        return await asyncio.gather(*map(jail.run, jobs))
