"""Plans broken in a random place are refused with faults that say where, or mean something else; nothing crashes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plans.small import small_catalogue
from tests.plans.strategies import plans
from tracewright.plans.discovering import discoveries
from tracewright.plans.document import read_plan
from tracewright.plans.explaining import explain
from tracewright.plans.faults import PlanError, PlanFault

Place = tuple[str | int, ...]
JUNK: list[Any] = [
    None, True, -1, 0, 1.5, 10**30, "x", "", "\0", "id", "a.b.c", [], [[]], ["id", "id"], {}, {"as": 1}, {"lit": None},
    {"lit": [1, "a"]}, {"sum": "id"}, {"over": {"sum": "id"}}, {"outer": "id"}, {"param": "none"}, {"discover": 2},
    {"from": "sales"}, {"plan": {"from": "sales"}}, {"values": [[1]], "columns": [], "as": "q"},
    {"interval": [1, "day"]},
]  # fmt: skip
BREAKS = 6


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yield where a plan may be broken."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield (*path, key)
        yield from places(inner, (*path, key))


def broken(plan: dict[str, Any], place: Place, junk: Any) -> dict[str, Any]:
    """Return the plan with something else in one place."""
    found = copy.deepcopy(plan)
    at: Any = found
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = junk
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plan=plans(), data=st.data())
def test_a_broken_plan_never_crashes(plan: dict[str, Any], data: st.DataObject) -> None:
    where = list(places(plan))
    for _ in range(BREAKS):
        wrong = broken(plan, data.draw(st.sampled_from(where)), data.draw(st.sampled_from(JUNK)))
        assert all(fault.code and fault.message for fault in told(wrong))


def told(plan: dict[str, Any]) -> tuple[PlanFault, ...]:
    """Return the faults of a plan, none where it means something."""
    try:
        explain(plan, small_catalogue())
        discoveries(read_plan(plan), small_catalogue())
    except PlanError as refused:
        return refused.faults or (PlanFault(code="", path="", message=""),)
    return ()
