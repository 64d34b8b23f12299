"""Says how one dataset differs from another: in its traces and in what was asked for."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, JsonValue

from tracewright.records.base import Record
from tracewright.records.manifest import Manifest


class Change(Record):
    """One field of a request, before and after."""

    before: JsonValue
    after: JsonValue


class Difference(Record):
    """What turns one dataset into the other; `changed` traces have the same id but other stored bytes."""

    base: str
    other: str
    same: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    reordered: bool = False
    request: Mapping[str, Change] = Field(default_factory=dict)


def diff(base: Manifest, other: Manifest) -> Difference:
    """Compare two datasets; ids stand in the order of the manifest that holds them."""
    before = {trace.id: trace.sha256 for trace in base.traces}
    after = {trace.id: trace.sha256 for trace in other.traces}
    shared = [trace_id for trace_id in before if trace_id in after]
    return Difference(
        base=base.key,
        other=other.key,
        same=base.sha256 == other.sha256,
        added=tuple(trace_id for trace_id in after if trace_id not in before),
        removed=tuple(trace_id for trace_id in before if trace_id not in after),
        changed=tuple(trace_id for trace_id in shared if before[trace_id] != after[trace_id]),
        reordered=shared != [trace_id for trace_id in after if trace_id in before],
        request=_request_changes(base, other),
    )


def _request_changes(base: Manifest, other: Manifest) -> dict[str, Change]:
    before, after = (manifest.request.model_dump(mode="json") for manifest in (base, other))
    return {name: Change(before=before[name], after=after[name]) for name in before if before[name] != after[name]}
