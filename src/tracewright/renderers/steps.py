"""One line a step, failed ones too: what was shown, what the model wrote, what the sandbox gave back, the reward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracewright.records.base import JsonObject, Record
from tracewright.records.messages import exchanges
from tracewright.records.trace import Step, Trace, state_before
from tracewright.records.turn_text import escape_all
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.head import HEAD, head

COLUMNS: Mapping[str, Column] = {
    **HEAD,
    "step": "integer",
    "prompt": "text",
    "state_before": "json",
    "model_output": "json",
    "sandbox_result": "json",
    "accepted": "boolean",
    "rewards": "numbers",
}


class Options(Record):
    """There is nothing to choose: every step becomes a row."""


class Steps:
    """Writes the steps; `reward` and its parts in `rewards` are the episode's, `accepted` is the step's own."""

    format = "steps"
    columns = COLUMNS

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a step, in order."""
        parts = trace.grade.rewards if trace.grade else {}
        rewards = escape_all({name: float(part.value) for name, part in parts.items()})
        for exchange in exchanges(trace.task, trace.steps):
            prompt = exchange.prompt()
            for step in exchange.steps:
                row = {**head(trace, self.format), "step": step.index, "prompt": prompt, **_step(trace, step)}
                yield {**row, "rewards": rewards}


def _step(trace: Trace, step: Step) -> JsonObject:
    action = step.action.model_dump(mode="json") if step.action else None
    output: JsonObject = {"think": step.thought, "action": action, "state_update": dict(step.state_update)}
    return {
        "state_before": escape_all(state_before(trace.steps, step.index).model_dump(mode="json")),
        "model_output": escape_all(output),
        "sandbox_result": escape_all(step.outcome.model_dump(mode="json", exclude={"observed"})),
        "accepted": step.verdict.accepted,
    }


def build(options: Options, parts: Parts) -> Steps:
    """Return the format."""
    return Steps()
