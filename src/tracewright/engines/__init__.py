"""Where batches run: an engine maps a function over shards and yields results as they finish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from tracewright.records.base import JsonObject


class Engine(Protocol):
    """Runs `function` (a dotted name `package.module:name`, async, JSON to JSON) once a shard."""

    def map(self, function: str, shards: Sequence[JsonObject]) -> AsyncIterator[JsonObject]:
        """Yield one result a shard, in the order in which they finish."""
        ...

    async def close(self) -> None:
        """End every process that the engine started; safe to call twice."""
        ...
