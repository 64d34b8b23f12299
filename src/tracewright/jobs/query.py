"""Answers one query over one file of tables: checked by the policy, run in a process of its own, returned with types.

`{"op": "run", "sql": …, "tables": [names], "parameters": […] | {…}, "format": "arrow" | "parquet", "strict": true,
"preview": 20, "limits": {"seconds", "memory_bytes", "rows", "bytes", "columns"}}` gives the artifact `result.arrow` or
`result.parquet`; `{"op": "check", "sql": [texts], "tables": [names]}` gives verdicts and runs nothing. The one input is
`<name>.duckdb`; `tables` are those registered, and where none are named, all that the file holds.
The policy and the locks hold what a query reaches; a fault of the engine itself is held by the jail alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._query.child import Bounds, Send, Told, forked
from tracewright.jobs._query.engine import hindered
from tracewright.jobs._query.request import Ask, BadRequestError, read_request
from tracewright.jobs._query.work import answer, judge

# The worker imports this module once, then forks one process a job: it has the engine, and opened nothing.
ISOLATION: IsolationNeed = "fork"
ENVELOPE_BYTES = 8 << 20
"""What an answer may need beside the rows: names, preview, the frame of its format."""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Do what `op` says; a refused query is an `action_error` with a code of `docs/sql-policy.md` and a sentence."""
    if hindrance := hindered():
        return Result("action_error", "RUNNER_CRASH", hindrance)
    try:
        ask = read_request(request, inputs)
    except BadRequestError as error:
        return Result("action_error", "bad_field", str(error))
    return _check(ask) if ask.op == "check" else _run(ask)


def _run(ask: Ask) -> Result:
    told = forked(lambda send: answer(ask, send), _bounds(ask))
    facts = {key: value for header, _ in told.frames for key, value in header.items()}
    if refused := facts.pop("refused", None):
        return _refused(refused, facts)
    if told.ending != "whole":
        return _broken(told, ask, facts)
    notice = facts.pop("notice", "")
    artifacts = {f"result.{ask.form}": body for _, body in told.frames if body}
    return Result(code="RUNNER_ROWS" if notice else "", message=notice, result=facts, artifacts=artifacts)


def _check(ask: Ask) -> Result:
    """Judge every text; one at which the process ended is refused, and the rest is judged by the next process."""
    verdicts: list[Any] = []
    while len(verdicts) < len(ask.sql):
        rest = ask.sql[len(verdicts) :]

        def work(send: Send, rest: tuple[str, ...] = rest) -> None:
            judge(ask, rest, send)

        told = forked(work, _bounds(ask))
        verdicts += [header for header, _ in told.frames]
        if told.ending != "whole" and len(verdicts) < len(ask.sql):
            code, sentence = _fate(told, ask)
            verdicts.append({"verdict": "deny", "code": code, "reason": sentence})
    return Result(result={"verdicts": verdicts})


def _bounds(ask: Ask) -> Bounds:
    return Bounds(ask.limits.seconds, ask.limits.memory_bytes, ask.limits.bytes + ENVELOPE_BYTES)


def _refused(refused: Mapping[str, str], facts: Mapping[str, Any]) -> Result:
    status: Any = {"RUNNER_MEMORY": "oom", "RUNNER_TIMEOUT": "timeout"}.get(refused["code"], "action_error")
    return Result(status, refused["code"], refused["reason"], result=facts)


def _broken(told: Told, ask: Ask, facts: Mapping[str, Any]) -> Result:
    code, sentence = _fate(told, ask)
    return _refused({"code": code, "reason": sentence}, facts)


def _fate(told: Told, ask: Ask) -> tuple[str, str]:
    match told.ending:
        case "timeout":
            return "RUNNER_TIMEOUT", f"The query ran longer than {ask.limits.seconds:g} s and was ended."
        case "memory":
            return "RUNNER_MEMORY", f"The query wanted more than {ask.limits.memory_bytes >> 20} MiB of memory."
        case "too_large":
            return "RUNNER_CRASH", "The query's process sent more than it may."
    how = f"by signal {told.signal}" if told.signal else "without an answer"
    return "RUNNER_CRASH", f"The query's process ended {how}; the engine could not bear it."
