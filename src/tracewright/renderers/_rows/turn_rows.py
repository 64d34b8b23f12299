"""Which turns of a trace become training rows, and what the head of such a row says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from tracewright.records.action import ActionSchema
from tracewright.records.base import JsonObject, Record
from tracewright.records.messages import Exchange, exchanges
from tracewright.records.trace import Trace
from tracewright.renderers import Column
from tracewright.renderers._rows.head import HEAD, head

Tools = Callable[[str], Sequence[ActionSchema]]
"""The actions of an environment by its name."""

TURN_HEAD: Mapping[str, Column] = {**HEAD, "turn": "integer", "trained": "boolean"}


class TurnOptions(Record):
    """`failed`: a turn with a step that was not accepted is left out, or kept with `trained` false (`mask`)."""

    failed: Literal["leave_out", "mask"] = "leave_out"


def offered(tools: Tools | None, trace: Trace) -> Sequence[ActionSchema]:
    """Return the actions of a trace's environment, none where nobody tells them."""
    return tools(trace.environment) if tools else ()


def training_turns(trace: Trace, options: TurnOptions) -> Iterator[Exchange]:
    """Yield the turns that become rows, in order."""
    for exchange in exchanges(trace.task, trace.steps):
        if exchange.accepted or options.failed == "mask":
            yield exchange


def turn_head(trace: Trace, exchange: Exchange, form: str) -> JsonObject:
    """Return the fields of `TURN_HEAD`; a turn that was not accepted is never trained on."""
    return {**head(trace, form), "turn": exchange.turn, "trained": exchange.accepted}
