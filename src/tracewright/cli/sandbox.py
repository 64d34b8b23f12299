"""`sandbox run`, `sandbox check`: run anything in the jail, and see what it holds back on one's own machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.files import read_files, read_text
from tracewright.cli.rollout import Settings, read_settings
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, progress, say, table

if TYPE_CHECKING:
    from tracewright.pipeline.escapes import EscapeReport
    from tracewright.records.base import JsonObject
    from tracewright.records.job import Outcome

FIELDS = {
    "python": ("entry", "code", "argv", "stdin"),
    "pytest": ("paths",),
    "ast_grep": ("pattern", "rewrite", "language", "rules", "passes", "layout"),
}
"""Which options belong to which kind; every other kind is asked by `--request` alone."""
MIB = 1 << 20

sandbox = typer.Typer(help="Run anything in the jail.", no_args_is_help=True)

Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILES]...", help="Files to put into the workspace.")]
Kind = Annotated[str, typer.Option("--kind", help="What to run: python, pytest, ast_grep or any other kind of job.")]
Request = Annotated[str, typer.Option("--request", help="The request as a JSON object; options are laid over it.")]
Entry = Annotated[str | None, typer.Option(help="python: the file to run; the first one if not said.")]
Code = Annotated[str | None, typer.Option(help="python: the program itself.")]
Argv = Annotated[list[str] | None, typer.Option("--arg", help="python: one argument; may be repeated.")]
Stdin = Annotated[str | None, typer.Option(help="python: what the program reads.")]
Paths = Annotated[list[str] | None, typer.Option("--path", help="pytest: a test file; all test files if not said.")]
Pattern = Annotated[str | None, typer.Option(help="ast_grep: the pattern to find.")]
Rewrite = Annotated[str | None, typer.Option(help="ast_grep: what to put in its place.")]
Language = Annotated[str | None, typer.Option(help="ast_grep: the language of the pattern.")]
Rules = Annotated[Path | None, typer.Option(help="ast_grep: a YAML file of rules, instead of a pattern.")]
Passes = Annotated[int | None, typer.Option(help="ast_grep: repeat until nothing changes, at most so often.")]
Layout = Annotated[Literal["exact", "tidy"] | None, typer.Option(help="ast_grep: tidy removes the blanks left behind.")]
Memory = Annotated[int, typer.Option(help="MiB of memory.", min=64, max=4096)]
Seconds = Annotated[float, typer.Option(help="Seconds of time.", min=0.01, max=3600)]
Processes = Annotated[int, typer.Option(help="Processes at once.", min=1, max=4096)]
Output = Annotated[int, typer.Option(help="KiB of output to keep.", min=1, max=65536)]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="Only these cases, e.g. files or network; may be repeated.")
]
Backend = Annotated[str, typer.Option("--sandbox", help="The sandbox; auto takes the first that holds.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(sandbox, name="sandbox")


@sandbox.callback()
def root() -> None:
    """Run anything in the jail."""


@sandbox.command("run")
def run(
    kind: Kind,
    files: Files = None,
    request: Request = "{}",
    entry: Entry = None,
    code: Code = None,
    argv: Argv = None,
    stdin: Stdin = None,
    paths: Paths = None,
    pattern: Pattern = None,
    rewrite: Rewrite = None,
    language: Language = None,
    rules: Rules = None,
    passes: Passes = None,
    layout: Layout = None,
    memory: Memory = 1024,
    seconds: Seconds = 30.0,
    processes: Processes = 128,
    output: Output = 1024,
    backend: Backend = "auto",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run one job in the jail and print its outcome; exits 0 when it is ok, 1 when not, 3 where no jail holds."""
    from tracewright.pipeline.jailed import job_of, run_jailed
    from tracewright.records.job import Limits

    named = read_files(files or ())
    given: dict[str, Any] = {"entry": entry, "code": code, "argv": argv, "stdin": stdin, "paths": paths}
    given |= {"pattern": pattern, "rewrite": rewrite, "language": language, "passes": passes, "layout": layout}
    given["rules"] = read_text(rules) if rules else None
    asked = _request(kind, request, {name: value for name, value in given.items() if value is not None})
    if kind == "python" and named.texts and not {"entry", "code"} & set(asked):
        asked["entry"] = next(iter(named.texts))
    limits = Limits(memory_bytes=memory * MIB, wall_seconds=seconds, processes=processes, output_bytes=output * 1024)
    [outcome] = asyncio.run(run_jailed([job_of(kind, named.texts, asked, limits)], home, backend))
    show(outcome, as_json)
    if outcome.status != "ok":
        raise typer.Exit(1)


@sandbox.command("check")
def check(
    backend: Annotated[str, typer.Argument(help="The sandbox by name, or a file that holds one.")],
    groups: Groups = None,
    settings: Settings = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Try to get out of a sandbox on this machine in every way of the suite; exits 1 where it does not hold a claim."""
    from tracewright.pipeline.escapes import cases_of, try_escapes
    from tracewright.records.recipe import Recipe, read_recipe_data

    data = {"sandbox": {"name": backend}}
    recipe = read_recipe_data(Recipe, data, "the command line").changed(read_settings(settings))
    cases = cases_of(groups or ())
    with progress(f"cases on {backend}") as tell:
        report = asyncio.run(try_escapes(recipe.sandbox, home, cases, tell))
    if as_json:
        emit(report)
    else:
        show_report(report)
    if report.failed:
        raise typer.Exit(1)


def show_report(report: EscapeReport) -> None:
    """Print each case with what came of it, and a summary line; a number is that of the field's table of abuses."""
    rows = [(found.verdict, found.number or "own", found.name, found.seen) for found in report.cases]
    table(("", "case", "what was tried", "what was seen"), rows, report.sandbox)
    counted = f"{report.held} held, {report.not_claimed} not claimed, {report.failed} failed, {report.skipped} skipped"
    isolation = report.isolation
    bounds = f"{isolation.level}, memory by {isolation.memory}, processes by {isolation.processes}"
    say(f"{report.sandbox}: {counted} ({bounds})")


def _request(kind: str, text: str, given: Mapping[str, Any]) -> JsonObject:
    import json

    from tracewright import registry
    from tracewright.errors import UsageError

    registry.module_path("jobs", kind)  # a kind that nobody knows is told first
    stray = sorted(set(given) - set(FIELDS.get(kind, ())))
    if stray:
        raise UsageError(f"the kind {kind!r} takes no {stray[0]!r}; say it in --request if it knows one")
    try:
        asked = json.loads(text)
    except ValueError as error:
        raise UsageError(f"wanted --request to be a JSON object, found {text[:60]!r}: {error}") from error
    if not isinstance(asked, dict):
        raise UsageError(f"wanted --request to be a JSON object, found {text[:60]!r}")
    return {**({"op": "apply"} if kind == "ast_grep" else {}), **asked, **given}


def show(outcome: Outcome, as_json: bool) -> None:
    """Print an outcome: for people its output, its diff and how it ended."""
    if as_json:
        emit(outcome)
        return
    for text in (outcome.stdout, outcome.diff):
        if text:
            say(printable(text).rstrip("\n"))
    if outcome.stderr:
        note(printable(outcome.stderr).rstrip("\n"))
    ended = " ".join(part for part in (outcome.status, outcome.code, printable(outcome.message)) if part)
    code = f" (exit code {outcome.exit_code})" if outcome.exit_code is not None else ""
    note(f"{ended}{code}")
