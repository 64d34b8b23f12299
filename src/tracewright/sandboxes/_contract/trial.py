"""What a case is tried with: the sandbox, what was laid out for it, and eyes on this machine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracewright import registry
from tracewright.records.job import Job, Outcome
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._contract.bait import Bait

CONTROLLER = "tracewright.sandboxes._contract.controller"


@dataclass(frozen=True)
class Backend:
    """A sandbox by its registry name (or file), with its options and the home that it leans on."""

    name: str
    options: Mapping[str, Any]
    home: Path

    def build(self) -> Sandbox:
        """Build it anew."""
        built: Sandbox = registry.build("sandboxes", self.name, self.options, registry.Parts(home=self.home))
        return built

    def moved(self, home: Path) -> Backend:
        """Return the same sandbox with another home."""
        return replace(self, home=home)


@dataclass(frozen=True)
class Trial:
    """One case's way to the sandbox."""

    backend: Backend
    bait: Bait
    build: Callable[[], Sandbox]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Sandbox]:
        """Open the sandbox and close it at the end."""
        sandbox = self.build()
        try:
            yield sandbox
        finally:
            await sandbox.close()

    async def run(self, *jobs: Job) -> list[Outcome]:
        """Run jobs one after another in one sandbox."""
        async with self.opened() as sandbox:
            return [await sandbox.run(job) for job in jobs]

    @contextmanager
    def controller(self, job: Job, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Start another process that runs a job in this sandbox; it prints what came of it as JSON.

        What it is to do goes in by its standard input, so that no command line but the job's own tells of the job.
        """
        backend = {"name": self.backend.name, "options": dict(self.backend.options), "home": str(self.backend.home)}
        asked = json.dumps({**backend, "job": job.model_dump(mode="json")}).encode()
        command = [sys.executable, "-P", "-m", CONTROLLER]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdin is not None  # noqa: S101  # it was asked for as a pipe
            process.stdin.write(asked)
            process.stdin.close()
            try:
                yield process
            finally:
                process.kill()


async def gone_within(seconds: float, marker: str) -> bool:
    """Say whether no process with a marker on its command line is left after at most `seconds`."""
    return await _within(seconds, lambda: not survivors(marker))


async def there_within(seconds: float, marker: str, over: Callable[[], bool], count: int = 1) -> bool:
    """Say whether so many processes with a marker are there after at most `seconds`, or before all is `over`."""
    await _within(seconds, lambda: len(survivors(marker)) >= count or over())
    return len(survivors(marker)) >= count


async def _within(seconds: float, come_true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not come_true():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


def survivors(marker: str) -> list[int]:
    """Return the processes on this machine whose command line holds a marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if marker.encode() in line:
            found.append(int(path.parent.name))
    return found


def count_processes() -> int:
    """Return how many processes this machine has."""
    return sum(1 for _ in Path("/proc").glob("[0-9]*"))


@dataclass
class Memory:
    """How much more memory this process held at once than it did at the start, in bytes; set when the look is over."""

    grown: int = 0


@contextmanager
def memory_watched() -> Iterator[Memory]:
    """Watch the memory of this process from here on, whatever its peak was before."""
    # 5 puts the mark of the peak back to what is held now (proc(5)).
    Path("/proc/self/clear_refs").write_text("5")
    before, memory = _peak(), Memory()
    yield memory
    memory.grown = _peak() - before


def _peak() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
