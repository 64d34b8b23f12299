"""Runs one query plan over one file of tables; what comes out has the form of the job `query`.

`{"plan": {…}, "catalogue": {"tables": […]}, "preview": 20, "limits": {…}}` with the one input `<name>.duckdb`. The plan
is compiled in here, by a process that may be ended: what it says comes from whoever acts. Its SQL passes the policy.
In place of the plan, `{"import": {"sql": …, "dialect": "duckdb" | "sqlite"}}` is read first; the fact `plan` tells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._query.engine import hindered
from tracewright.jobs._query.planned import ran_plan, read_catalogue
from tracewright.jobs._query.request import BadRequestError, read_request
from tracewright.plans.importing.sql import ImportRefusal, import_sql

ISOLATION: IsolationNeed = "fork"
OWN = {"plan", "import", "catalogue"}


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Compile, judge and run; what is wrong with a plan is an `action_error` with the code of its first fault."""
    if hindrance := hindered():
        return Result("action_error", "RUNNER_CRASH", hindrance)
    try:
        catalogue = read_catalogue(request.get("catalogue"))
        rest = {name: value for name, value in request.items() if name not in OWN}
        tables = [table.name for table in catalogue.tables]
        ask = read_request({**rest, "op": "run", "sql": "", "tables": tables}, inputs)
    except BadRequestError as error:
        return Result("action_error", "bad_field", str(error))
    if "import" not in request:
        return ran_plan(request.get("plan"), catalogue, ask)
    try:
        plan = import_sql(str(request["import"]["sql"]), catalogue, str(request["import"]["dialect"])).plan.plain()
    except ImportRefusal as refusal:
        return Result("action_error", refusal.code, refusal.sentence)
    done = ran_plan(plan, catalogue, ask)
    return replace(done, result={**done.result, "plan": plan})
