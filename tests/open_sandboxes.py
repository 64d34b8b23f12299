"""Sandboxes for tests alone: one runs jobs in this very process, one breaks as often as it is told to."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from tracewright.errors import SandboxError
from tracewright.records.job import Isolation, Job, Observed, Outcome

OPEN = Isolation(backend="open", level="none")


class OpenSandbox:
    """Runs data-only jobs unjailed; for texts that the tests wrote themselves."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def preflight(self) -> Isolation:
        return OPEN

    async def run(self, job: Job) -> Outcome:
        self.jobs.append(job)
        module = importlib.import_module(f"tracewright.jobs.{job.kind}")
        found = module.run(job.request, job.files, {})
        return Outcome(
            status=found.status,
            code=found.code,
            message=found.message,
            exit_code=found.exit_code,
            stdout=found.stdout,
            stderr=found.stderr,
            files=dict(found.files),
            result=dict(found.result),
            observed=Observed(isolation=OPEN),
        )

    async def close(self) -> None:
        return


class BreakingSandbox(OpenSandbox):
    """Raises SandboxError for the first `breaks` jobs of each kind, as a dead worker would."""

    def __init__(self, breaks: Mapping[str, int]) -> None:
        super().__init__()
        self.left = dict(breaks)

    async def run(self, job: Job) -> Outcome:
        if self.left.get(job.kind, 0) > 0:
            self.left[job.kind] -= 1
            raise SandboxError("the worker died")
        return await super().run(job)
