"""Opens a sandbox for one test, or skips and says why it cannot be had here."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from tests.sandboxes import clusters, daemons
from tracewright import registry
from tracewright.errors import MissingPartError
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.sandboxes import Sandbox

Found = TypeVar("Found")

ASKED: dict[str, dict[str, object]] = {"landlock": {"outer_limits_accepted": True}, "none": {"accept_no_jail": True}}
"""What must be said before these sandboxes are built; nobody bounds the machine that the tests run on."""


@cache
def proven_home() -> Path:
    """Return one home for all tests of this process, so that a jail is proven once."""
    folder = tempfile.mkdtemp(prefix="tracewright-home-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def names() -> list[str]:
    """Return every sandbox there is, that of containers once for each engine that it can speak to."""
    return sorted({*registry.names("sandboxes"), *daemons.ENGINES})


def within(name: str, work: Callable[[Sandbox], Awaitable[Found]], **options: object) -> Found:
    """Build the sandbox `name`, let `work` use it, and close it."""

    backend, resolved = daemons.resolved(name, options)

    async def main() -> Found:
        said = {**ASKED.get(name, {}), **clusters.options(name), **resolved}
        sandbox: Sandbox = registry.build("sandboxes", backend, said, registry.Parts(home=proven_home()))
        try:
            await sandbox.preflight()
        except MissingPartError as missing:
            pytest.skip(f"{name}: {missing}")
        try:
            return await work(sandbox)
        finally:
            await sandbox.close()

    return asyncio.run(main())


def outcome_of(name: str, job: Job, **options: object) -> Outcome:
    """Run one job in a sandbox of its own."""
    return within(name, lambda sandbox: sandbox.run(job), **options)


@cache
def claim(name: str) -> Isolation:
    """Return what a sandbox says of itself here."""
    return within(name, lambda sandbox: sandbox.preflight())


def lacks(name: str, promise: str) -> bool:
    """Say whether a sandbox itself says that it does not hold a promise, so that nobody need try it."""
    return promise in claim(name).lacks


def program(code: str, *, files: dict[str, str] | None = None, limits: Limits | None = None) -> Job:
    """Return the job that runs a Python program."""
    limits = limits or Limits(wall_seconds=20)
    return Job(kind="python", isolation="oneshot", files=files or {}, request={"code": code}, limits=limits)


def marked(code: str, marker: str) -> str:
    """Return a program that does what `code` does in a process whose command line holds a marker."""
    return f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {f'{code} # {marker}'!r}])"


def survivors(marker: str) -> list[str]:
    """Return the command lines on this machine that hold a marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if marker in line:
            found.append(line)
    return found


def gone_within(seconds: float, marker: str) -> bool:
    """Say whether no process with a marker is left after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while survivors(marker):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
