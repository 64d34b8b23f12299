"""The promises of a sandbox, case by case: `check_sandbox(name, options, home)` tries them all.

A plug-in's test is `check_sandbox("my_sandbox", {}, tmp_path)`. Each case stands alone, with a sandbox of its own.
Where nothing holds, a case must still do no harm: it touches what was laid out for it and what it made itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tracewright.records.job import Isolation
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._contract import (
    evidence,
    files,
    lives,
    neighbours,
    network,
    outputs,
    parsers,
    protocol,
    queries,
    resources,
    rights,
)
from tracewright.sandboxes._contract.bait import laid_out
from tracewright.sandboxes._contract.case import (
    GOT_IT,
    NOTHING,
    PRELUDE,
    Asked,
    Attempts,
    CannotTryError,
    Case,
    Finding,
    Verdict,
    holds,
    lacks,
    program,
    told,
)
from tracewright.sandboxes._contract.trial import Backend, Trial

GROUPS: Mapping[str, tuple[Case, ...]] = {
    "protocol": protocol.CASES,
    "files": files.CASES,
    "network": network.CASES,
    "rights": rights.CASES,
    "neighbours": neighbours.CASES,
    "lives": lives.CASES,
    "resources": resources.CASES,
    "outputs": outputs.CASES,
    "evidence": evidence.CASES,
    "parsers": (*parsers.CASES, *queries.CASES),
}
CASES: tuple[Case, ...] = tuple(case for group in GROUPS.values() for case in group)


def check_sandbox(name: str, options: Mapping[str, Any], home: Path) -> None:
    """Try every case; raises AssertionError that names those that failed, MissingPartError where it cannot run here."""
    findings = asyncio.run(check(Backend(name, options, home)))
    failed = [f"{finding.name}: {finding.seen}" for finding in findings if finding.verdict == "failed"]
    if failed:
        raise AssertionError("; ".join(failed))


async def check(
    backend: Backend, cases: Sequence[Case] = CASES, tell: Callable[[int, int], None] = lambda done, of: None
) -> list[Finding]:
    """Try cases one after another and return what came of each; raises MissingPartError where it cannot run here."""
    isolation = await claimed(backend.build)
    findings = []
    for done, case in enumerate(cases):
        tell(done, len(cases))
        findings.append(await tried(case, backend, isolation))
    tell(len(cases), len(cases))
    return findings


async def claimed(build: Callable[[], Sandbox]) -> Isolation:
    """Return what a sandbox says of itself here; raises MissingPartError where it cannot run."""
    sandbox = build()
    try:
        return await sandbox.preflight()
    finally:
        await sandbox.close()


async def tried(
    case: Case, backend: Backend, isolation: Isolation, build: Callable[[], Sandbox] | None = None
) -> Finding:
    """Try one case, unless the sandbox itself says that it lacks what the case is about."""
    began = time.monotonic()
    verdict: Verdict
    try:
        if "none" in (backend.name, isolation.backend, isolation.level):
            # No hostile program is ever run outside a jail, whatever it is said to leave alone.
            verdict, seen = "not claimed", "says that it is no jail"
        elif lacks(isolation, case.promise):
            verdict, seen = "not claimed", f"says that it lacks {case.promise!r}"
        else:
            verdict, seen = "held", await _tried(case, backend, build or backend.build)
    except CannotTryError as reason:
        verdict, seen = "skipped", str(reason)
    except Exception as broken:  # noqa: BLE001  # whatever a sandbox raises, it did not hold this case
        verdict, seen = "failed", f"{type(broken).__name__}: {broken}".removeprefix("AssertionError: ")
    seconds = round(time.monotonic() - began, 3)
    found = {"number": case.number, "name": case.name, "promise": case.promise}
    return Finding.model_validate({**found, "verdict": verdict, "seen": seen[:400], "seconds": seconds})


async def _tried(case: Case, backend: Backend, build: Callable[[], Sandbox]) -> str:
    with laid_out() as bait:
        trial = Trial(backend, bait, build)
        match case.trial:
            case Attempts():
                return await _attempted(case.trial, trial)
            case Asked():
                [outcome] = await trial.run(case.trial.job)
                return holds(any(ending.fits(outcome) for ending in case.trial.endings), told(outcome))
            case drill:
                return await drill(trial)


async def _attempted(attempts: Attempts, trial: Trial) -> str:
    code = trial.bait.names() + PRELUDE + attempts.code
    [outcome] = await trial.run(program(code, files=attempts.files, limits=attempts.limits))
    holds((outcome.status, outcome.stderr) == ("ok", ""), told(outcome))
    answers = [line.partition("\t")[::2] for line in outcome.stdout.splitlines()]
    fine = attempts.refusals | {NOTHING}
    through = [f"{what}: {answer}" for what, answer in answers if answer not in fine]
    holds(bool(answers) and not through, "; ".join(through) or f"{GOT_IT} nowhere, for nothing was tried")
    touched = trial.bait.touched()
    holds(not touched, "; ".join(touched))
    words = sorted({answer for _, answer in answers if answer != NOTHING})
    return f"{len(answers)} attempts: {', '.join(words) or NOTHING}"
