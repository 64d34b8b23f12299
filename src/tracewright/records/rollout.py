"""A collection of traces under way: its recipe, its progress and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from tracewright.records.base import SCHEMA_VERSION, Record
from tracewright.records.recipe import Recipe


class Rollout(Record):
    """One rollout as it stands on disk (`rollouts/<id>/rollout.json`)."""

    id: str
    schema_version: int = SCHEMA_VERSION
    recipe: Recipe
    recipe_id: str
    tasks_sha256: str
    tasks: int
    dropped: Mapping[str, int] = Field(default_factory=dict)
    status: Literal["running", "completed", "interrupted"] = "running"
    created_at: str = ""


class Tally(Record):
    """Counts over the tasks of one slice; a task counts once, by the best of its attempts."""

    tasks: int = 0
    exact: int = 0
    tree_equal: int = 0
    verified: int = 0
    memo: int = 0


class RolloutReport(Record):
    """What `tracewright rollout --json` prints; `failed` counts tasks ended by infrastructure."""

    rollout: str
    tasks: int
    traces: int
    verified: int
    failed: int
    dropped: Mapping[str, int] = Field(default_factory=dict)
    pass_at: Mapping[str, float] = Field(default_factory=dict)
    bounds: tuple[float, float] = (0.0, 0.0)
    by: Mapping[str, Mapping[str, Tally]] = Field(default_factory=dict)
    seconds: float
    steps_per_second: float
