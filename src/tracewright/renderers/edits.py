"""Code edits: what a rule made of one file, and the rule. Deleted and new files are no edits and give no row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracewright.records.base import JsonObject, Record
from tracewright.records.messages import exchanges
from tracewright.records.trace import Step, Trace
from tracewright.records.turn_text import escape, escape_all
from tracewright.records.workspace import effective, workspace
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.head import HEAD, head

COLUMNS: Mapping[str, Column] = {
    **HEAD,
    "turn": "integer",
    "path": "text",
    "language": "text",
    "instruction": "text",
    "pre": "text",
    "post": "text",
    "gold_action": "json",
}


class Options(Record):
    """There is nothing to choose: only changes that stand at the end of an episode become rows."""


class Edits:
    """Writes {instruction, pre, post, gold_action}, where `gold_action` holds the action's arguments."""

    format = "edits"
    columns = COLUMNS

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row per file that an accepted change left different, in the order of steps and paths."""
        standing = {step.index for step in effective(trace.steps)}
        for exchange in exchanges(trace.task, trace.steps):
            for step in exchange.steps:
                if step.index in standing:
                    yield from ({**head(trace, self.format), **edit} for edit in _edits(trace, step))


def _edits(trace: Trace, step: Step) -> Iterator[JsonObject]:
    before = workspace(trace.task, trace.steps[: step.index])
    for path, post in sorted(step.outcome.files.items()):
        if post is not None and path in before and post != before[path]:
            yield _edit(trace, step, path, before[path], post)


def _edit(trace: Trace, step: Step, path: str, pre: str, post: str) -> JsonObject:
    return {
        "turn": step.turn,
        "path": escape(path),
        "language": escape(trace.task.tags.get("language", "")),
        "instruction": escape(trace.task.instruction),
        "pre": escape(pre),
        "post": escape(post),
        "gold_action": escape_all(step.action.arguments if step.action else {}),
    }


def build(options: Options, parts: Parts) -> Edits:
    """Return the format."""
    return Edits()
