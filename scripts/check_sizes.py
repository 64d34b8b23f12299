"""Refuses files over 400 lines and functions over 60, and names that say nothing.

What cannot be smaller stands in `[tool.tracewright.sizes]` of pyproject.toml, as `"path" = 431` or
`"path::function" = 72`, with its reason as a comment. A number there may only shrink: one that is larger than what
it allows is refused as well.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDERS = ("src", "tests", "scripts", "bench", "examples")
FILE_LINES = 400
FUNCTION_LINES = 60
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "service", "handler", "processor"}


def measure(root: Path) -> dict[str, int]:
    """Return the lines of every Python file (`path`) and function (`path::name`) under `root`."""
    found: dict[str, int] = {}
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text()
        found[name] = len(text.splitlines())
        for function in _functions(ast.parse(text)):
            key = f"{name}::{function.name}"
            found[key] = max(found.get(key, 0), _lines(function))
    return found


def faults(sizes: Mapping[str, int], allowed: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for everything that is too long, and for every allowance that should shrink or go."""
    for name, lines in sizes.items():
        limit = max(_limit(name), allowed.get(name, 0))
        if lines > limit:
            yield f"{name} has {lines} lines; at most {limit} are allowed: split it by subject"
    for name, lines in allowed.items():
        found = sizes.get(name, 0)
        if found <= _limit(name):
            yield f"{name} needs no allowance any more: remove it from [tool.tracewright.sizes]"
        elif found < lines:
            yield f"{name} is allowed {lines} lines and has {found}: lower the number"


def empty_names(root: Path) -> Iterator[str]:
    """Yield a sentence for every module or folder of the package whose name says nothing."""
    package = root / "src"
    for path in sorted(package.rglob("*")):
        words = set(path.stem.strip("_").split("_"))
        if path.suffix in {"", ".py"} and words & EMPTY_WORDS:
            yield f"{path.relative_to(root)} is named by no subject: find the noun"


def main(root: Path) -> int:
    """Print all faults; 1 when there are any."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"].get("tracewright", {})
    found = [*faults(measure(root), settings.get("sizes", {})), *empty_names(root)]
    for fault in found:
        print(fault)  # noqa: T201  # a check speaks to its terminal
    return 1 if found else 0


def _sources(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.py"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _limit(name: str) -> int:
    return FUNCTION_LINES if "::" in name else FILE_LINES


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[1]))
