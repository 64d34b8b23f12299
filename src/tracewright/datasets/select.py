"""Chooses traces for a dataset: what is chosen follows from the set of traces, never from their order or the clock.

A trace first passes the gates that look at it alone (`refusal`), then the stages that look at all who are left
(`select`). Who is left out is counted by the reason that struck first.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tracewright.datasets.dedupe import Sketch, distinct, distinct_nearly
from tracewright.datasets.licences import allowed
from tracewright.datasets.mixture import quotas
from tracewright.records.manifest import DatasetRequest
from tracewright.records.trace import ISOLATION_LEVELS, Trace


@dataclass(frozen=True)
class Candidate:
    """What selection needs to know of a trace that passed the gates; some hundred bytes, whatever its size."""

    id: str
    sha256: str
    environment: str
    group: str
    stratum: tuple[str, ...]
    facts: Mapping[str, str]
    reward: float
    steps: int
    finished: float
    tokens: int
    fingerprint: str
    sketch: Sketch | None = None


@dataclass
class PassRates:
    """How many attempts of each group were made and passed, before anything was left out."""

    made: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)

    def count(self, trace: Trace) -> None:
        """Count an attempt; one that the infrastructure ended says nothing about its task."""
        if trace.status != "unresolved":
            self.made[group_of(trace)] += 1
            self.passed[group_of(trace)] += trace.passed

    def of(self, group: str) -> float:
        """Return the share of a group's attempts that passed."""
        return self.passed[group] / self.made[group]


def group_of(trace: Trace) -> str:
    """Return the group of a trace; one without is a group by itself."""
    return trace.group or trace.id


def refusal(trace: Trace, request: DatasetRequest) -> str:
    """Return why a trace may not enter, whatever else is in the store; empty when it may."""
    filters = request.filters
    if filters.passed is not None and trace.passed != filters.passed:
        return "not_passed" if filters.passed else "passed"
    if trace.status != "completed":
        return "unfinished"
    if filters.min_reward is not None and _reward(trace) < filters.min_reward:
        return "low_reward"
    if ISOLATION_LEVELS.index(trace.isolation) < ISOLATION_LEVELS.index(request.min_isolation):
        return "isolation"
    if not allowed(trace.task.origin.licence, request.licences):
        return "licence"
    in_order = all(step.index == place for place, step in enumerate(trace.steps))
    return "" if in_order else "steps_out_of_order"


def candidate(trace: Trace, request: DatasetRequest, tokens: int, fingerprint: str, sketch: Sketch | None) -> Candidate:
    """Return what selection needs of a trace."""
    return Candidate(
        id=trace.id,
        sha256=trace.sha256,
        environment=trace.environment,
        group=group_of(trace),
        stratum=tuple(property_of(trace, name) for name in request.stratify_by),
        facts={name: property_of(trace, name) for name in ("environment", "kind", "language", "policy", "licence")},
        reward=_reward(trace),
        steps=len(trace.steps),
        finished=_seconds(trace.finished_at),
        tokens=tokens,
        fingerprint=fingerprint,
        sketch=sketch,
    )


def property_of(trace: Trace, name: str) -> str:
    """Return what is said of a trace by name: its environment, policy, split, licence, or one of its task's tags."""
    own = {"environment": trace.environment, "policy": trace.policy.name, "split": trace.task.split}
    return {**trace.task.tags, **own, "licence": trace.task.origin.licence}.get(name, "")


Stage = Callable[[Sequence[Candidate], PassRates, DatasetRequest], Sequence[Candidate]]


def select(
    candidates: Sequence[Candidate], rates: PassRates, request: DatasetRequest
) -> tuple[list[Candidate], Counter[str]]:
    """Return the chosen in the order of the manifest, and how many were left out by each stage.

    Of duplicates and of a group stay those with the higher reward, then the fewer steps, then the smaller id. Raises
    DatasetError when a mixture names an environment of which nothing is left.
    """
    dropped: Counter[str] = Counter()
    kept = _through(SIEVES, sorted(candidates, key=_merit), rates, request, dropped)
    return list(_through(CUTS, _arranged(kept, request), rates, request, dropped)), dropped


def _through(
    stages: Sequence[tuple[str, Stage]],
    kept: Sequence[Candidate],
    rates: PassRates,
    request: DatasetRequest,
    dropped: Counter[str],
) -> Sequence[Candidate]:
    for reason, stage in stages:
        left = stage(kept, rates, request)
        if len(left) < len(kept):
            dropped[reason] += len(kept) - len(left)
        kept = left
    return kept


def _in_band(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    low, high = request.pass_rate
    if (low, high) == (0.0, 1.0):
        return kept
    return [one for one in kept if low <= rates.of(one.group) <= high]


def _best_of_group(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    if request.best_of_group is None:
        return kept
    seen: Counter[str] = Counter()
    best = []
    for one in kept:
        seen[one.group] += 1
        if seen[one.group] <= request.best_of_group:
            best.append(one)
    return best


def _distinct(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    return kept if request.dedupe == "none" else distinct(kept, lambda one: one.fingerprint)


def _distinct_nearly(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    if request.dedupe != "near":
        return kept
    sketched = [(one, one.sketch) for one in kept if one.sketch is not None]
    return [one for one, _ in distinct_nearly(sketched, lambda pair: pair[1], request.near_threshold)]


def _arranged(kept: Sequence[Candidate], request: DatasetRequest) -> Sequence[Candidate]:
    match request.strategy:
        case "latest":
            return sorted(kept, key=lambda one: (-one.finished, one.id))
        case "random":
            return sorted(kept, key=lambda one: _dice(request.seed, one.id))
        case "stratified":
            return _by_turns(kept, request.seed)


def _by_turns(kept: Sequence[Candidate], seed: int) -> list[Candidate]:
    """Let the strata take turns, so that any beginning of the list holds as equal shares as there are traces for."""
    strata: defaultdict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for one in sorted(kept, key=lambda one: _dice(seed, one.id)):
        strata[one.stratum].append(one)
    ranked = [(rank, _dice(seed, one.id), one) for stratum in strata.values() for rank, one in enumerate(stratum)]
    return [one for _, _, one in sorted(ranked, key=lambda entry: entry[:2])]


def _mixed(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    if not request.mixture or not kept:
        return kept
    supply = Counter(one.environment for one in kept)
    left = quotas(request.mixture, supply, request.limit)
    mixed = []
    for one in kept:
        if left.get(one.environment, 0):
            left[one.environment] -= 1
            mixed.append(one)
    return mixed


def _limited(kept: Sequence[Candidate], rates: PassRates, request: DatasetRequest) -> Sequence[Candidate]:
    return kept[: request.limit]


SIEVES: tuple[tuple[str, Stage], ...] = (
    ("pass_rate", _in_band),
    ("not_best_of_group", _best_of_group),
    ("duplicate", _distinct),
    ("near_duplicate", _distinct_nearly),
)
CUTS: tuple[tuple[str, Stage], ...] = (("mixture", _mixed), ("limit", _limited))


def _merit(one: Candidate) -> tuple[float, int, str]:
    return (-one.reward, one.steps, one.id)


def _dice(seed: int, trace_id: str) -> str:
    return hashlib.sha256(f"{seed}\0{trace_id}".encode()).hexdigest()


def _reward(trace: Trace) -> float:
    return trace.grade.reward if trace.grade else 0.0


def _seconds(at: str) -> float:
    """Return a time as seconds since 1970; what is no ISO 8601 time counts as 1970."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
