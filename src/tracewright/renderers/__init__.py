"""How traces become training text: one example a turn, each naming its format, trace and licence.

Texts that come from data are escaped (`records.turn_text`), so that nothing in them can open a turn of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

from tracewright.records.base import JsonObject
from tracewright.records.trace import Trace

Column = Literal["text", "integer", "number", "boolean", "numbers", "json"]
"""What a field of a row holds: `numbers` maps names to numbers; all but `text` and `numbers` may be null."""


class Renderer(Protocol):
    """A training format. `format` is the registry name, written into every row."""

    format: str

    @property
    def columns(self) -> Mapping[str, Column]:
        """Return the fields of a row with their kinds, in order."""
        ...

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        """Yield one row per turn worth training on (per trace for formats of whole episodes).

        The same trace gives the same rows, each with exactly the fields of `columns`.
        """
        ...
