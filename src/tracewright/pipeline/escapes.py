"""Tries every case of the sandbox suite on this machine, with the sandbox that a recipe would open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tracewright import registry
from tracewright.errors import UsageError
from tracewright.pipeline.build import sandbox_options
from tracewright.records.base import Record
from tracewright.records.job import Isolation
from tracewright.records.recipe import SandboxPart
from tracewright.sandboxes._contract.case import Case, Finding
from tracewright.sandboxes._contract.suite import CASES, GROUPS, check, claimed
from tracewright.sandboxes._contract.trial import Backend


class EscapeReport(Record):
    """What came of every case, what the sandbox says of itself, and how many cases ended how."""

    sandbox: str
    isolation: Isolation
    held: int
    not_claimed: int
    failed: int
    skipped: int
    cases: tuple[Finding, ...]


async def try_escapes(
    part: SandboxPart, home: Path, cases: Sequence[Case], tell: Callable[[int, int], None]
) -> EscapeReport:
    """Try cases; raises MissingPartError with the failing probe and its fix where the sandbox cannot run here."""
    registry.load("sandboxes", part.name)  # a name that nobody knows is told first
    backend = Backend(part.name, sandbox_options(part, part.name), home.resolve())
    isolation = await claimed(backend.build)
    findings = await check(backend, cases, tell)
    verdicts = [found.verdict for found in findings]
    return EscapeReport(
        sandbox=part.name,
        isolation=isolation,
        held=verdicts.count("held"),
        not_claimed=verdicts.count("not claimed"),
        failed=verdicts.count("failed"),
        skipped=verdicts.count("skipped"),
        cases=tuple(findings),
    )


def cases_of(groups: Sequence[str]) -> Sequence[Case]:
    """Return the cases of some groups, of all where none is named; raises UsageError for a group that is none."""
    if stray := sorted(set(groups) - set(GROUPS)):
        raise UsageError(f"there is no group of cases {stray[0]!r}; the groups are: {', '.join(GROUPS)}")
    return [case for group in groups for case in GROUPS[group]] or CASES
