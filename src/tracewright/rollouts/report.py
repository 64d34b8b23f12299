"""Adds up a rollout: how many tasks passed, with how many attempts, by tier, language and kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import comb

from tracewright.records.rollout import Rollout, RolloutReport, Tally
from tracewright.records.task import TaskView
from tracewright.rollouts.journal import Done

SLICES = ("tier", "language", "kind")


def report(rollout: Rollout, tasks: Iterable[TaskView], done: Sequence[Done], seconds: float) -> RolloutReport:
    """Return the report of a rollout; `seconds` is the time that its playing took."""
    by_id = {entry.task: entry for entry in done}
    played = [(task, by_id[task.id]) for task in tasks if task.id in by_id]
    attempts = [attempt for entry in done for attempt in entry.attempts]
    verified = sum(_passed(entry) for entry in done)
    failed = sum(entry.unresolved and not _passed(entry) for entry in done)
    total = max(1, rollout.tasks)
    steps = sum(attempt.steps for attempt in attempts)
    return RolloutReport(
        rollout=rollout.id,
        tasks=rollout.tasks,
        traces=len(attempts),
        verified=verified,
        failed=failed,
        dropped=rollout.dropped,
        pass_at=pass_at(done, rollout.tasks, rollout.recipe.policy.attempts, ordered=_ordered(rollout)),
        bounds=(round(verified / total, 6), round((verified + failed) / total, 6)),
        by={name: _slice(played, name) for name in SLICES},
        seconds=round(seconds, 3),
        steps_per_second=round(steps / seconds, 3) if seconds > 0 else 0.0,
    )


def pass_at(done: Sequence[Done], tasks: int, attempts: int, *, ordered: bool) -> dict[str, float]:
    """Return k to pass@k over all `tasks`, for k = 1, 2, 4, … and `attempts`.

    Where attempts are ordered (a search plays its best candidate first, or a group ends at its first pass) it is the
    share of tasks passed within the first k attempts; else the unbiased estimator 1 - C(n-c, k) / C(n, k) of Chen et
    al. 2021 (arXiv 2107.03374). Unresolved attempts do not pass.
    """
    sizes = sorted({attempts, *(2**power for power in range(attempts.bit_length()) if 2**power <= attempts)})
    estimate = _within if ordered else _unbiased
    return {str(k): round(sum(estimate(entry, k) for entry in done) / max(1, tasks), 6) for k in sizes}


def _within(entry: Done, k: int) -> float:
    return float(any(attempt.passed for attempt in entry.attempts[:k]))


def _unbiased(entry: Done, k: int) -> float:
    n, c = len(entry.attempts), sum(attempt.passed for attempt in entry.attempts)
    if n < k:
        return float(c > 0)
    return 1.0 - comb(n - c, k) / comb(n, k)


def _ordered(rollout: Rollout) -> bool:
    return rollout.recipe.policy.stop_at_pass or rollout.recipe.policy.name == "search"


def _passed(entry: Done) -> bool:
    return any(attempt.passed for attempt in entry.attempts)


def _slice(played: Sequence[tuple[TaskView, Done]], tag: str) -> Mapping[str, Tally]:
    values = sorted({task.tags.get(tag, "") for task, _ in played} - {""})
    return {value: _tally([done for task, done in played if task.tags.get(tag) == value]) for value in values}


def _tally(done: Sequence[Done]) -> Tally:
    best = [entry.best for entry in done]
    return Tally(
        tasks=len(done),
        exact=sum(attempt is not None and attempt.exact for attempt in best),
        tree_equal=sum(any(attempt.tree_equal for attempt in entry.attempts) for entry in done),
        verified=sum(_passed(entry) for entry in done),
        memo=sum(attempt is not None and attempt.memo for attempt in best),
    )
