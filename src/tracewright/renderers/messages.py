"""OpenAI chat messages with tools: the actions stand in `tool_calls`, and a mask says which messages are trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from tracewright.records.action import ActionSchema
from tracewright.records.base import JsonObject
from tracewright.records.messages import Exchange, Message, call_message, exchanges, result_messages
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.turn_rows import TURN_HEAD, Tools, TurnOptions, offered, training_turns, turn_head

COLUMNS: Mapping[str, Column] = {**TURN_HEAD, "messages": "json", "tools": "json", "loss_mask": "json"}


class Options(TurnOptions):
    """How the messages are laid out.

    `history`: `memory` shows one turn as the policy saw it, what came before standing in the state of its prompt;
    `turns` puts the earlier turns before it as messages that are not trained.
    `calls`: actions as `tools` calls, or as `text` in the content, as our own students write them.
    """

    history: Literal["memory", "turns"] = "memory"
    calls: Literal["tools", "text"] = "tools"


class Messages:
    """Writes `messages` with `tools`; `loss_mask` has one truth value a message."""

    format = "messages"
    columns = COLUMNS

    def __init__(self, options: Options, tools: Tools | None) -> None:
        self._options = options
        self._tools = tools

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a turn."""
        schemas = offered(self._tools, trace)
        for exchange in training_turns(trace, self._options):
            messages = [
                *self._before(trace, exchange, schemas),
                *self._turn(exchange, schemas, trained=exchange.accepted),
            ]
            yield {
                **turn_head(trace, exchange, self.format),
                "messages": [message.chat() for message in messages],
                "tools": [schema.tool() for schema in schemas] if self._options.calls == "tools" else [],
                "loss_mask": [message.trained for message in messages],
            }

    def _before(self, trace: Trace, exchange: Exchange, schemas: Sequence[ActionSchema]) -> Iterator[Message]:
        if self._options.history == "memory":
            return
        for earlier in exchanges(trace.task, exchange.before):
            yield from self._turn(earlier, schemas, trained=False)
            if self._options.calls == "tools":
                yield from result_messages(earlier.steps)

    def _turn(self, exchange: Exchange, schemas: Sequence[ActionSchema], *, trained: bool) -> Iterator[Message]:
        if self._options.calls == "tools":
            yield Message(role="user", content=exchange.prompt())
            yield call_message(exchange.steps, trained=trained)
        else:
            yield Message(role="user", content=exchange.guided_prompt(schemas))
            yield Message(role="assistant", content=exchange.reply(), trained=trained)


def build(options: Options, parts: Parts) -> Messages:
    """Return the format; `parts.tools` tells the actions of an environment, without it `tools` stays empty."""
    return Messages(options, parts.tools)
