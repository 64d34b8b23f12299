"""What a run of work is made of: a name and options for each part, read from TOML and kept with what it made."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from tracewright.errors import UsageError
from tracewright.records.base import JsonObject, Record, digest
from tracewright.records.manifest import DatasetRequest
from tracewright.records.task import Split

R = TypeVar("R", bound="Recipe")


class Part(Record):
    """A part by its registry name; every further key is an option of that implementation."""

    model_config = ConfigDict(extra="allow")
    name: str

    def options(self) -> JsonObject:
        """Return the keys that are the implementation's own."""
        return dict(self.model_extra or {})


class EnvironmentPart(Part):
    """The world that is acted in."""

    name: str = "astgrep"


class TasksPart(Record):
    """Which tasks; `source` names a source (empty: the environment's own), further keys are its options."""

    model_config = ConfigDict(extra="allow")
    source: str = ""
    split: Split | None = None
    limit: int | None = Field(default=None, ge=1)
    seed: int = Field(default=7, ge=0, lt=2**53)

    def options(self) -> JsonObject:
        """Return the keys that are the source's own."""
        return dict(self.model_extra or {})


class PolicyPart(Part):
    """Who acts. `attempts` traces a task, in one group; `stop_at_pass` ends a group at its first pass."""

    name: str = "oracle"
    privileged: bool | None = None
    attempts: int = Field(default=1, ge=1, le=1000)
    stop_at_pass: bool = True
    max_retries: int = Field(default=3, ge=0, le=20)


class SandboxPart(Part):
    """The jail; `auto` takes the first whose preflight passes."""

    name: str = "auto"


class EnginePart(Part):
    """Where batches run."""

    name: str = "local"
    workers: int = Field(default=2, ge=1, le=256)


class StorePart(Part):
    """Where traces are kept."""

    name: str = "sql"


class RendererPart(Part):
    """The training format."""

    name: str = "messages"


class Recipe(Record):
    """A whole recipe; parts that are left out take their defaults, unknown ones are refused."""

    environment: EnvironmentPart = EnvironmentPart()
    tasks: TasksPart = TasksPart()
    policy: PolicyPart = PolicyPart()
    sandbox: SandboxPart = SandboxPart()
    engine: EnginePart = EnginePart()
    store: StorePart = StorePart()
    dataset: DatasetRequest | None = None
    renderer: RendererPart = RendererPart()

    @property
    def id(self) -> str:
        """Return the content id of what the recipe makes; where it runs (engine, store) lies outside."""
        claimed = self.model_dump(mode="json", exclude_defaults=True)
        return digest({part: claimed[part] for part in ("environment", "tasks", "policy") if part in claimed})

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """Return the recipe with settings laid over it, by dotted path or by a bare key that only one part has."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        for path, value in settings.items():
            _lay(data, _resolve(path), value)
        return read_recipe_data(type(self), data, "what --set asks for")


PARTS: dict[str, type[Record]] = {
    "environment": EnvironmentPart,
    "tasks": TasksPart,
    "policy": PolicyPart,
    "sandbox": SandboxPart,
    "engine": EnginePart,
    "store": StorePart,
    "dataset": DatasetRequest,
    "renderer": RendererPart,
}
"""The tables of a recipe."""


def _resolve(path: str) -> list[str]:
    if "." in path:
        return path.split(".")
    owners = [name for name, kind in PARTS.items() if path in kind.model_fields]
    if len(owners) == 1:
        return [owners[0], path]
    found = "no part has it" if not owners else "it could mean " + " or ".join(f"{name}.{path}" for name in owners)
    raise UsageError(f"wanted a setting like policy.attempts=8, found {path!r}: {found}")


def _lay(data: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, leaf = path
    for parent in parents:
        data = data.setdefault(parent, {})
    data[leaf] = value


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file; raises UsageError that names the table and key at fault."""
    try:
        return read_recipe_data(Recipe, tomllib.loads(path.read_text()), str(path))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"wanted a recipe in TOML at {path}, found: {error}") from error


def read_recipe_data(kind: type[R], data: Mapping[str, Any], where: str) -> R:
    """Read a recipe's data; raises UsageError that names the table and key at fault."""
    try:
        return kind.model_validate(dict(data))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise UsageError(f"{where} does not fit a recipe at {place!r}: {fault['msg']}") from error
