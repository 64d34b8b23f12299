"""`plan explain`, `run` and `import`: questions of tables as plans, shown step by step, answered, read from SQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.answers import Form, Loose, Out, Rows, Seconds, json_value, tell
from tracewright.cli.files import read_text
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, say, table

if TYPE_CHECKING:
    from tracewright.plans.compiling import Compiled
    from tracewright.plans.explaining import Explained

plan = typer.Typer(help="Ask tables by plans: JSON that is never SQL.", no_args_is_help=True)

PlanFile = Annotated[Path, typer.Argument(metavar="FILE", help="A plan, as JSON.")]
Data = Annotated[
    str, typer.Option("--data", help="A set, as `data list` names it, or a file; else the plan's `dataset`.")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(plan, name="plan")


@plan.command("explain")
def explain(
    file: PlanFile,
    data: Data = "",
    dialect: Annotated[
        Literal["duckdb", "postgres"], typer.Option(help="Show the SQL of this engine; only DuckDB's is ever run.")
    ] = "duckdb",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show what a plan means: its core steps, the columns after each, and the SQL; runs nothing."""
    from tracewright.pipeline.plans import explained
    from tracewright.plans.document import read_plan
    from tracewright.plans.writing import to_dialect

    with _told_apart(as_json):
        found = read_plan(read_text(file))
        compiled, steps = asyncio.run(explained(home, found, data))
    sql = compiled.sql if dialect == "duckdb" else to_dialect(compiled.sql, dialect)
    if as_json:
        emit(_explanation(compiled, steps, sql))
        return
    rows = [(step.step, step.kind, _core(step), _columns(step.columns)) for step in steps]
    table(("step", "kind", "core steps", "columns after it"), rows)
    say(sql)
    for param in compiled.params:
        note(f"binds ${param.name}, {param.type}" + ("" if param.value is None else f", {param.value}"))
    for check in compiled.checks:
        note(f"{check.code} is checked at the run: {check.path}")
    for lint in compiled.lints:
        note(str(lint))


@plan.command("run")
def run(
    file: PlanFile,
    data: Data = "",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="NAME=VALUE, the value as JSON; may be repeated.")
    ] = None,
    rows: Rows = 10_000,
    seconds: Seconds = 10.0,
    loose: Loose = False,
    kind: Form = "parquet",
    out: Out = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run one plan in the jail, show what came out and keep it as a capsule; exits 1 where it was refused or ended."""
    from tracewright.pipeline.capsules.making import LIMITS
    from tracewright.pipeline.capsules.planning import AskedPlan
    from tracewright.pipeline.plans import answered
    from tracewright.plans.document import read_plan

    limits = LIMITS.model_copy(update={"rows": rows, "seconds": seconds})
    with _told_apart(as_json):
        found, given = read_plan(read_text(file)), dict(map(_pair, parameter or ()))
        asked = AskedPlan(found, data, given, strict=not loose, limits=limits, form=kind)
        planned = asyncio.run(answered(home, asked))
    tell(planned.draft, home, out, as_json)
    for lint in planned.compiled.lints:
        note(str(lint))
    if planned.draft.outcome.status != "ok":
        raise typer.Exit(1)


@plan.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One query in SQL.")],
    data: Annotated[str, typer.Option("--data", help="A set, as `data list` names it, or a file: PATH.duckdb, ….")],
    dialect: Annotated[
        Literal["duckdb", "sqlite"],
        typer.Option(help="Whose SQL it is, where the two differ."),
    ] = "duckdb",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Read one query as a plan that means the same, in the jail; exits 1 where no plan can say it. Runs nothing."""
    from tracewright.pipeline.importing import imported

    outcome = asyncio.run(imported(home, data, read_text(file), dialect))
    found: Any = outcome.result
    if outcome.status != "ok":
        found = {"code": outcome.code or outcome.status, "reason": outcome.message}
        note(f"{found['code']}: {found['reason']}")
    if as_json:
        emit(found)
    elif outcome.status == "ok":
        _show(found)
    if outcome.status != "ok":
        raise typer.Exit(1)


@contextmanager
def _told_apart(as_json: bool) -> Iterator[None]:
    """Tell what is wrong with a plan one fault a line, or as one JSON value; exits 2."""
    from tracewright.plans.faults import PlanError

    try:
        yield
    except PlanError as error:
        if as_json:
            emit({"faults": [fault.model_dump(mode="json") for fault in error.faults]})
        for fault in error.faults:
            note(str(fault))
        raise typer.Exit(error.exit_code) from error


def _explanation(compiled: Compiled, steps: list[Explained], sql: str) -> dict[str, Any]:
    return {
        "plan_sha256": compiled.plan_sha256,
        "core_sha256": compiled.core_sha256,
        "sql": sql,
        "steps": [asdict(step) for step in steps],
        "columns": [asdict(column) for column in compiled.columns],
        "keys": compiled.keys,
        "ordered": compiled.ordered,
        "total": compiled.total,
        "params": [asdict(param) for param in compiled.params],
        "tables": compiled.tables,
        "checks": [asdict(check) for check in compiled.checks],
        "lints": [lint.model_dump(mode="json") for lint in compiled.lints],
        "core": compiled.core.plain(),
    }


def _core(step: Explained) -> str:
    return "\n".join(json.dumps(core, ensure_ascii=False) for core in step.core)


def _columns(columns: Any) -> str:
    return ", ".join(f"{column.name} {column.family}{'?' if column.nullable else ''}" for column in columns)


def _pair(text: str) -> tuple[str, Any]:
    from tracewright.errors import UsageError

    name, sign, value = text.partition("=")
    if not name or not sign:
        raise UsageError(f"wanted --parameter NAME=VALUE, found {text!r}")
    return name, json_value(value)


def _show(found: Any) -> None:
    say(readable(found["plan"]))
    for called, name in found["renamed"]:
        note(f"{called!r} is called {name!r} in the plan")
    for remark in found["notes"]:
        note(remark)


def readable(body: dict[str, Any]) -> str:
    """Write a plan with a line for each step."""
    lines = []
    for key, value in body.items():
        text = json.dumps(value, ensure_ascii=False)
        if key == "steps":
            steps = ",\n".join(f"    {json.dumps(step, ensure_ascii=False)}" for step in value)
            text = f"[\n{steps}\n  ]"
        lines.append(f'  "{key}": {text}')
    return "{\n" + ",\n".join(lines) + "\n}"
