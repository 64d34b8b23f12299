"""`rollout`, `run`, `resume`, `recipes`: collect traces."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, progress, say, table

if TYPE_CHECKING:
    from tracewright.pipeline.tasks import Drops
    from tracewright.records.recipe import Recipe
    from tracewright.records.rollout import Rollout, RolloutReport

SEARCH_ATTEMPTS = 8

Settings = Annotated[
    list[str] | None, typer.Option("--set", help="Change a key of the recipe, e.g. policy.attempts=8.")
]
NoJail = Annotated[
    bool,
    typer.Option(
        "--accept-no-jail",
        help="DANGER: run every action unjailed, as yourself. Only for privileged policies; datasets leave such traces"
        " out unless told otherwise.",
    ),
]
Seconds = Annotated[float | None, typer.Option("--max-seconds", help="Stop after so long; the rest can be resumed.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("rollout")(rollout)
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("recipes")(recipes)


def rollout(
    env: Annotated[
        str, typer.Option("--env", help="The environment: a name or a file such as ./units.py.")
    ] = "astgrep",
    policy: Annotated[
        str, typer.Option("--policy", help="Who acts: oracle, search, uniform, nop or a file.")
    ] = "oracle",
    source: Annotated[
        str, typer.Option("--source", help="Where records come from; the environment's own if empty.")
    ] = "",
    input_file: Annotated[
        str, typer.Option("--input", help="JSONL of tasks or edits to read instead; - is standard input.")
    ] = "",
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Only tasks of this split.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many tasks.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="The seed of tasks and policies.", min=0)] = 7,
    attempts: Annotated[
        int | None, typer.Option(help=f"Attempts a task (1; {SEARCH_ATTEMPTS} for search).", min=1)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    max_seconds: Seconds = None,
    settings: Settings = None,
    accept_no_jail: NoJail = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Let a policy play tasks and keep the verified traces."""
    from tracewright.records.recipe import Recipe, read_recipe_data

    tasks: dict[str, Any] = {"source": source, "seed": seed, "split": split, "limit": limit}
    if input_file:
        tasks |= {"source": "edits", "path": input_file}
    data: dict[str, Any] = {
        "environment": {"name": env},
        "tasks": {key: value for key, value in tasks.items() if value not in ("", None)},
        "policy": {"name": policy, "attempts": attempts or (SEARCH_ATTEMPTS if policy == "search" else 1)},
        "engine": {"workers": jobs},
    }
    recipe = read_recipe_data(Recipe, data, "the command line").changed(read_settings(settings))
    _answer(_start(unjailed(recipe, accept_no_jail), home, max_seconds), as_json)


def run(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe by name, or a TOML file.")],
    settings: Settings = None,
    max_seconds: Seconds = None,
    accept_no_jail: NoJail = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run a recipe: collect its traces and, where it names a dataset, build it."""
    from tracewright.pipeline.recipes import find_recipe

    chosen = unjailed(find_recipe(recipe).changed(read_settings(settings)), accept_no_jail)
    report = _start(chosen, home, max_seconds)
    dataset = _dataset(chosen, home)
    if as_json:
        emit({**report.model_dump(mode="json"), "dataset": dataset})
    else:
        show(report)
        if dataset:
            say(f"dataset {dataset['key']} ({dataset['sha256'][:16]}): {dataset['rows']} rows in {dataset['out']}")
    _leave(report)


def resume(
    rollout_id: Annotated[str, typer.Argument(metavar="ID", help="The rollout to go on with.")],
    recipe: Annotated[str, typer.Option(help="Refuse unless the rollout was made by this recipe.")] = "",
    max_seconds: Seconds = None,
    accept_no_jail: NoJail = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Go on with an interrupted rollout; only what is missing is played."""
    from tracewright.pipeline.collection import load
    from tracewright.pipeline.recipes import find_recipe

    rollout = load(home, rollout_id, find_recipe(recipe) if recipe else None)
    chosen = unjailed(rollout.recipe, accept_no_jail)
    _answer(_play(rollout.model_copy(update={"recipe": chosen}), home, max_seconds), as_json)


def recipes(as_json: Json = False) -> None:
    """List the shipped recipes."""
    from tracewright.pipeline.recipes import shipped

    found = shipped()
    if as_json:
        emit({"recipes": [{"name": name, "about": about} for name, about in found]})
        return
    table(("recipe", "about"), found)


def unjailed(recipe: Recipe, accepted: bool) -> Recipe:
    """Return the recipe without a jail where that was accepted on the command line, and only there."""
    from tracewright.errors import UsageError
    from tracewright.records.recipe import SandboxPart

    if accepted:
        note("no jail: every action runs as yourself, and every trace says so")
        return recipe.model_copy(
            update={"sandbox": SandboxPart.model_validate({"name": "none", "accept_no_jail": True})}
        )
    if recipe.sandbox.name == "none":
        raise UsageError("the recipe asks for no jail, which must be accepted here: say --accept-no-jail")
    return recipe


def read_settings(settings: Sequence[str] | None) -> Mapping[str, Any]:
    """Read `key=value` settings; a value is TOML, or a plain text where it is not."""
    import tomllib

    from tracewright.errors import UsageError

    found: dict[str, Any] = {}
    for setting in settings or ():
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"wanted --set key=value, found {setting!r}")
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value
    return found


