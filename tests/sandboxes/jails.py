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
from tracewright.sandboxes._contract.case import Case
from tracewright.sandboxes._contract.suite import tried
from tracewright.sandboxes._contract.trial import Backend
from tracewright.sandboxes._jail import layout, sandbox
from tracewright.sandboxes._jail.layout import PACKAGE, Layout, Mount

Found = TypeVar("Found")

ASKED: dict[str, dict[str, object]] = {"landlock": {"outer_limits_accepted": True}, "none": {"accept_no_jail": True}}
"""What must be said before these sandboxes are built; nobody bounds the machine that the tests run on."""

SLOW: dict[str, dict[str, object]] = {name: {"spares": 0} for name in (*daemons.ENGINES, "kubernetes")}
"""A case of the suite ends before a spare jail of these is of use; tests of their own look at spares."""


@cache
def proven_home() -> Path:
    """Return one home for all tests of this process, so that a jail is proven once."""
    folder = tempfile.mkdtemp(prefix="tracewright-home-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def names() -> list[str]:
    """Return every sandbox there is, that of containers once for each engine that it can speak to."""
    return sorted({*registry.names("sandboxes"), *daemons.ENGINES})


def backend(name: str, **options: object) -> Backend:
    """Return the sandbox `name` with all that it must be told here, or skip where it has nobody to speak to."""
    found, resolved = daemons.resolved(name, options)
    return Backend(found, {**ASKED.get(name, {}), **clusters.options(name), **resolved}, proven_home())


def hold(name: str, case: Case) -> None:
    """Try one case of the suite; what is not claimed or cannot be tried here is skipped by name, and so counted."""
    finding = asyncio.run(tried(case, backend(name, **SLOW.get(name, {})), claim(name)))
    if finding.verdict == "failed":
        pytest.fail(finding.seen)
    if finding.verdict != "held":
        pytest.skip(f"{name}: {finding.verdict}: {finding.seen}")


def within(name: str, work: Callable[[Sandbox], Awaitable[Found]], **options: object) -> Found:
    """Build the sandbox `name`, let `work` use it, and close it."""
    chosen = backend(name, **options)

    async def main() -> Found:
        sandbox = chosen.build()
        try:
            await sandbox.preflight()
        except MissingPartError as missing:
            pytest.skip(f"{name}: {missing}")
        try:
            return await work(sandbox)
        finally:
            await sandbox.close()

    return asyncio.run(main())


def show_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the jails of bubblewrap import the kinds in `kinds/`, as they would a plug-in's."""
    here = layout.here()
    kinds = Mount(Path(__file__).parent / "kinds", f"{PACKAGE}/kinds")
    with_kinds = Layout((*here.mounts, kinds), here.command, here.environment)
    monkeypatch.setattr(layout, "here", lambda: with_kinds)
    monkeypatch.setattr(sandbox, "module_path", lambda wing, name: f"kinds.{name}")


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
