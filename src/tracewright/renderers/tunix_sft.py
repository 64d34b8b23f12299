"""Gemma's turns, for supervised fine-tuning with Tunix: the user shows, the model reasons and acts.

The form is that of Gemma's chat template: no system turn, and the tokenizer puts `<bos>` before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracewright.records.action import ActionSchema
from tracewright.records.base import JsonObject
from tracewright.records.messages import Exchange
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.turn_rows import TURN_HEAD, Tools, TurnOptions, offered, training_turns, turn_head

COLUMNS: Mapping[str, Column] = {**TURN_HEAD, "text": "text", "trained_from": "integer"}


class Options(TurnOptions):
    """What becomes of failed turns."""


class TunixSft:
    """Writes `text`, whose loss begins `trained_from` characters (code points) in."""

    format = "tunix_sft"
    columns = COLUMNS

    def __init__(self, options: Options, tools: Tools | None) -> None:
        self._options = options
        self._tools = tools

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a turn."""
        tools = offered(self._tools, trace)
        for exchange in training_turns(trace, self._options):
            yield {**turn_head(trace, exchange, self.format), **_text(exchange, tools)}


def _text(exchange: Exchange, tools: Sequence[ActionSchema]) -> JsonObject:
    opening = f"<start_of_turn>user\n{exchange.guided_prompt(tools)}<end_of_turn>\n<start_of_turn>model\n"
    return {"text": f"{opening}{exchange.reply()}<end_of_turn>\n", "trained_from": len(opening)}


def build(options: Options, parts: Parts) -> TunixSft:
    """Return the format; `parts.tools` tells the actions of an environment, without it prompts name none."""
    return TunixSft(options, parts.tools)
