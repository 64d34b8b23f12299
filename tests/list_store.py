"""A store that is a list: the whole protocol in memory, for tests of those who read stores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracewright.records.trace import Trace
from tracewright.stores import Page, Query


class ListStore:
    """Keeps traces in the order in which they come; `fetched` counts the calls of `get`."""

    def __init__(self, traces: Iterable[Trace] = ()) -> None:
        self.traces = list(traces)
        self.fetched = 0

    async def append(self, traces: Sequence[Trace]) -> int:
        known = {trace.id for trace in self.traces}
        new = [trace for trace in traces if trace.id not in known]
        self.traces += new
        return len(new)

    async def get(self, trace_id: str) -> Trace | None:
        self.fetched += 1
        return next((trace for trace in self.traces if trace.id.startswith(trace_id)), None)

    async def find(self, query: Query) -> Page:
        matching = [trace for trace in self.traces if matches(trace, query)]
        if query.order == "newest":
            matching.reverse()
        start = int(query.cursor or 0)
        end = start + query.limit
        return Page(traces=tuple(matching[start:end]), cursor=str(end) if end < len(matching) else "")

    async def count(self, query: Query) -> int:
        return sum(matches(trace, query) for trace in self.traces)

    async def delete(self, trace_id: str) -> bool:
        before = len(self.traces)
        self.traces = [trace for trace in self.traces if trace.id != trace_id]
        return len(self.traces) < before


def matches(trace: Trace, query: Query) -> bool:
    """Say whether a trace is one that the query asks for."""
    texts = {
        query.environment: trace.environment,
        query.policy: trace.policy.name,
        query.task: trace.task.id,
        query.split: trace.task.split,
        query.status: trace.status,
        query.rollout: trace.provenance.rollout,
        query.group: trace.group,
        query.language: trace.task.tags.get("language", ""),
        query.kind: trace.task.tags.get("kind", ""),
        query.tier: trace.task.tags.get("tier", ""),
    }
    flags = ((query.passed, trace.passed), (query.privileged, trace.policy.privileged))
    return (
        all(found == wanted for wanted, found in texts.items() if wanted)
        and all(found == wanted for wanted, found in flags if wanted is not None)
        and (not query.licences or trace.task.origin.licence in query.licences)
    )
