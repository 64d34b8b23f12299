"""Whole traces, for passing them on: nothing is left out, and `trace_of` gives the trace back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from tracewright.errors import RecordError
from tracewright.records.base import JsonObject, Record
from tracewright.records.trace import Trace
from tracewright.records.turn_text import escape_all, unescape_all
from tracewright.registry import Parts
from tracewright.renderers import Column
from tracewright.renderers._rows.head import HEAD, head

COLUMNS: Mapping[str, Column] = {**HEAD, "sha256": "text", "record": "json"}


class Options(Record):
    """There is nothing to choose."""


class WholeTrace:
    """Writes the stored trace under `record`, its texts escaped as in every format; `sha256` is that of its bytes."""

    format = "trace"
    columns = COLUMNS

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row a trace."""
        yield {**head(trace, self.format), "sha256": trace.sha256, "record": escape_all(trace.plain())}


def trace_of(row: JsonObject) -> Trace:
    """Return the trace that a row holds; raises RecordError where it is none or was changed."""
    try:
        trace = Trace.model_validate(unescape_all(row.get("record")))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "record"
        raise RecordError(f"wanted a row of the format trace, found a fault at {where!r}") from error
    if trace.content_id() != trace.id:
        raise RecordError(f"trace {trace.id[:12]} does not hash to its id; its row was changed")
    if row.get("sha256") != trace.sha256:
        raise RecordError(f"trace {trace.id[:12]} does not hash to its row's sha256; its row was changed")
    return trace


def build(options: Options, parts: Parts) -> WholeTrace:
    """Return the format."""
    return WholeTrace()
