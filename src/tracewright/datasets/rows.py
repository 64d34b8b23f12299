"""The rows of a dataset: each trace is fetched, checked against the manifest, and rendered, one at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tracewright.errors import DatasetError
from tracewright.records.base import JsonObject
from tracewright.records.manifest import Manifest, TraceRef
from tracewright.records.trace import Trace
from tracewright.renderers import Renderer
from tracewright.stores import Store


async def traces_of(store: Store, manifest: Manifest) -> AsyncIterator[Trace]:
    """Yield the traces of a dataset in its order; raises DatasetError for one that is missing or was changed."""
    for wanted in manifest.traces:
        yield checked(await store.get(wanted.id), wanted, manifest.key)


async def rows_of(store: Store, manifest: Manifest, renderer: Renderer) -> AsyncIterator[JsonObject]:
    """Yield the rendered rows of a dataset in its order; at most one trace is held at a time."""
    async for trace in traces_of(store, manifest):
        for row in renderer.render(trace):
            yield row


def checked(trace: Trace | None, wanted: TraceRef, key: str) -> Trace:
    """Return the trace if it is the one that the manifest names; raises DatasetError otherwise."""
    if trace is None:
        raise DatasetError(
            f"dataset {key} names trace {wanted.id}, which is not in the store; bring it back or rebuild"
        )
    if trace.id != wanted.id or trace.content_id() != wanted.id or trace.sha256 != wanted.sha256:
        raise DatasetError(f"trace {wanted.id} was changed after dataset {key} was built; restore it or rebuild")
    return trace
