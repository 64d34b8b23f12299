"""Where traces are kept: append-only by id, found by what is filtered on, paged by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import Field

from tracewright.records.base import Record
from tracewright.records.trace import Trace


class Query(Record):
    """Which traces are wanted; a field at its default does not filter, `licences` matches any of its values."""

    environment: str = ""
    policy: str = ""
    task: str = ""
    split: Literal["", "train", "dev", "test"] = ""
    status: Literal["", "completed", "truncated", "unresolved"] = ""
    passed: bool | None = None
    privileged: bool | None = None
    rollout: str = ""
    group: str = ""
    licences: tuple[str, ...] = ()
    language: str = ""
    kind: str = ""
    tier: str = ""
    order: Literal["oldest", "newest"] = "oldest"
    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str = ""


class Page(Record):
    """One page of a find; `cursor` is empty on the last page and opaque otherwise."""

    traces: tuple[Trace, ...]
    cursor: str = ""


class Store(Protocol):
    """A place for traces. Appending a trace that is there already changes nothing: of two with one id the first stays.

    Every call may come from any event loop, and nothing need be closed. `_contract/suite.py` checks each promise.
    """

    async def append(self, traces: Sequence[Trace]) -> int:
        """Keep traces durably and return how many were new; all of them or, on StoreError, none.

        A trace whose id is not its content's is refused; one that was deleted is passed over and is not new.
        """
        ...

    async def get(self, trace_id: str) -> Trace | None:
        """Return one trace, by its whole id or by a beginning of at least 8 digits; UsageError where several fit."""
        ...

    async def find(self, query: Query) -> Page:
        """Return one page of the traces that match, in insertion order or its reverse.

        A cursor goes on where its page ended, whatever was added or deleted since; a wrong one is a UsageError.
        """
        ...

    async def count(self, query: Query) -> int:
        """Return how many traces match, whatever the query's limit and cursor."""
        ...

    async def delete(self, trace_id: str) -> bool:
        """Delete one trace and leave a tombstone, so that it is not taken in again; False if it was not there."""
        ...
