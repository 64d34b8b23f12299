"""The JSON Schemas of the public records; what reads or writes our files from elsewhere can check against them."""

from __future__ import annotations

import re

from tracewright.records.action import Action, ActionSchema, Generation, Observation, Turn
from tracewright.records.base import SCHEMA_VERSION, JsonObject, Record
from tracewright.records.capsule import Capsule, Runs
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.recipe import Recipe
from tracewright.records.rollout import Rollout, RolloutReport
from tracewright.records.state import State, StateUpdate
from tracewright.records.task import CodeFile, Edit, Goal, Origin, Task, TaskView
from tracewright.records.trace import Grade, PolicyCard, Provenance, Step, Trace, Verdict

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PUBLIC: tuple[type[Record], ...] = (
    *(Task, TaskView, Goal, Origin, Edit, CodeFile),
    *(Action, ActionSchema, Observation, Turn, Generation),
    *(Job, Limits, Outcome, Isolation),
    *(Trace, Step, Verdict, Grade, PolicyCard, Provenance, State, StateUpdate),
    *(Manifest, DatasetRequest, Recipe, Rollout, RolloutReport),
    *(Capsule, Runs),
)


def schemas() -> dict[str, JsonObject]:
    """Return every public record's schema by its name (`task_view`), sorted; the same text on every machine."""
    return dict(sorted((name_of(kind), schema(kind)) for kind in PUBLIC))


def schema(kind: type[Record]) -> JsonObject:
    """Return the schema of what is read; fields at their default may be left out, unknown ones are refused."""
    return {"$schema": DIALECT, "schema_version": SCHEMA_VERSION, **kind.model_json_schema()}


def name_of(kind: type[Record]) -> str:
    """Return the name under which a record's schema is known: `TaskView` is `task_view`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
