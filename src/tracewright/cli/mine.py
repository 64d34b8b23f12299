"""`mine`: refactoring tasks from a git history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, say


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("mine")(mine)


def mine(
    repository: Annotated[Path, typer.Argument(metavar="REPO", help="A git repository on this machine.")],
    out: Annotated[Path, typer.Option(help="Write the tasks, goals and all, as JSONL for --input.")] = Path(
        "mined.jsonl"
    ),
    limit: Annotated[int | None, typer.Option(help="At most so many tasks.", min=1)] = None,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Mine mechanical single-file edits from a git history, each with its commit, licence and date."""
    from collections import Counter

    from tracewright.blobs import write_stream
    from tracewright.cli.rollout import name_drops
    from tracewright.pipeline.tasks import Drops, make_tasks
    from tracewright.records.recipe import Recipe, read_recipe_data

    part = {"source": "git_history", "path": str(repository)} | ({} if limit is None else {"limit": limit})
    recipe = read_recipe_data(Recipe, {"environment": {"name": "astgrep"}, "tasks": part}, "the command line")
    drops = Drops()
    tasks = asyncio.run(make_tasks(recipe, home, drops))
    lines = (task.to_json().encode() + b"\n" for task in tasks)
    write_stream(out, lambda file: file.writelines(lines))
    licences = dict(sorted(Counter(task.origin.licence for task in tasks).items()))
    if as_json:
        emit(
            {"tasks": len(tasks), "out": str(out), "licences": licences, "dropped": dict(sorted(drops.counts.items()))}
        )
        return
    name_drops(drops)
    say(f"{len(tasks)} tasks in {out} ({', '.join(f'{count} {name}' for name, count in licences.items())})")
