"""Finds the environment that a stored trace names.

A trace may come from anywhere, so its name never loads a file: it stands for an implementation of the registry, or
for a file that the user once gave to a rollout of this home.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tracewright import registry
from tracewright.errors import TracewrightError, UsageError
from tracewright.records.recipe import EnvironmentPart
from tracewright.registry import Parts
from tracewright.rollouts.journal import Journal


@cache
def part_named(name: str, home: Path) -> EnvironmentPart:
    """Return the part to build an environment from by its own name; raises UsageError where nobody knows it."""
    known = registry.names("environments")
    if name in known:
        return EnvironmentPart(name=name)
    for folder in sorted((home / "rollouts").glob("*/rollout.json"), reverse=True):
        part = _part(home, folder.parent.name)
        if part is not None and part.name not in known and _own_name(part, home) == name:
            return part
    raise UsageError(
        f"there is no environment {name[:60]!r}: it is none of {', '.join(known)}, and no rollout in {home} was given"
        " a file of that name; play one with `tracewright rollout --env FILE` first"
    )


def _part(home: Path, rollout: str) -> EnvironmentPart | None:
    try:
        return Journal(home, rollout).load().recipe.environment
    except TracewrightError:
        return None  # a rollout that cannot be read names no environment


def _own_name(part: EnvironmentPart, home: Path) -> str | None:
    try:
        return str(registry.build("environments", part.name, part.options(), Parts(home=home)).name)
    except TracewrightError:
        return None  # the file is gone, or is called from another folder
