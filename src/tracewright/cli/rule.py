"""`rule infer`, `rule apply`, `rule test`: ast-grep rules by example, for people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.files import read_files, read_text, workspace_name, write_back
from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, say, table

if TYPE_CHECKING:
    from tracewright.records.job import Job, Outcome

rule = typer.Typer(help="Find, apply and test ast-grep rules.", no_args_is_help=True)

RulesFile = Annotated[Path, typer.Argument(metavar="RULES.yml", help="YAML documents with language, rule and fix.")]
Passes = Annotated[int, typer.Option(help="Repeat until nothing changes, at most so often.", min=1, max=20)]
Layout = Annotated[Literal["exact", "tidy"], typer.Option(help="tidy also removes the blanks that an edit leaves.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(rule, name="rule")


@rule.command("infer")
def infer(
    pre: Annotated[Path, typer.Option(help="The file before the edit.")],
    post: Annotated[Path, typer.Option(help="The file after it.")],
    language: Annotated[str, typer.Option(help="The language, where the file's name does not tell.")] = "",
    layout: Annotated[Literal["exact", "tidy"] | None, typer.Option(help="Only rules that fit this layout.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many candidates.", min=1, max=32)] = 3,
    out: Annotated[Path | None, typer.Option(help="Write the best candidate to this file.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Find rules that make an edit of which one example is given; prints candidates, best first; exits 1 with none."""
    from tracewright.blobs import write_whole

    path = workspace_name(pre)
    request: dict[str, Any] = {"path": path, "post": read_text(post), "limit": limit}
    request |= {key: value for key, value in (("language", language), ("layout", layout)) if value}
    outcome = _run("infer_rules", {path: read_text(pre)}, request, home)
    candidates: Any = outcome.result.get("candidates", [])
    if out is not None and candidates:
        write_whole(out, candidates[0]["rules"])
    if as_json:
        emit(outcome.result)
    else:
        _show_candidates(candidates)
    if not candidates:
        note(f"no rule makes this edit: {outcome.result.get('reason') or outcome.message or outcome.status}")
        raise typer.Exit(1)


def _show_candidates(candidates: Sequence[Mapping[str, Any]]) -> None:
    for number, found in enumerate(candidates, 1):
        traits = ["exact" if found["exact"] else "not exact"]
        traits.append("fits only its one place" if found["memo"] else "general")
        say(f"# {number}: {', '.join(traits)}; apply with --layout {found['layout']} --passes {found['passes']}")
        say(printable(found["rules"]).rstrip("\n") + "\n")


@rule.command("apply")
def apply(
    rules: RulesFile,
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="The files to apply them to.")],
    write: Annotated[bool, typer.Option("--write", help="Write the files; else only the diff is shown.")] = False,
    passes: Passes = 1,
    layout: Layout = "exact",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Apply rules to files and show the diff; exits 1 where nothing matched. Only files named here are written."""
    named = read_files(files)
    request = {"op": "apply", "rules": read_text(rules), "passes": passes, "layout": layout}
    outcome = _run("ast_grep", named.texts, request, home)
    written = write_back(named, outcome.files) if write else []
    if as_json:
        emit(outcome)
    else:
        say(printable(outcome.diff).rstrip("\n") if outcome.diff else "nothing changed")
        note(_told(outcome, len(written), write=write))
    if outcome.status != "ok":
        raise typer.Exit(1)


def _told(outcome: Outcome, written: int, *, write: bool) -> str:
    edits = outcome.result.get("edits", 0)
    ended = f"wrote {written} files" if write else f"{len(outcome.files)} files would change; write them with --write"
    return " ".join(part for part in (f"{edits} edits, {ended}.", outcome.message) if part)


@rule.command("test")
def try_cases(
    rules: RulesFile,
    cases: Annotated[Path, typer.Argument(metavar="CASES.yml", help="valid and invalid code, or before and after.")],
    passes: Passes = 1,
    layout: Layout = "exact",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Try rules on code that they must leave alone, find or rewrite; exits 1 where a case fails."""
    from tracewright.pipeline.jailed import run_jailed
    from tracewright.pipeline.rule_cases import failure_of, job_for, read_cases

    asked = read_cases(read_text(cases), str(cases))
    text = read_text(rules)
    jobs = [job_for(case, text, passes, layout) for case in asked]
    outcomes = asyncio.run(run_jailed(jobs, home))
    told = (failure_of(case, outcome) for case, outcome in zip(asked, outcomes, strict=True))
    failures = [failure for failure in told if failure]
    if as_json:
        failed = [failure.model_dump(mode="json") for failure in failures]
        emit({"cases": len(asked), "passed": len(asked) - len(failures), "failed": failed})
    else:
        if failures:
            table(("case", "kind", "code", "what"), [(f.number, f.kind, f.code, f.detail) for f in failures])
        say(f"{len(asked) - len(failures)} of {len(asked)} cases pass")
    if failures:
        raise typer.Exit(1)


def _run(kind: str, files: Mapping[str, str], request: dict[str, Any], home: Path) -> Outcome:
    """Run one job; raises UsageError where it was asked for something that cannot be."""
    from tracewright.errors import UsageError
    from tracewright.pipeline.jailed import job_of, run_jailed

    job: Job = job_of(kind, files, request)
    [outcome] = asyncio.run(run_jailed([job], home))
    if outcome.status == "action_error":
        raise UsageError(outcome.message or outcome.code)
    return outcome
