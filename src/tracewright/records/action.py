"""What a policy sees and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, JsonValue

from tracewright.records.base import JsonObject, Record


class Action(Record):
    """A tool call: the name of an action that the environment declares, and its arguments."""

    name: str
    arguments: JsonObject = Field(default_factory=dict)


class ActionSchema(Record):
    """One action that an environment offers; `parameters` is a JSON Schema, as in OpenAI's tool form."""

    name: str
    description: str
    parameters: JsonObject

    def tool(self) -> JsonObject:
        """Return the schema as an entry of OpenAI's `tools` list."""
        function: JsonObject = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }
        return {"type": "function", "function": function}


class Observation(Record):
    """What the policy is shown before a turn; `files` and `tables` name what is in view."""

    text: str
    files: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    feedback: str = ""
    legal_actions: tuple[Action, ...] = ()


class Generation(Record):
    """How a model came to its reply; observed, so outside every id."""

    model: str = ""
    parameters: JsonObject = Field(default_factory=dict)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    weights_version: str = ""
    latency_seconds: float | None = None
    raw_text: str = ""
    parse_error: str = ""


class Turn(Record):
    """What a policy answers: usually one action; none when its reply could not be read."""

    thought: str = ""
    actions: tuple[Action, ...] = ()
    state_update: Mapping[str, JsonValue] = Field(default_factory=dict)
    generation: Generation | None = None
