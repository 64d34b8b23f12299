"""How traces become training text: one example a turn, each naming its format, trace and licence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tracewright.records.base import JsonObject
from tracewright.records.trace import Trace


class Renderer(Protocol):
    """A training format. `format` is the registry name, written into every row."""

    format: str

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row per turn worth training on (per trace for formats of whole episodes)."""
        ...
