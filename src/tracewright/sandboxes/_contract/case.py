"""What a case of the suite is: a promise, what is done to break it, and what must be seen where it holds."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tracewright.records.base import Record
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.sandboxes._contract.trial import Trial

GOT_IT = "GOT IT"
NOTHING = "nothing"
REFUSALS = frozenset(
    {
        *("EACCES", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EBADF", "ECONNREFUSED", "EISDIR", "ENETUNREACH", "ENOENT"),
        *("ENOSYS", "ENOTDIR", "ENOTTY", "ENXIO", "EPERM", "EROFS", "ESRCH", "EXDEV", "gaierror"),
    }
)
"""What the kernel answers where something is refused or is not there; anything else counts as got through."""

Verdict = Literal["held", "not claimed", "failed", "skipped"]


@dataclass(frozen=True)
class Attempts:
    """A program that tries things and tells of each what it was answered, as `PRELUDE` does.

    It holds when every answer is a refusal or `nothing`, and nothing that was laid out on the host was touched.
    """

    code: str
    refusals: frozenset[str] = REFUSALS
    files: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None


@dataclass(frozen=True)
class Ending:
    """One way in which a job may end; what is None may be anything. Texts but for the status are patterns."""

    status: str
    code: str | None = None
    told: str | None = None
    """The message."""
    exit_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None
    files: Mapping[str, str | None] | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    """Some of the outcome's result."""

    def fits(self, outcome: Outcome) -> bool:
        """Say whether an outcome is this ending."""
        exact = {"status": self.status, "exit_code": self.exit_code, "files": self.files}
        patterns = {
            "code": self.code and rf"\A({self.code})\Z",
            "stdout": self.stdout,
            "stderr": self.stderr,
            "message": self.told,
        }
        return (
            all(wanted is None or getattr(outcome, name) == wanted for name, wanted in exact.items())
            and all(
                wanted is None or re.search(wanted, getattr(outcome, name), re.DOTALL)
                for name, wanted in patterns.items()
            )
            and all(outcome.result.get(name) == wanted for name, wanted in self.facts.items())
        )


@dataclass(frozen=True)
class Asked:
    """A job, and the ways in which it may end."""

    job: Job
    endings: tuple[Ending, ...]


Drill = Callable[[Trial], Awaitable[str]]
"""Plays a case that needs more than one job or a look at the host; returns what was seen.

Raises AssertionError with what was seen where the promise is broken, CannotTryError where it cannot be told here.
"""


class CannotTryError(Exception):
    """This case cannot be tried on this machine; says why."""


@dataclass(frozen=True)
class Case:
    """One promise put to the test. `number` is that of the field's table of abuses, 0 for a case of our own."""

    number: int
    name: str
    promise: str
    """The name under which a sandbox may say that it lacks this; empty where every sandbox must hold it."""
    trial: Attempts | Asked | Drill

    @property
    def title(self) -> str:
        """Return the number, where there is one, and the name."""
        return f"{self.number}: {self.name}" if self.number else self.name


class Finding(Record):
    """What came of one case."""

    number: int
    name: str
    promise: str
    verdict: Verdict
    seen: str
    seconds: float


def lacks(isolation: Isolation, promise: str) -> bool:
    """Say whether a sandbox itself says that it does not hold a promise."""
    match promise:
        case "memory_of_tree":
            return isolation.memory != "tree"
        case "bounded_processes":
            return isolation.processes == "none"
        case _:
            return promise in isolation.lacks


def program(code: str, *, files: Mapping[str, str] | None = None, limits: Limits | None = None) -> Job:
    """Return the job that runs a Python program in a jail of its own."""
    limits = limits or Limits(wall_seconds=20)
    return Job(kind="python", isolation="oneshot", files=files or {}, request={"code": code}, limits=limits)


def holds(kept: bool, seen: str) -> str:
    """Return what was seen; raises AssertionError with it where the promise was not kept."""
    if not kept:
        raise AssertionError(seen)
    return seen


def told(outcome: Outcome) -> str:
    """Return an outcome in a line."""
    parts = [outcome.status, outcome.code, outcome.message, outcome.stdout[-200:], outcome.stderr[-200:]]
    if outcome.exit_code is not None:
        parts.insert(2, f"exit code {outcome.exit_code}")
    return " | ".join(" ".join(part.split()) for part in parts if part)


PRELUDE = """
import ctypes, errno, os, pathlib, socket, stat, struct, sys, tempfile, time
libc = ctypes.CDLL(None, use_errno=True)
def tell(what, answer): print(f'{what}\\t{answer}', flush=True)
def attempt(what, work):
    try: work()
    except OSError as error: tell(what, errno.errorcode.get(error.errno) or type(error).__name__)
    else: tell(what, 'GOT IT')
def call(what, name, *arguments):
    ctypes.set_errno(0)
    number = libc.syscall(name, *arguments) if isinstance(name, int) else getattr(libc, name)(*arguments)
    tell(what, errno.errorcode.get(ctypes.get_errno(), 'GOT IT') if number == -1 else 'GOT IT')
def found(what, things): tell(what, f'GOT IT: {things!r}'[:200] if things else 'nothing')
def read(path):
    with open(path, 'rb') as file: return file.read(4096)
def listed(folder):
    try: return os.listdir(folder)
    except OSError: return []
X86 = os.uname().machine == 'x86_64'
"""
"""What stands before the code of `Attempts`, after the names of what the host laid out."""
