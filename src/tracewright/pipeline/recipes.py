"""The recipes that are shipped, and those that the user names by file."""

from __future__ import annotations

from pathlib import Path

import tracewright
from tracewright.errors import UsageError
from tracewright.records.recipe import Recipe, read_recipe


def folder() -> Path:
    """Return where the shipped recipes lie: in the wheel, else beside the sources of a checkout."""
    package = Path(tracewright.__file__).parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parents[1] / "recipes"


def shipped() -> list[tuple[str, str]]:
    """Return name and first comment line of every shipped recipe, sorted."""
    return [(path.stem, _about(path)) for path in sorted(folder().glob("*.toml"))]


def find_recipe(name: str) -> Recipe:
    """Return a recipe by its shipped name or its file; raises UsageError that lists what there is."""
    path = Path(name)
    if path.suffix == ".toml":
        return read_recipe(path)
    known = [shipped_name for shipped_name, _ in shipped()]
    if name not in known:
        raise UsageError(f"there is no recipe {name!r}; shipped are {', '.join(known)}, or name a .toml file")
    return read_recipe(folder() / f"{name}.toml")


def _about(path: Path) -> str:
    first = path.read_text(encoding="utf-8").splitlines()[:1]
    return first[0].lstrip("# ") if first and first[0].startswith("#") else ""
