"""A prompt, and a response that reasons in numbered lines under `Reasoning:` and acts under `Answer:`.

Every line of the reasoning begins with its number, so the first line that is exactly `Answer:` begins the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracewright.records.action import Turn
from tracewright.records.base import JsonObject
from tracewright.records.messages import Exchange
from tracewright.records.trace import Trace
from tracewright.records.turn_text import escape, format_turn
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.turn_rows import TURN_HEAD, Tools, TurnOptions, offered, training_turns, turn_head

COLUMNS: Mapping[str, Column] = {**TURN_HEAD, "prompt": "text", "response": "text"}


class Options(TurnOptions):
    """What becomes of failed turns."""


class TrainingExample:
    """Writes the answer in the form that `records.turn_text.parse_turn` reads."""

    format = "training_example"
    columns = COLUMNS

    def __init__(self, options: Options, tools: Tools | None) -> None:
        self._options = options
        self._tools = tools

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a turn."""
        tools = offered(self._tools, trace)
        for exchange in training_turns(trace, self._options):
            pair: JsonObject = {"prompt": exchange.guided_prompt(tools), "response": _response(exchange)}
            yield {**turn_head(trace, exchange, self.format), **pair}


def _response(exchange: Exchange) -> str:
    first = exchange.steps[0]
    thoughts = (line.strip() for line in first.thought.splitlines())
    numbered = (f"{number}. {escape(line)}\n" for number, line in enumerate(filter(None, thoughts), 1))
    actions = tuple(step.action for step in exchange.steps if step.action is not None)
    answer = format_turn(Turn(actions=actions, state_update=first.state_update))
    return f"Reasoning:\n{''.join(numbered)}\nAnswer:\n{answer}"


def build(options: Options, parts: Parts) -> TrainingExample:
    """Return the format; `parts.tools` tells the actions of an environment, without it prompts name none."""
    return TrainingExample(options, parts.tools)
