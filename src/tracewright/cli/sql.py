"""`sql`, `sql check`: ask tables a query in SQL, or ask the policy what it would let pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tracewright.cli.answers import Form, Loose, Out, Rows, Seconds, json_value, tell
from tracewright.cli.files import read_text
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, say, table

if TYPE_CHECKING:
    from tracewright.pipeline.queries import Verdict

WIDTH = 100


class _QueryGroup(TyperGroup):
    """A group whose `run` takes the first word that is no command: `sql "SELECT 1"` is `sql run "SELECT 1"`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


sql = typer.Typer(cls=_QueryGroup, help="Ask tables in SQL, behind the policy.", no_args_is_help=True)

Data = Annotated[str, typer.Option("--data", help="A set, as `data list` names it, or a file: PATH.duckdb, .csv, ….")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(sql, name="sql")


@sql.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Objects with `sql`, one a line.")],
    data: Data,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Say of every text whether the policy lets it pass, and why not; runs none. With --json one object a line."""
    from tracewright.pipeline.queries import judged

    texts = _texts(file)
    verdicts = asyncio.run(judged(home, data, texts))
    if as_json:
        for verdict in verdicts:
            say(json.dumps(verdict.model_dump(mode="json")))
        return
    table(("verdict", "code", "sql", "reason"), [_row(verdict) for verdict in verdicts])
    say(f"{sum(verdict.verdict == 'allow' for verdict in verdicts)} of {len(verdicts)} pass")


@sql.command("run")
def run(
    query: Annotated[str, typer.Argument(metavar="SQL", help="One query.")],
    data: Data,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="A value for the next `?`, as JSON; may be repeated.")
    ] = None,
    rows: Rows = 10_000,
    seconds: Seconds = 10.0,
    loose: Loose = False,
    kind: Form = "parquet",
    out: Out = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run one query in the jail, show what came out and keep it as a capsule; exits 1 where it was refused or ended."""
    from tracewright.pipeline.capsules.making import LIMITS, Asked, ask
    from tracewright.records.capsule import Parameter

    values = tuple(Parameter(value=json_value(text)) for text in parameter or ())
    limits = LIMITS.model_copy(update={"rows": rows, "seconds": seconds})
    asked = Asked(data=data, sql=query, parameters=values, strict=not loose, limits=limits, form=kind)
    draft = asyncio.run(ask(home, asked))
    tell(draft, home, out, as_json)
    if draft.outcome.status != "ok":
        raise typer.Exit(1)


def _texts(file: Path) -> list[str]:
    from tracewright.errors import UsageError

    texts: list[str] = []
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            texts.append(str(_sql_of(json.loads(line))))
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f'{file}:{number}: wanted an object with "sql", a text: {error}') from error
    return texts


def _sql_of(row: Any) -> str:
    text = row["sql"]
    if not isinstance(text, str):
        raise TypeError(f"found {type(text).__name__}")
    return text


def _row(verdict: Verdict) -> Sequence[str]:
    return verdict.verdict, verdict.code, " ".join(verdict.sql.split())[:WIDTH], verdict.reason
