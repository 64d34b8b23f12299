"""Reads every recipe and every example of JSON lines, and refuses what the program would refuse later."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tracewright.errors import TracewrightError
from tracewright.records.recipe import Part, read_recipe
from tracewright.records.task import Dropped
from tracewright.registry import Parts, load, module_path, read_options
from tracewright.sources import edits

WINGS = {
    "environment": "environments",
    "policy": "policies",
    "engine": "engines",
    "store": "stores",
    "renderer": "renderers",
}


def recipe_faults(path: Path) -> Iterator[str]:
    """Yield a sentence for everything that a recipe names and that does not exist."""
    try:
        recipe = read_recipe(path)
    except TracewrightError as error:
        yield str(error)
        return
    for table, wing in WINGS.items():
        yield from _part_faults(path, wing, getattr(recipe, table))
    yield from _named(path, "sandboxes", recipe.sandbox.name, "auto")
    yield from _named(path, "sources", recipe.tasks.source, "")


def row_faults(path: Path) -> Iterator[str]:
    """Yield a sentence for every line that is no task and no edit, and for a file without any."""
    records = list(edits.build(edits.Options(path=str(path)), Parts(home=path.parent)).records())
    if not records:
        yield f"{path} holds no records"
    for record in records:
        if isinstance(record, Dropped):
            yield f"{path}: {record.reason} at {record.where}"


def main(root: Path) -> int:
    """Print all faults and what was read; 1 when there are any, or no recipe at all."""
    recipes = sorted((root / "recipes").glob("*.toml"))
    rows = sorted((root / "examples").rglob("*.jsonl"))
    found = [fault for path in recipes for fault in recipe_faults(path)]
    found += [fault for path in rows for fault in row_faults(path)]
    if not recipes:
        found.append(f"wanted recipes in {root / 'recipes'}, found none")
    report = [*found, f"read {len(recipes)} recipes and {len(rows)} files of examples: {len(found)} faults"]
    print(*report, sep="\n")  # noqa: T201  # a check speaks to its terminal
    return 1 if found else 0


def _part_faults(path: Path, wing: str, part: Part) -> Iterator[str]:
    try:
        read_options(load(wing, part.name), wing, part.name, part.options())
    except TracewrightError as error:
        yield f"{path}: {error}"


def _named(path: Path, wing: str, name: str, automatic: str) -> Iterator[str]:
    if name == automatic:
        return
    try:
        module_path(wing, name)
    except TracewrightError as error:
        yield f"{path}: {error}"


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[1]))