def _start(recipe: Recipe, home: Path, max_seconds: float | None) -> RolloutReport:
    from tracewright.pipeline.collection import start
    from tracewright.pipeline.tasks import Drops

    drops = Drops()
    rollout = asyncio.run(start(recipe, home, drops))
    name_drops(drops)
    return _play(rollout, home, max_seconds)


def name_drops(drops: Drops) -> None:
    """Tell what could not be used: counts by reason and the first places."""
    for dropped in drops.named:
        if dropped.reason != "duplicate":
            note(f"left out: {dropped.reason} {dropped.where}".rstrip())
    if drops.counts:
        note("left out in all: " + ", ".join(f"{count} {reason}" for reason, count in sorted(drops.counts.items())))


def _play(rollout: Rollout, home: Path, max_seconds: float | None) -> RolloutReport:
    from tracewright.pipeline.collection import run as play
    from tracewright.pipeline.collection import summary

    note(f"rollout {rollout.id}: {rollout.tasks} tasks")
    with progress("tasks") as update:
        try:
            return asyncio.run(_within(play(rollout, home, update), max_seconds))
        except TimeoutError:
            note(f"stopped after {max_seconds} s; go on with: tracewright resume {rollout.id}")
            return summary(rollout, home, max_seconds or 0.0)
        except KeyboardInterrupt:
            note(f"interrupted, nothing is lost; go on with: tracewright resume {rollout.id}")
            raise


async def _within(work: Coroutine[Any, Any, RolloutReport], seconds: float | None) -> RolloutReport:
    return await asyncio.wait_for(work, seconds)


def _dataset(recipe: Recipe, home: Path) -> dict[str, Any] | None:
    from tracewright.pipeline.rendering import build_and_render

    if recipe.dataset is None:
        return None
    work = build_and_render(recipe.dataset, recipe.renderer, recipe.store, home)
    manifest, path, rows = asyncio.run(work)
    return {
        "key": manifest.key,
        "build_id": manifest.build_id,
        "sha256": manifest.sha256,
        "traces": len(manifest.traces),
        "dropped": dict(manifest.dropped),
        "out": str(path),
        "rows": rows,
    }


def _answer(report: RolloutReport, as_json: bool) -> None:
    if as_json:
        emit(report)
    else:
        show(report)
    _leave(report)


def _leave(report: RolloutReport) -> None:
    if report.failed:
        raise typer.Exit(1)


def show(report: RolloutReport) -> None:
    """Print a report as a table."""
    rows = [
        (name, value, tally.tasks, tally.verified, tally.exact, tally.tree_equal, tally.memo)
        for name, slices in report.by.items()
        for value, tally in slices.items()
    ]
    table(("by", "", "tasks", "verified", "exact", "tree equal", "memo"), rows)
    shares = ", ".join(f"pass@{k} {share:.1%}" for k, share in report.pass_at.items())
    say(f"{report.verified} of {report.tasks} tasks verified ({shares})")
    say(f"{report.traces} traces, {report.failed} failed by infrastructure")
    say(f"{report.seconds:.1f} s, {report.steps_per_second:.1f} steps/s")
