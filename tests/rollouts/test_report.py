"""A report's figures equal a recount, and pass@k is the estimator of its source."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.builders import make_task
from tracewright.records.recipe import PolicyPart, Recipe
from tracewright.records.rollout import Rollout
from tracewright.rollouts.journal import Attempt, Done
from tracewright.rollouts.report import pass_at, report


def done(*passes: bool, task: str = "t") -> Done:
    return Done(
        task=task, attempts=tuple(Attempt(trace=f"{task}{i}", steps=2, passed=ok) for i, ok in enumerate(passes))
    )


def rollout(tasks: int, **policy: object) -> Rollout:
    recipe = Recipe(policy=PolicyPart.model_validate({"name": "search", **policy}))
    return Rollout(id="r", recipe=recipe, recipe_id=recipe.id, tasks_sha256="", tasks=tasks)


@pytest.mark.parametrize("passes", [(True, False, False), (False, True, True, False), (False, False)])
def test_pass_at_k_is_the_share_of_draws_with_a_pass(passes: tuple[bool, ...]) -> None:
    found = pass_at([done(*passes)], 1, len(passes), ordered=False)
    for k, share in found.items():
        draws = list(combinations(passes, int(k)))
        assert share == pytest.approx(sum(map(any, draws)) / len(draws), abs=1e-6)


def test_ordered_attempts_count_from_the_first() -> None:
    entries = [done(True), done(False, False, True), done(False, False, False, False)]
    assert pass_at(entries, 3, 4, ordered=True) == {"1": 0.333333, "2": 0.333333, "4": 0.666667}


def test_figures_equal_a_recount_by_tier() -> None:
    tasks = [make_task(instruction=str(n), tags={"tier": "uniform" if n < 2 else "mixed"}) for n in range(3)]
    exact = Attempt(trace="x", steps=3, passed=True, exact=True, tree_equal=True, memo=True)
    entries = [
        Done(task=tasks[0].id, attempts=(Attempt(trace="y", steps=1), exact)),
        Done(task=tasks[1].id, attempts=(Attempt(trace="z", steps=1, unresolved=True),)),
        Done(task=tasks[2].id),
    ]
    found = report(rollout(3), tasks, entries, 2.0)
    assert (found.tasks, found.traces, found.verified, found.failed) == (3, 3, 1, 1)
    assert found.bounds == (0.333333, 0.666667)
    assert found.steps_per_second == 2.5
    uniform = found.by["tier"]["uniform"]
    assert (uniform.tasks, uniform.exact, uniform.tree_equal, uniform.verified, uniform.memo) == (2, 1, 1, 1, 1)
    assert found.by["tier"]["mixed"].tasks == 1
