"""`data list`, `data show`, `data validate`, `data register`: the tables that questions are asked of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, say, table

if TYPE_CHECKING:
    from tracewright.tables.schema import TableSet
    from tracewright.tables.shelf import Kept
    from tracewright.tables.validate import Fault

data = typer.Typer(help="List, check and register the tables that questions are asked of.", no_args_is_help=True)

Scale = Annotated[int, typer.Option(help="The shipped sets so many times as large, by the same rules.", min=1, max=100)]
SHOWN_REJECTS = 5


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(data, name="data")


@data.command("list")
def list_sets(scale: Scale = 1, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the shipped sets and those of this home, with their version hashes."""
    from tracewright.pipeline.tables import known

    found = known(home, scale)
    if as_json:
        emit({"datasets": [_row(tables) for tables in found]})
        return
    rows = [
        (tables.id, tables.row_count, len(tables.tables), tables.version_hash[:12], tables.name) for tables in found
    ]
    table(("id", "rows", "tables", "version", "name"), rows)


@data.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A set, as `data list` names it.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Show what is known of a set: tables, columns, keys, relationships, sample questions."""
    from tracewright.pipeline.tables import described

    tables = described(home, name)
    if as_json:
        emit(tables)
        return
    say(f"{tables.id}: {tables.row_count} rows, version {tables.version_hash}")
    if tables.description:
        say(f"{tables.description} As of {tables.as_of}.")
    for each in tables.tables:
        rows = [(c.name, c.type, "yes" if c.nullable else "", _values(c.values), c.description) for c in each.columns]
        title = f"{each.name}: {each.row_count} rows, key {', '.join(each.key) or 'unknown'}"
        table(("column", "type", "null", "values", "is"), rows, title)
    for link in tables.relationships:
        say(f"{link.child} -> {link.parent}")
    for prompt in tables.prompts:
        say(f"? {prompt}")


@data.command("validate")
def validate(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Which sets; all if none.")] = None,
    scale: Scale = 1,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Make the shipped sets and check them, and that no registered file changed; exits 1 where something is wrong."""
    from tracewright.pipeline.tables import names as all_names
    from tracewright.pipeline.tables import validated
    from tracewright.tables.shipped import scaled_name

    wanted = [scaled_name(name, scale) for name in names or ()] or all_names(home, scale)
    reports = [validated(home, name) for name in wanted]
    if as_json:
        emit({"datasets": [report.model_dump(mode="json") for report in reports]})
    else:
        rows = [(report.id, report.row_count, report.version_hash[:12], _verdict(report.ok)) for report in reports]
        table(("id", "rows", "version", ""), rows)
        for report in reports:
            for fault in report.faults:
                note(f"{report.id}: {_told(fault)}")
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


@data.command("register")
def register_file(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Parquet, Arrow or DuckDB, by its ending.")],
    name: Annotated[str, typer.Option("--id", help="What to call the set; made of the file's name if empty.")] = "",
    table_name: Annotated[str, typer.Option("--table", help="What to call its table; likewise.")] = "",
    header: Annotated[bool, typer.Option(help="Whether the first line of a CSV holds names.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a set with that id.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Register a file of your own; it is read in the jail, its schema inferred, its broken rows counted and named."""
    from tracewright.pipeline.tables import Registration
    from tracewright.pipeline.tables import register as register_set

    kept = asyncio.run(register_set(home, Registration(path, name, table_name, header, replace)))
    _note_losses(kept)
    if as_json:
        emit({**_row(kept.tables), "rejected_rows": kept.rejected_rows, "kept": kept.model_dump(mode="json")})
        return
    say(f"{kept.tables.id}: {kept.tables.row_count} rows, version {kept.tables.version_hash}")
    for each in kept.tables.tables:
        rows = [(column.name, column.type, "yes" if column.nullable else "") for column in each.columns]
        table(("column", "type", "null"), rows, f"{each.name}: {each.row_count} rows")


def _row(tables: TableSet) -> dict[str, Any]:
    return {"id": tables.id, "version_hash": tables.version_hash, "row_count": tables.row_count}


def _values(values: tuple[str | int, ...]) -> str:
    return ", ".join(map(str, values))


def _verdict(ok: bool) -> str:
    return "✓" if ok else "✗"


def _told(fault: Fault) -> str:
    if not fault.table:
        return fault.example
    return f"{fault.rows} rows of {fault.table} break the rule {fault.rule}, the first is {fault.example}"


def _note_losses(kept: Kept) -> None:
    if kept.rejected_rows:
        lines = "; ".join(f"line {line.line}: {line.reason}" for line in kept.rejected[:SHOWN_REJECTS])
        note(f"{kept.rejected_rows} broken rows were left out: {lines}")
    for skipped in kept.skipped:
        note(f"{skipped.name} was left out: {skipped.reason}")
