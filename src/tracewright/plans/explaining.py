"""Shows how a plan is understood: the core steps of each step, and the columns in sight after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import Compiled, OutputColumn, compile_plan
from tracewright.plans.document import QueryPlan, jsonable
from tracewright.plans.scope import Trail


@dataclass(frozen=True)
class Explained:
    """A step as it is written, the core steps that it became, and what is in sight after it."""

    step: int
    kind: str
    core: list[Any]
    columns: tuple[OutputColumn, ...]


def explain(
    source: QueryPlan | str | bytes | Mapping[str, Any], catalogue: Catalogue
) -> tuple[Compiled, list[Explained]]:
    """Compile a plan and tell of every step of its own body; raises PlanError as compiling does."""
    trail: Trail = []
    compiled = compile_plan(source, catalogue, trail=trail)
    told = []
    for index, (kind, core, columns) in enumerate(trail):
        names = tuple(OutputColumn(column.name, str(column.type), column.nullable) for column in columns)
        told.append(Explained(index, kind, jsonable(core), names))
    return compiled, told
