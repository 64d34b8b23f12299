"""Reads one SQL query as a plan: native code parses the text, so it does so in the jail and in a process of its own.

`{"sql": text, "dialect": "duckdb" | "sqlite", "catalogue": {"tables": [{"name", "columns": [{"name", "type",
"nullable"?}], "keys"?}]}}` gives `{"plan", "renamed", "notes"}`. No data is read, and the text is never run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tracewright.jobs import IsolationNeed, Result
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.importing.sql import ImportRefusal, import_sql

ISOLATION: IsolationNeed = "fork"
FIELDS = {"sql", "dialect", "catalogue"}


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Import the query; a refused text is an `action_error` with a code of `docs/sql-import.md` and a sentence."""
    sql, dialect = request.get("sql"), request.get("dialect", "duckdb")
    if unknown := sorted(request.keys() - FIELDS):
        return _bad(f"there is no field `{unknown[0][:40]}`")
    if not isinstance(sql, str) or not isinstance(dialect, str):
        return _bad("`sql` and `dialect` must be texts")
    try:
        found = import_sql(sql, Catalogue.model_validate(request.get("catalogue")), dialect)
    except ValidationError as error:
        return _bad(f"`catalogue` is none: {error.error_count()} faults, the first: {error.errors()[0]['msg']}")
    except ImportRefusal as refused:
        return Result("action_error", refused.code, refused.sentence)
    return Result(result={"plan": found.plan.plain(), "renamed": found.renamed, "notes": found.notes})


def _bad(what: str) -> Result:
    return Result("action_error", "bad_field", f"{what}.")
