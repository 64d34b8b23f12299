"""Actions declared as records: the schema that a policy reads comes out, the arguments that it wrote go in."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from tracewright.records.action import Action, ActionSchema
from tracewright.records.base import Record
from tracewright.records.job import Outcome

A = TypeVar("A", bound=Record)


def schema_of(name: str, arguments: type[Record]) -> ActionSchema:
    """Return the schema of an action from the record of its arguments; the docstring is its description."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return ActionSchema(name=name, description=(arguments.__doc__ or "").strip(), parameters=schema)


def read_arguments(kind: type[A], action: Action) -> A | Outcome:
    """Read an action's arguments, or return the `action_error` outcome that tells the policy what does not fit."""
    try:
        return kind.model_validate(action.arguments)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "arguments"
        known = ", ".join(kind.model_fields) or "none"
        message = f"{action.name} does not fit at {where!r}: {fault['msg']}. Its arguments are: {known}."
        return refuse("bad_arguments", message)


def refuse(code: str, message: str) -> Outcome:
    """Return the outcome of an action that cannot be carried out; it costs a step."""
    return Outcome(status="action_error", code=code, message=message)


def unknown_action(action: Action, known: list[str]) -> Outcome:
    """Return the outcome of an action whose name the environment does not know."""
    return refuse("unknown_action", f"There is no action {action.name[:60]!r}; there are: {', '.join(known)}.")
