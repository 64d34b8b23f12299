"""The code that runs inside the jail, one file a kind; it trusts nothing that it is given and nobody trusts it.

A kind is a module with `ISOLATION` and `run(request, files, inputs) -> Result`. `ls jobs/` is the list of kinds;
third parties add theirs by the entry point group `tracewright.jobs`. Only the standard library is imported here,
so that a jail starts quickly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

IsolationNeed = Literal["worker", "fork", "oneshot"]
"""`worker`: data only, may share a warm jail; `fork`: a process of its own; `oneshot`: a fresh jail for one job."""

ResultStatus = Literal["ok", "no_match", "action_error", "nonzero", "timeout", "oom", "output_limit", "no_evidence"]


@dataclass(frozen=True)
class Result:
    """What a job found out.

    `files` holds the files that it changed (None: deleted), `result` facts as JSON, `artifacts` raw bytes by name.
    """

    status: ResultStatus = "ok"
    code: str = ""
    message: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    files: Mapping[str, str | None] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """What a kind tells the Python program that it names in `COMMAND`, by marshal, and what that finds on its stdin.

    How the program ended and what it printed is the result; nothing that it says is taken for one.
    """

    told: Mapping[str, Any]
    stdin: str = ""


class JobKind(Protocol):
    """The shape of a module in `jobs/`; `ISOLATION` says which jail it needs.

    A kind whose `run` returns a `Program` has a `COMMAND`: a command line, to which the number of a descriptor is added
    where the program reads what it is told. It may be started before there is a job.
    A `oneshot` kind that runs no code of others may say `RESERVES = True`, where its libraries reserve far more address
    space than they use: a bound on each process then counts only the private memory that may be written to.
    """

    ISOLATION: IsolationNeed

    @staticmethod
    def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result | Program:
        """Do the work on `files` (path to text) and return facts; `inputs` are read-only mounts by name."""
        ...
