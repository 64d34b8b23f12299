"""Pivots whose values are not known yet: the query that finds them, and the plan with them written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import Compiled, compile_plan
from tracewright.plans.document import Body, QueryPlan
from tracewright.plans.faults import Fault, Path, PlanError, pointer

MOST_VALUES = 200


@dataclass(frozen=True)
class Discovery:
    """A pivot that waits for its values: where it stands, how many there may be, and what finds them (column 1)."""

    path: str
    most: int
    compiled: Compiled


def discoveries(plan: QueryPlan, catalogue: Catalogue) -> list[Discovery]:
    """Return the pivots of the plan's own body and lets that say `{"discover": n}`; raises PlanError."""
    return [_discovery(plan, body, index, path, catalogue) for body, index, path in _waiting(plan)]


def _waiting(plan: QueryPlan) -> Iterator[tuple[Body, int, Path]]:
    bodies: list[tuple[Path, Body]] = [(("let", name), body) for name, body in sorted(plan.let.items())]
    for start, body in [*bodies, ((), Body.model_construct(source=plan.source, steps=plan.steps))]:
        for index, step in enumerate(body.steps):
            match step:
                case {"pivot": {"values": {"discover": _}}}:
                    yield body, index, (*start, "steps", index, "pivot", "values")


def _discovery(plan: QueryPlan, body: Body, index: int, path: Path, catalogue: Catalogue) -> Discovery:
    pivot = body.steps[index]["pivot"]
    most = pivot["values"]["discover"]
    if not isinstance(most, int) or not 0 < most <= MOST_VALUES:
        raise PlanError([Fault("BAD_SHAPE", path, f'wanted {{"discover": 1 to {MOST_VALUES}}}').told()])
    found: list[Any] = [{"select": [{"as": "value", "expr": pivot["on"]}]}, {"distinct": True}]
    steps = [*body.steps[:index], *found, {"sort": ["value"]}, {"limit": most + 1}]
    lets = {name: let for name, let in plan.let.items() if let is not body}
    asked = plan.model_copy(update={"source": body.source, "steps": tuple(steps), "let": lets, "chart": None})
    return Discovery(pointer(path), most, compile_plan(asked, catalogue))


def frozen(plan: QueryPlan, found: Mapping[str, Sequence[Any]]) -> QueryPlan:
    """Return the plan with the values that were found, by the path of each discovery; raises LIMIT_EXCEEDED."""
    waiting = {id(body.steps[index]): path for body, index, path in _waiting(plan)}

    def written(step: Any) -> Any:
        if id(step) not in waiting:
            return step
        path = waiting[id(step)]
        values, most = list(found[pointer(path)]), step["pivot"]["values"]["discover"]
        if len(values) > most:
            raise PlanError([Fault("LIMIT_EXCEEDED", path, f"more than {most} values were found").told()])
        return {"pivot": {**step["pivot"], "values": values}}

    lets = {name: body.model_copy(update={"steps": tuple(map(written, body.steps))}) for name, body in plan.let.items()}
    return plan.model_copy(update={"steps": tuple(map(written, plan.steps)), "let": lets})
