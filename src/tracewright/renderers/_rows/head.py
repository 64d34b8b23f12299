"""The fields with which every row begins: format, trace, task, who acted, how it ended, licence and notice."""

from __future__ import annotations

from collections.abc import Mapping

from tracewright.records.base import JsonObject
from tracewright.records.task import Origin
from tracewright.records.trace import Trace
from tracewright.records.turn_text import escape
from tracewright.renderers import Column

HEAD: Mapping[str, Column] = {
    "format": "text",
    "trace": "text",
    "task_id": "text",
    "policy": "text",
    "privileged": "boolean",
    "passed": "boolean",
    "reward": "number",
    "licence": "text",
    "notice": "text",
}


def head(trace: Trace, form: str) -> JsonObject:
    """Return the fields of `HEAD`; `reward` is the episode's and null where nobody graded it."""
    return {
        "format": form,
        "trace": escape(trace.id),
        "task_id": escape(trace.task.id),
        "policy": escape(trace.policy.name),
        "privileged": trace.policy.privileged,
        "passed": trace.passed,
        "reward": trace.grade.reward if trace.grade else None,
        "licence": escape(trace.task.origin.licence),
        "notice": escape(notice(trace.task.origin)),
    }


def notice(origin: Origin) -> str:
    """Return the notice that travels with what was made from a record: where it is from, whose, on what terms."""
    where = [origin.address, f"revision {origin.revision}" if origin.revision else "", origin.path or origin.record]
    parts = [", ".join(part for part in (f"From {origin.source}", *where) if part)]
    if origin.authors:
        parts.append("by " + ", ".join(origin.authors))
    evidence = f" (evidence: {origin.licence_evidence})" if origin.licence_evidence else ""
    parts.append(f"licence {origin.licence}{evidence}")
    if origin.generator:
        terms = f", {origin.generator.terms}" if origin.generator.terms else ""
        parts.append(f"written by {origin.generator.model} ({origin.generator.licence}{terms})")
    return "; ".join(parts)
