"""The actions of the refactoring world and the jobs that they ask for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tracewright.records.action import Action, ActionSchema
from tracewright.records.base import JsonObject, Record
from tracewright.records.tools import schema_of

MAX_PASSES = 20
Text = Annotated[str, StringConstraints(max_length=65536)]
Layout = Literal["exact", "tidy"]


class Rewrite(Record):
    """Replace every match of an ast-grep pattern. `$NAME` stands for one node, `$$$NAME` for any number."""

    pattern: Text
    rewrite: Text
    language: str = Field(description="python, javascript, typescript, tsx, java or any other that ast-grep parses")
    selector: str | None = Field(default=None, description="the node kind inside the pattern that is meant")
    strictness: Literal["cst", "smart", "ast", "relaxed", "signature"] | None = None
    passes: int = Field(default=1, ge=1, le=MAX_PASSES, description="repeat until nothing changes, at most so often")
    layout: Layout = Field(default="exact", description="tidy also removes the blanks that an edit leaves behind")


class ApplyRules(Record):
    """Apply ast-grep rules, written as YAML documents separated by `---`, each with language, rule and fix."""

    rules: Text
    passes: int = Field(default=1, ge=1, le=MAX_PASSES)
    layout: Layout = "exact"


class RunTests(Record):
    """Run the tests that lie in the workspace (pytest); changes nothing."""


class Undo(Record):
    """Take back the last change that was accepted."""


class Submit(Record):
    """Say that the task is done; the episode ends."""


ARGUMENTS: dict[str, type[Record]] = {
    "rewrite": Rewrite,
    "apply_rules": ApplyRules,
    "run_tests": RunTests,
    "undo": Undo,
    "submit": Submit,
}
SCHEMAS: tuple[ActionSchema, ...] = tuple(schema_of(name, kind) for name, kind in ARGUMENTS.items())
CHANGING = frozenset({"rewrite", "apply_rules"})
SUBMIT = Action(name="submit")


def apply_request(action: Action) -> JsonObject:
    """Return the request of the `ast_grep` job that carries out a `rewrite` or `apply_rules`."""
    given = {name: value for name, value in action.arguments.items() if value is not None}
    return {"op": "apply", **given}
