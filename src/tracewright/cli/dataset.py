"""`dataset`: build, list, show, compare and export datasets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, say, table

if TYPE_CHECKING:
    from tracewright.records.manifest import DatasetRequest, Manifest

dataset = typer.Typer(help="Build, list, show, compare and export datasets.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="KEY", help="A dataset's key, name-version.")]
StoreName = Annotated[str, typer.Option("--store", help="The store: sql or jsonl.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(dataset, name="dataset")


@dataset.command("build")
def build(
    name: Annotated[str, typer.Option(help="The dataset's name.")] = "dataset",
    version: Annotated[str, typer.Option(help="Its version; holds no hyphen.")] = "v1",
    limit: Annotated[int | None, typer.Option(help="At most so many traces.", min=1)] = None,
    strategy: Annotated[
        Literal["latest", "random", "stratified"], typer.Option(help="How a limit chooses.")
    ] = "random",
    seed: Annotated[int, typer.Option(help="The seed of the choice and the order.", min=0)] = 0,
    splits: Annotated[
        list[str] | None, typer.Option("--split", help="Splits to take from (train); repeatable.")
    ] = None,
    env: Annotated[str, typer.Option("--env", help="Only this environment.")] = "",
    policy: Annotated[str, typer.Option(help="Only this policy.")] = "",
    rollout: Annotated[str, typer.Option(help="Only this rollout.")] = "",
    dedupe: Annotated[Literal["none", "exact", "near"], typer.Option(help="Which repetitions go.")] = "exact",
    licences: Annotated[list[str] | None, typer.Option("--licence", help="Allowed SPDX licences; repeatable.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Leave out longer examples.", min=1)] = None,
    tokenizer: Annotated[str, typer.Option(help="characters/4, or a tokenizers JSON file.")] = "characters/4",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any other key of the request, e.g. best_of_group=1.")
    ] = None,
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Choose traces into an immutable manifest; the same request over the same traces has the same sha256."""
    from tracewright.cli.rollout import read_settings
    from tracewright.datasets.build import build_dataset
    from tracewright.pipeline.build import now, store_of
    from tracewright.records.recipe import StorePart

    filters = {"environment": env, "policy": policy, "rollout": rollout}
    fields: dict[str, Any] = {
        "name": name,
        "version": version,
        "limit": limit,
        "strategy": strategy,
        "seed": seed,
        "splits": splits,
        "dedupe": dedupe,
        "licences": licences,
        "max_tokens": max_tokens,
        "tokenizer": tokenizer,
    }
    request = _request(fields, filters, dict(read_settings(settings)))
    manifest = asyncio.run(build_dataset(store_of(StorePart(name=store), home), request, home, now))
    if as_json:
        emit(_answer(manifest))
        return
    _show(manifest)


def _request(fields: dict[str, Any], filters: dict[str, str], settings: dict[str, Any]) -> DatasetRequest:
    from pydantic import ValidationError

    from tracewright.errors import UsageError
    from tracewright.records.manifest import DatasetRequest

    wanted: dict[str, Any] = {**filters}
    for key, value in settings.items():
        if key.startswith("filters."):
            wanted[key.removeprefix("filters.")] = value
        else:
            fields[key] = value
    given = {key: value for key, value in fields.items() if value is not None}
    try:
        return DatasetRequest.model_validate({**given, "filters": {k: v for k, v in wanted.items() if v != ""}})
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise UsageError(f"the request does not fit at {where!r}: {fault['msg']}") from error


def _answer(manifest: Manifest) -> dict[str, Any]:
    return {
        "key": manifest.key,
        "build_id": manifest.build_id,
        "sha256": manifest.sha256,
        "traces": len(manifest.traces),
        "dropped": dict(manifest.dropped),
    }


def _show(manifest: Manifest) -> None:
    say(f"dataset {manifest.key}: {len(manifest.traces)} traces, sha256 {manifest.sha256}")
    if manifest.dropped:
        table(("left out because", "traces"), list(manifest.dropped.items()))
    table(("licence", "traces"), list(manifest.licences.items()))


@dataset.command("list")
def list_datasets(home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """List the datasets of this home."""
    from tracewright.datasets.manifests import keys, load

    found = [load(home, key) for key in keys(home)]
    if as_json:
        emit({"datasets": [_answer(manifest) for manifest in found]})
        return
    table(
        ("dataset", "traces", "kind", "sha256", "created"),
        [(m.key, len(m.traces), m.request.kind, m.sha256[:16], m.created_at) for m in found],
    )


@dataset.command("show")
def show(key: Key, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show a dataset: its request, figures, licences and what was left out."""
    from tracewright.datasets.manifests import load
    from tracewright.datasets.report import report

    manifest = load(home, key)
    if as_json:
        emit(manifest)
    else:
        say(report(manifest))


@dataset.command("diff")
def diff(key: Key, other: Key, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Compare two datasets; exits 1 when they differ."""
    from tracewright.datasets.diff import diff as compare
    from tracewright.datasets.manifests import load

    found = compare(load(home, key), load(home, other))
    if as_json:
        emit(found)
    else:
        say(f"{len(found.added)} traces added, {len(found.removed)} removed, {len(found.changed)} changed")
        if found.request:
            table(("asked for", key, other), [(name, c.before, c.after) for name, c in found.request.items()])
    if not found.same:
        raise typer.Exit(1)


@dataset.command("export")
def export(
    key: Key,
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    form: Annotated[Literal["jsonl", "csv", "parquet"], typer.Option("--format", help="The kind of file.")] = "jsonl",
    renderer: Annotated[str, typer.Option(help="The training format; see docs/renderers.md.")] = "messages",
    store: StoreName = "sql",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Render a dataset in its order into one file; each trace is checked against the manifest on the way."""
    from tracewright import registry
    from tracewright.datasets.export import export_dataset
    from tracewright.datasets.manifests import load
    from tracewright.pipeline.build import parts, store_of
    from tracewright.records.recipe import StorePart

    manifest = load(home, key)
    built = registry.build("renderers", renderer, {}, parts(home))
    rows = asyncio.run(export_dataset(store_of(StorePart(name=store), home), manifest, built, form, out))
    if as_json:
        emit({"out": str(out), "rows": rows, "format": form, "renderer": renderer, "sha256": manifest.sha256})
        return
    say(f"{rows} rows in {out}")
