"""A home with traces of both environments, played once and read by many tests; who changes anything takes a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.command import tracewright
from tracewright.records.task import Task
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Journal

EDITS = Path(__file__).parents[1] / "examples" / "edits.jsonl"

LEGS: Mapping[str, tuple[object, ...]] = {
    "cards": ("--env", "cards", "--policy", "uniform", "--attempts", 2, "--limit", 20),
    "oracle": ("--env", "astgrep", "--policy", "oracle", "--limit", 12),
    "search": ("--env", "astgrep", "--policy", "search", "--input", EDITS),
    "drawn": ("--env", "astgrep", "--policy", "uniform", "--input", EDITS, "--limit", 12),
}


@dataclass(frozen=True)
class Stock:
    """A home and what each rollout in it answered."""

    home: Path
    reports: Mapping[str, Any]

    def journal(self, leg: str) -> Journal:
        return Journal(self.home, self.reports[leg]["rollout"])

    def goals(self, leg: str) -> dict[str, Task]:
        """Return the tasks of a leg, goals and all, by their ids."""
        return {task.id: task for task in self.journal(leg).tasks()}

    def traces(self, folder: Path) -> list[Trace]:
        """Return all traces by way of an export into `folder`."""
        return [Trace.model_validate(row) for row in export(self.home, folder / "all.jsonl")]


def stock(home: Path) -> Stock:
    """Play every leg into a home."""
    reports = {}
    for leg, words in LEGS.items():
        ran = tracewright("rollout", *words, "--jobs", 1, "--home", home, "--json")
        assert ran.code == 0, ran.err
        reports[leg] = ran.json
    return Stock(home, reports)


def copy_of(stocked: Stock, home: Path) -> Path:
    """Copy a stocked home to a place where a test may change it."""
    shutil.copytree(stocked.home, home, symlinks=True)
    return home


def export(home: Path, out: Path) -> list[dict[str, Any]]:
    """Export all traces as rows of the format `trace` and return their records."""
    ran = tracewright("traces", "export", out, "--home", home)
    assert ran.code == 0, ran.err
    return [json.loads(line)["record"] for line in out.read_text().splitlines()]
