"""One question to a jail and what came of it: an outcome where the job decided its fate, an error where we did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tracewright.records.job import Artifact, Isolation, Job, Observed, Outcome
from tracewright.sandboxes._jail.frames import JailDiedError, Reply
from tracewright.sandboxes._jail.layout import INPUTS
from tracewright.sandboxes._jail.process import Jail

SUPERVISOR_GRACE = 0.5
"""Seconds beyond the limit in which the worker's own timer may still bring out what the job printed."""

Keep = Callable[[bytes], Artifact]
Start = Callable[[], Awaitable[Jail]]
Tell = Callable[[Outcome], None]


@dataclass(frozen=True)
class Question:
    """A job with the module that runs it, the isolation that its jail gives, and where its artifacts are kept."""

    job: Job
    module: str
    isolation: Isolation
    keep: Keep

    def payload(self) -> dict[str, Any]:
        """Return what the worker is told."""
        job = self.job
        return {
            "module": self.module,
            "isolation": job.isolation,
            "files": dict(job.files),
            "inputs": {name: f"{INPUTS}/{name}" for name in job.inputs},
            "request": job.request,
            "output_bytes": job.limits.output_bytes,
            "file_bytes": job.limits.file_bytes,
            "wall_seconds": job.limits.wall_seconds,
        }

    @property
    def patience(self) -> float:
        """Return the seconds after which the host kills the jail."""
        grace = 0.0 if self.job.isolation == "worker" else SUPERVISOR_GRACE
        return self.job.limits.wall_seconds + grace


async def hear(jail: Jail, question: Question, mark: tuple[int, str]) -> Outcome:
    """Wait for one answer. After a timeout, or when memory ran out, the jail is no longer usable."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(question.patience):
            reply, body = await jail.answer(mark)
    except TimeoutError:
        message = f"ran longer than {question.job.limits.wall_seconds:g} s"
        return _ended(jail, question, "timeout", "wall_seconds", message, began)
    except JailDiedError:
        if not await jail.memory_kills():
            raise
        return _ended(jail, question, "oom", "memory_bytes", _oom_message(question), began)
    observed = Observed(
        wall_seconds=round(time.monotonic() - began, 6),
        cpu_seconds=reply.cpu_seconds,
        peak_memory_bytes=_peak(jail, question),
        isolation=question.isolation,
        worker_reused=mark[0] > 0,
    )
    if reply.status != "ok" and await jail.memory_kills():
        update = {"status": "oom", "code": "memory_bytes", "message": _oom_message(question)}
        reply = reply.model_copy(update=update)
    return _outcome(reply, body, question, observed)


async def alone(start: Start, question: Question, deaths: int = 0, tell: Tell = lambda _: None) -> Outcome:
    """Run one question in a fresh jail; a job in which two fresh jails died is itself at fault, and `killed`.

    Returns when the jail is gone. `tell` hears the outcome of a jail that held before that, while its end begins.
    """
    while deaths < 2:
        jail = await start()
        try:
            outcome = await _asked(jail, question)
            if jail.usable:
                tell(outcome)
            return outcome
        except JailDiedError:
            deaths += 1
        finally:
            await jail.end()
    message = "the job ended two fresh jails; nothing that it did is known"
    observed = Observed(isolation=question.isolation)
    return Outcome(status="killed", code="jail_killed", message=message, observed=observed)


async def _asked(jail: Jail, question: Question) -> Outcome:
    began = time.monotonic()
    try:
        (mark,) = await jail.ask([question.payload()])
    except JailDiedError:
        # Whoever took the jail away may know why, and that it was not the job.
        if not await jail.memory_kills():
            raise
        return _ended(jail, question, "oom", "memory_bytes", _oom_message(question), began)
    return await hear(jail, question, mark)


def _outcome(reply: Reply, body: bytes, question: Question, observed: Observed) -> Outcome:
    artifacts: dict[str, Artifact] = {}
    offset = 0
    for name, size in reply.artifacts:
        artifacts[name] = question.keep(body[offset : offset + size])
        offset += size
    # Each field was checked when it came in; to look through all facts a second time would cost more than the pipe.
    return Outcome.model_construct(
        status=reply.status,
        code=reply.code,
        message=reply.message,
        exit_code=reply.exit_code,
        stdout=reply.stdout,
        stderr=reply.stderr,
        files=reply.files,
        diff=reply.diff,
        result=reply.result,
        artifacts=artifacts,
        observed=observed,
    )


def _ended(jail: Jail, question: Question, status: Any, code: str, message: str, began: float) -> Outcome:
    observed = Observed(
        wall_seconds=round(time.monotonic() - began, 6),
        peak_memory_bytes=_peak(jail, question),
        isolation=question.isolation,
    )
    return Outcome(status=status, code=code, message=message, observed=observed)


def _peak(jail: Jail, question: Question) -> int | None:
    """In a shared jail the peak is that of all jobs so far, which says nothing about this one."""
    return jail.peak() if question.job.isolation == "oneshot" else None


def _oom_message(question: Question) -> str:
    return f"used more than {question.job.limits.memory_bytes >> 20} MiB of memory"
