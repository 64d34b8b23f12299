"""The import contracts, proved the hard way: a forbidden import in a copy of the tree turns them red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTS = {
    "a record that imports a wing": (
        "records/base.py",
        "import tracewright.stores",
        "Imports run downhill, and every room has a floor",
    ),
    "a wing that imports another": (
        "policies/nop.py",
        "import tracewright.environments",
        "Imports run downhill, and every room has a floor",
    ),
    "a room that no floor lists": (
        "attic.py",
        '"""Stands nowhere."""',
        "Imports run downhill, and every room has a floor",
    ),
    "an implementation that imports another": (
        "policies/nop.py",
        "import tracewright.policies.oracle",
        "The implementations of a wing stand alone",
    ),
    "a protocol that imports an implementation": (
        "policies/__init__.py",
        "import tracewright.policies.oracle",
        "The implementations of a wing stand alone",
    ),
    "a shared room that imports an implementation": (
        "jobs/_worker/__init__.py",
        "import tracewright.jobs.ast_grep",
        "The implementations of a wing stand alone",
    ),
    "a circle of two records": (
        "records/base.py",
        "import tracewright.records.trace",
        "No circles among siblings",
    ),
    "a job that leans on the registry": (
        "jobs/ast_grep.py",
        "import tracewright.registry",
        "What runs inside the jail leans on records alone",
    ),
    "a second door for a heavy library": (
        "policies/nop.py",
        "import duckdb",
        "A heavy library has one door",
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy what the contracts read."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", tmp_path / "tree/src", ignore=ignored)
    shutil.copytree(ROOT / "scripts", tmp_path / "tree/scripts", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "tree")
    return tmp_path / "tree"


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over a copy; its sources come before the installed ones."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree / 'src'}:{tree}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    answer = lint(tree)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize("plant", PLANTS)
def test_a_forbidden_import_turns_its_contract_red(tree: Path, plant: str) -> None:
    name, line, contract = PLANTS[plant]
    path = tree / "src/tracewright" / name
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    answer = lint(tree)
    assert answer.returncode == 1, answer.stdout
    assert f"{contract} BROKEN" in answer.stdout
