"""Runs one checked query in a process of its own, and says how it ended; what may run is the policy's word alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.jobs import Result
from tracewright.jobs._query.child import Bounds, Told, forked
from tracewright.jobs._query.request import Ask
from tracewright.jobs._query.work import answer

ENVELOPE_BYTES = 8 << 20
"""What an answer may need beside the rows: names, preview, the frame of its format."""


def ran(ask: Ask) -> Result:
    """Return facts and rows of one query; a refused one is an `action_error` with a code and a sentence."""
    told = forked(lambda send: answer(ask, send), bounds(ask))
    facts = {key: value for header, _ in told.frames for key, value in header.items()}
    if refused := facts.pop("refused", None):
        return _refused(refused, facts)
    if told.ending != "whole":
        return _broken(told, ask, facts)
    notice = facts.pop("notice", "")
    artifacts = {f"result.{ask.form}": body for _, body in told.frames if body}
    return Result(code="RUNNER_ROWS" if notice else "", message=notice, result=facts, artifacts=artifacts)


def bounds(ask: Ask) -> Bounds:
    """Return what the process of a request may use."""
    return Bounds(ask.limits.seconds, ask.limits.memory_bytes, ask.limits.bytes + ENVELOPE_BYTES)


def _refused(refused: Mapping[str, str], facts: Mapping[str, Any]) -> Result:
    status: Any = {"RUNNER_MEMORY": "oom", "RUNNER_TIMEOUT": "timeout"}.get(refused["code"], "action_error")
    return Result(status, refused["code"], refused["reason"], result=facts)


def _broken(told: Told, ask: Ask, facts: Mapping[str, Any]) -> Result:
    code, sentence = fate(told, ask)
    return _refused({"code": code, "reason": sentence}, facts)


def fate(told: Told, ask: Ask) -> tuple[str, str]:
    """Return the code and the sentence for a process that did not end whole."""
    match told.ending:
        case "timeout":
            return "RUNNER_TIMEOUT", f"The query ran longer than {ask.limits.seconds:g} s and was ended."
        case "memory":
            return "RUNNER_MEMORY", f"The query wanted more than {ask.limits.memory_bytes >> 20} MiB of memory."
        case "too_large":
            return "RUNNER_CRASH", "The query's process sent more than it may."
    how = f"by signal {told.signal}" if told.signal else "without an answer"
    return "RUNNER_CRASH", f"The query's process ended {how}; the engine could not bear it."
