"""What a query can ask of a trace, and whether a trace answers it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tracewright.errors import StoreError
from tracewright.records.trace import Trace
from tracewright.stores import Query


@dataclass(frozen=True, slots=True)
class Entry:
    """The properties of one trace that a query filters on, by the query's own names."""

    environment: str
    policy: str
    task: str
    split: str
    status: str
    passed: bool
    privileged: bool
    rollout: str
    group: str
    licence: str
    language: str
    kind: str
    tier: str


TEXTS = ("environment", "policy", "task", "split", "status", "rollout", "group", "language", "kind", "tier")
FLAGS = ("passed", "privileged")


def entry_of(trace: Trace) -> Entry:
    """Return what a query sees of a trace; a tag that is missing reads as an empty text."""
    task, policy = trace.task, trace.policy
    language, kind, tier = (sys.intern(task.tags.get(tag, "")) for tag in ("language", "kind", "tier"))
    return Entry(
        environment=sys.intern(trace.environment),
        policy=sys.intern(policy.name),
        task=task.id,
        split=task.split,
        status=trace.status,
        passed=trace.passed,
        privileged=policy.privileged,
        rollout=sys.intern(trace.provenance.rollout),
        group=trace.group,
        licence=sys.intern(task.origin.licence),
        language=language,
        kind=kind,
        tier=tier,
    )


def matches(entry: Entry, query: Query) -> bool:
    """Say whether a trace is one of those that a query wants, whatever its limit and cursor."""
    texts = all(getattr(query, name) in ("", getattr(entry, name)) for name in TEXTS)
    flags = all(getattr(query, name) in (None, getattr(entry, name)) for name in FLAGS)
    return texts and flags and (not query.licences or entry.licence in query.licences)


def check_id(trace: Trace) -> None:
    """Refuse a trace whose id is not the content id of what it claims."""
    if (expected := trace.content_id()) != trace.id:
        raise StoreError(
            f"trace {trace.id[:12]!r} was changed: its content asks for the id {expected[:12]}; nothing was stored"
        )
