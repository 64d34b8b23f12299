"""The loop of a jailed worker: one frame of jobs in, one reply a job out, until the host hangs up.

It believes the host, which names the modules to import; the host believes nothing that comes back.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracewright.jobs import JobKind, Program, Result
from tracewright.jobs._worker import first, harden, workspace
from tracewright.jobs._worker.frames import read_frame, write_frame
from tracewright.jobs._worker.results import pack
from tracewright.jobs._worker.standby import Standby
from tracewright.jobs._worker.supervise import Bounds, supervise
from tracewright.jobs._worker.tree import Counter

ORDER = ("worker", "fork", "oneshot")
"""From the weakest wall between two jobs to the strongest."""


class Worker:
    """Serves the jobs of one jail; what the last job left in its folders is gone before the next."""

    def __init__(self, requests: int, replies: int, opening: Mapping[str, Any]) -> None:
        self._requests = requests
        self._replies = replies
        self._folders = [Path(folder) for folder in opening["folders"]]
        self._workspace = self._folders[0]
        self._sweep = bool(opening["sweep"])
        self._reply_bytes = int(opening["reply_bytes"])
        self._counter = Counter.found()
        self._inputs: Mapping[str, str] = opening.get("inputs", {})
        self._memory_bytes: int | None = opening["limits"].get("AS")
        self._standby: Standby | None = None
        for folder in self._folders:
            folder.mkdir(exist_ok=True)
        for place, target in opening.get("links", {}).items():
            Path(place).parent.mkdir(exist_ok=True)
            Path(place).symlink_to(target)

    def serve(self) -> None:
        """Answer until the host hangs up."""
        while frame := read_frame(self._requests):
            if "prepare" in frame[0]:
                self._prepare(frame[0]["prepare"])
            for job in frame[0]["jobs"]:
                self._answer(job)

    def _prepare(self, module: str) -> None:
        """Do ahead what can be done for a kind before there is a job of it."""
        os.chdir(self._workspace)
        command = getattr(importlib.import_module(module), "COMMAND", None)
        if command and self._standby is None:
            self._bound_memory(reserving=False)
            # Where no process may be started now, one may be when there is a job.
            with suppress(BlockingIOError):
                self._standby = Standby.start(command)

    def _answer(self, job: Mapping[str, Any]) -> None:
        before = _cpu_seconds()
        os.chdir(self._workspace)
        broken = ""
        try:
            result = self._result(job)
        except BlockingIOError as error:
            # Whoever has all the processes that this user may have, it is not the job, which never began.
            result, broken = Result("no_evidence"), f"no process could be started: {error}"
        header, body = pack(result)
        header |= {
            "broken": broken,
            "id": job["id"],
            "nonce": job["nonce"],
            "diff": workspace.unified_diff(job["files"], result.files),
            "cpu_seconds": round(_cpu_seconds() - before, 6),
            "resident_bytes": _resident_bytes(),
            **self._counter.told(),
        }
        try:
            write_frame(self._replies, header, body, self._reply_bytes)
        except (TypeError, ValueError) as error:
            write_frame(self._replies, header | _unsendable(error))
        workspace.wipe(*self._folders)

    def _result(self, job: Mapping[str, Any]) -> Result:
        kind: JobKind = importlib.import_module(job["module"])  # type: ignore[assignment]  # a module is its shape
        if ORDER.index(job["isolation"]) < ORDER.index(kind.ISOLATION):
            message = f"{job['module']} needs the isolation {kind.ISOLATION!r}, the job asked for {job['isolation']!r}"
            return Result("action_error", "isolation_too_weak", message)
        alone = job["isolation"] == "oneshot" and not hasattr(kind, "COMMAND")
        self._bound_memory(reserving=alone and getattr(kind, "RESERVES", False))
        inputs = {name: Path(self._inputs.get(name, path)) for name, path in job["inputs"].items()}
        if job["isolation"] == "worker":
            return _only_result(_guarded(kind, job, inputs))
        return self._supervised(kind, job, inputs)

    def _bound_memory(self, *, reserving: bool) -> None:
        """Put on the bound of each process, for good, before anything of a job is looked at; the first kind says which.

        Address space is what code of others cannot get around. Of what may be written to, the kernel counts no memory
        that is shared, nor stacks: enough for a library that only reserves much, and has the jail to itself.
        """
        harden.limit({"DATA" if reserving else "AS": self._memory_bytes})
        self._memory_bytes = None

    def _supervised(self, kind: JobKind, job: Mapping[str, Any], inputs: Mapping[str, Path]) -> Result:
        files: dict[str, str] = job["files"]
        try:
            workspace.fill(self._workspace, files)
        except (OSError, UnicodeEncodeError) as error:
            return Result("action_error", "bad_workspace", f"the files do not fit into a folder: {error}"[:2000])
        result = self._run(kind, job, inputs)
        changes = workspace.collect(self._workspace, files, job["file_bytes"])
        if changes.code:
            return replace(result, status="action_error", code=changes.code, message=changes.message)
        return replace(result, files={**changes.files, **result.files})

    def _run(self, kind: JobKind, job: Mapping[str, Any], inputs: Mapping[str, Path]) -> Result:
        bounds = Bounds(job["output_bytes"], job["wall_seconds"])
        command: Sequence[str] = getattr(kind, "COMMAND", ())
        standby, self._standby = self._standby, None
        if standby and standby.command != command:
            standby.end()
            standby = None
        if not command:
            private = (self._requests, self._replies)
            return supervise(lambda: _only_result(_guarded(kind, job, inputs)), bounds, private, self._sweep)
        found = _guarded(kind, job, inputs)
        if isinstance(found, Result):
            return found
        return (standby or Standby.start(command)).run(found, bounds, self._sweep)


def _only_result(found: Result | Program) -> Result:
    if isinstance(found, Result):
        return found
    return Result("action_error", "job_raised", "a kind that returns a program must name its COMMAND, and be oneshot")


def _guarded(kind: JobKind, job: Mapping[str, Any], inputs: Mapping[str, Path]) -> Result | Program:
    try:
        return kind.run(job["request"], job["files"], inputs)
    except BlockingIOError:
        raise
    except MemoryError:
        return Result("oom", "memory_bytes", "the job asked for more memory than it was given")
    except Exception as error:  # noqa: BLE001  # whatever a kind raises is the fault of what it was given
        return Result("action_error", "job_raised", f"{type(error).__name__}: {error}"[:2000])


def _unsendable(error: Exception) -> dict[str, Any]:
    message = f"the job's result is not plain JSON or too large: {error}"[:2000]
    nothing = {"stdout": "", "stderr": "", "files": {}, "diff": "", "result": {}, "artifacts": []}
    return {"status": "action_error", "code": "bad_result", "message": message, **nothing}


def _cpu_seconds() -> float:
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def _resident_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _has(names: Sequence[str]) -> dict[str, str | None]:
    """Return the version of each installed library that the host asks for; None where there is none."""
    if not names:
        return {}
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and only a proof asks

    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def main() -> None:
    """Take over stdin and stdout as the pipe to the host, then serve."""
    if os.getpid() == 1:
        first.lead()
    requests, replies = harden.own_descriptors()
    harden.hide()
    opening = read_frame(requests)
    if opening is None:
        return
    workspace.receive(opening[0].get("sent", {}), opening[1])
    _shut_in(opening[0], (requests, replies))
    write_frame(replies, {"ready": True, "python": sys.version.split()[0], "has": _has(opening[0].get("tell", []))})
    Worker(requests, replies, opening[0]).serve()


def _shut_in(opening: Mapping[str, Any], private: Sequence[int]) -> None:
    """Put up the walls that the launcher left to us, in an order in which none hinders the next."""
    if "guard" in opening:
        from tracewright.jobs._worker import guard

        guard.stand(opening["guard"], private)
    # The bound on memory waits until a kind is known (see Worker); nobody else is heard before.
    harden.limit({**opening["limits"], "AS": None})
    if "landlock" in opening:
        from tracewright.jobs._worker import landlock

        harden.give_up_privileges()
        landlock.restrict(opening["landlock"])
    if "filter" in opening:
        harden.narrow(bytes.fromhex(opening["filter"]))
