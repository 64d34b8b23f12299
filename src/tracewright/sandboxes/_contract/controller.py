"""Runs one job in a sandbox as a process of its own, which the suite may kill; reads what to do from standard input."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tracewright.errors import TracewrightError
from tracewright.records.job import Job, Outcome
from tracewright.sandboxes._contract.trial import Backend


async def _run(asked: dict[str, Any]) -> Outcome:
    sandbox = Backend(asked["name"], asked["options"], Path(asked["home"])).build()
    try:
        return await sandbox.run(Job.model_validate(asked["job"]))
    finally:
        await sandbox.close()


def main() -> None:
    """Print the outcome, or our error with its exit code."""
    try:
        told: dict[str, Any] = {"outcome": asyncio.run(_run(json.load(sys.stdin))).model_dump(mode="json")}
    except TracewrightError as error:
        told = {"refused": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
