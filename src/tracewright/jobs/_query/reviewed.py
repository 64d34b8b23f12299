"""The names of the pinned engine that somebody has looked at: what a query may call, and why the rest is refused.

`functions.json` lists every function, pragma and system view of one release. A name that it lacks is refused.
`readings.json` says under which names the second parser may show a function.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

FOLDER = Path(__file__).parent
ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

CLOCKS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
DISGUISED = CLOCKS | {"current_catalog", "current_role", "current_schema", "current_user", "session_user", "user"}
"""Bare names that the engine takes for a function where no column is called so."""
AGGREGATE_BY_NAME = frozenset({"aggregate", "array_aggr", "array_aggregate", "list_aggr", "list_aggregate"})
"""Functions whose second argument is the name of another."""


@dataclass(frozen=True)
class Reviewed:
    """The review of one release; names are in the lower case that `fold` makes."""

    release: str
    expressions: frozenset[str]
    operators: frozenset[str]
    aggregates: frozenset[str]
    windows: frozenset[str]
    tables: frozenset[str]
    order_dependent: frozenset[str]
    ties: frozenset[str]
    refused: Mapping[str, str]
    views: frozenset[str]


def fold(name: str) -> str:
    """Return a name as the engine compares it: only the letters A to Z lose their case, nothing is trimmed."""
    return name.lower() if name.isascii() else name.translate(ASCII_LOWER)


def _reviewed() -> Reviewed:
    data = json.loads((FOLDER / "functions.json").read_text("utf-8"))
    allowed = {kind: frozenset(map(fold, names)) for kind, names in data["allowed"].items()}
    return Reviewed(
        release=data["duckdb"],
        # unnest may stand in both places, though the engine lists it as a table alone.
        expressions=allowed["scalar"] | allowed["aggregate"] | {"unnest"},
        # LIKE with ESCAPE is written as an operator, though the engine lists it as a function alone.
        operators=allowed["operator"] | {"like_escape", "ilike_escape"},
        aggregates=allowed["aggregate"],
        windows=allowed["window"] | allowed["aggregate"],
        tables=allowed["table"],
        order_dependent=frozenset(data["order_dependent"]),
        ties=frozenset(data["ties"]),
        refused=MappingProxyType({fold(name): why for why, names in data["refused"].items() for name in names}),
        views=frozenset(data["views"]),
    )


def _readings() -> Mapping[str, frozenset[str]]:
    data: dict[str, Any] = json.loads((FOLDER / "readings.json").read_text("utf-8"))
    return MappingProxyType({name: frozenset(keys) for name, keys in data.items()})


# Read with the code that it belongs to: every query is a process of its own, and would read it again.
REVIEWED = _reviewed()
READINGS = _readings()
"""Under which names the second parser shows a function, where that is not its own name alone."""
