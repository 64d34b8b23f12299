"""A recipe's dataset: built from the store, then rendered into a file beside its manifest."""

from __future__ import annotations

from pathlib import Path

from tracewright import registry
from tracewright.datasets.build import build_dataset
from tracewright.datasets.export import export_dataset
from tracewright.pipeline.build import now, parts, store_of
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.recipe import Part, StorePart
from tracewright.renderers import Renderer


async def build_and_render(
    request: DatasetRequest, renderer: Part, store: StorePart, home: Path
) -> tuple[Manifest, Path, int]:
    """Build the dataset and write `datasets/<key>/<renderer>.jsonl`; return the manifest, the file and its rows."""
    opened = store_of(store, home)
    built: Renderer = registry.build("renderers", renderer.name, renderer.options(), parts(home))
    manifest = await build_dataset(opened, request, home, now)
    path = home / "datasets" / manifest.key / f"{renderer.name}.jsonl"
    rows = await export_dataset(opened, manifest, built, "jsonl", path)
    return manifest, path, rows
