"""Pairs of a prompt and its completion, for trainers that bring a template of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracewright.records.base import JsonObject
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.turn_rows import TURN_HEAD, Tools, TurnOptions, offered, training_turns, turn_head

COLUMNS: Mapping[str, Column] = {**TURN_HEAD, "prompt": "text", "completion": "text"}


class Options(TurnOptions):
    """What becomes of failed turns."""


class PromptCompletion:
    """Writes what the policy was shown, and the reply that `records.turn_text.parse_turn` reads."""

    format = "prompt_completion"
    columns = COLUMNS

    def __init__(self, options: Options, tools: Tools | None) -> None:
        self._options = options
        self._tools = tools

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a turn."""
        tools = offered(self._tools, trace)
        for exchange in training_turns(trace, self._options):
            pair: JsonObject = {"prompt": exchange.guided_prompt(tools), "completion": exchange.reply()}
            yield {**turn_head(trace, exchange, self.format), **pair}


def build(options: Options, parts: Parts) -> PromptCompletion:
    """Return the format; `parts.tools` tells the actions of an environment, without it prompts name none."""
    return PromptCompletion(options, parts.tools)
