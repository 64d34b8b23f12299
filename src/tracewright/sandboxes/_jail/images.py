"""Compares the image that a container came from with what is installed here, by what its worker says of itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

LIBRARIES = ("ast-grep-cli", "ast-grep-py", "pytest", "pyyaml")
"""What an image must have in the very versions that we have, so that a job finds out the same in every sandbox."""
ANALYTICS = ("duckdb", "pyarrow", "pydantic", "rfc8785", "sqlglot", "sqlglotc", "tzdata", "vl-convert-python")
"""What an image must have besides where the extra `analytics` is installed: elsewhere no job over tables is asked."""


def wanted() -> dict[str, str]:
    """Return the version of each library that an image must have."""
    found = {name: version(name) for name in LIBRARIES}
    try:
        return {**found, **{name: version(name) for name in ANALYTICS}}
    except PackageNotFoundError:
        return found


def unlike(ready: Mapping[str, Any], wanted: Mapping[str, str]) -> str:
    """Say in what the image of a worker that told `wanted` of itself differs from what is here, or return nothing."""
    ours = ".".join(map(str, sys.version_info[:2]))
    theirs = str(ready.get("python", ""))
    if theirs.split(".")[:2] != ours.split("."):
        return f"it has Python {theirs} where we have {ours}"
    for name, number in wanted.items():
        if (found := ready.get("has", {}).get(name)) != number:
            return f"it has {name} {found} where we have {number}"
    return ""
