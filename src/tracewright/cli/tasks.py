"""`tasks`: list and make tasks, prove an environment sound."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tracewright.cli.screen import DEFAULT_HOME, DefaultGroup, Home, Json, emit, printable, progress, say, table

tasks = typer.Typer(cls=DefaultGroup, help="List and make tasks, prove an environment sound.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(tasks, name="tasks")


@tasks.command("list")
def list_tasks(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment: a name or a file.")],
    source: Annotated[
        str, typer.Option("--source", help="Where records come from; the environment's own if empty.")
    ] = "",
    input_file: Annotated[str, typer.Option("--input", help="JSONL of tasks or edits; - is standard input.")] = "",
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Only tasks of this split.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many tasks.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="The seed of the tasks.", min=0)] = 7,
    out: Annotated[Path | None, typer.Option(help="Write the tasks, goals and all, as JSONL for --input.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Make the tasks of an environment and list them (the word `list` may be left out)."""
    from tracewright.blobs import write_stream
    from tracewright.cli.rollout import name_drops
    from tracewright.pipeline.tasks import Drops, make_tasks
    from tracewright.records.recipe import Recipe, read_recipe_data

    part: dict[str, Any] = {"source": source, "seed": seed, "split": split, "limit": limit}
    if input_file:
        part |= {"source": "edits", "path": input_file}
    part = {key: value for key, value in part.items() if value not in ("", None)}
    recipe = read_recipe_data(Recipe, {"environment": {"name": env}, "tasks": part}, "the command line")
    drops = Drops()
    made = asyncio.run(make_tasks(recipe, home, drops))
    name_drops(drops)
    if out is not None:
        lines = (task.to_json().encode() + b"\n" for task in made)
        write_stream(out, lambda file: file.writelines(lines))
    if as_json:
        emit({"tasks": [task.view().model_dump(mode="json") for task in made], "dropped": dict(drops.counts)})
        return
    rows = [
        (task.id[:12], task.split, task.tags.get("kind", ""), task.tags.get("language", ""), _short(task.instruction))
        for task in made[:50]
    ]
    table(("task", "split", "kind", "language", "instruction"), rows)
    splits = Counter(task.split for task in made)
    say(f"{len(made)} tasks ({', '.join(f'{count} {split}' for split, count in sorted(splits.items()))})")


@tasks.command("check")
def check_tasks(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment: a name or a file such as ./units.py.")],
    limit: Annotated[int, typer.Option(help="How many tasks to make.", min=1)] = 50,
    seed: Annotated[int, typer.Option(help="The seed of the tasks.", min=0)] = 7,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Prove an environment: the oracle passes all, a no-op none, no goal leaks, replays agree."""
    from tracewright.pipeline.check import check

    with progress("tasks") as update:
        report = asyncio.run(check(env, home, limit, seed, update))
    if as_json:
        emit({**report.model_dump(mode="json"), "passed": report.passed})
    else:
        table(("property", "", "broken by"), [(f.name, "✓" if f.passed else "✗", f.detail) for f in report.findings])
        say(f"{report.tasks} tasks of {env}: {'sound' if report.passed else 'not sound'}")
    if not report.passed:
        raise typer.Exit(1)


def _short(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= 90 else line[:89] + "…"
