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
from tracewright.jobs._query.child import Send, forked
from tracewright.jobs._query.engine import hindered
from tracewright.jobs._query.request import Ask, BadRequestError, read_request
from tracewright.jobs._query.running import bounds, fate, ran
from tracewright.jobs._query.work import judge

# The worker imports this module once, then forks one process a job: it has the engine, and opened nothing.
ISOLATION: IsolationNeed = "fork"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Do what `op` says; a refused query is an `action_error` with a code of `docs/sql-policy.md` and a sentence."""
    if hindrance := hindered():
        return Result("action_error", "RUNNER_CRASH", hindrance)
    try:
        ask = read_request(request, inputs)
    except BadRequestError as error:
        return Result("action_error", "bad_field", str(error))
    return _check(ask) if ask.op == "check" else ran(ask)


def _check(ask: Ask) -> Result:
    """Judge every text; one at which the process ended is refused, and the rest is judged by the next process."""
    verdicts: list[Any] = []
    while len(verdicts) < len(ask.sql):
        rest = ask.sql[len(verdicts) :]

        def work(send: Send, rest: tuple[str, ...] = rest) -> None:
            judge(ask, rest, send)

        told = forked(work, bounds(ask))
        verdicts += [header for header, _ in told.frames]
        if told.ending != "whole" and len(verdicts) < len(ask.sql):
            code, sentence = fate(told, ask)
            verdicts.append({"verdict": "deny", "code": code, "reason": sentence})
    return Result(result={"verdicts": verdicts})
