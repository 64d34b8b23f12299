"""Selection: equal to its definition on any set of traces, and blind to their order."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import make_step, make_task, make_trace
from tests.list_store import ListStore
from tracewright.datasets.build import build_dataset
from tracewright.datasets.licences import allowed
from tracewright.datasets.select import group_of
from tracewright.errors import DatasetError
from tracewright.records.action import Action
from tracewright.records.manifest import DatasetRequest, Filters, Manifest
from tracewright.records.trace import Trace
from tracewright.stores import Query


def clock() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def build(traces: list[Trace], request: DatasetRequest) -> Manifest:
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(build_dataset(ListStore(traces), request, Path(home), clock))


def ids(manifest: Manifest) -> list[str]:
    return [trace.id for trace in manifest.traces]


@st.composite
def any_trace(draw: st.DrawFn) -> Trace:
    environment = draw(st.sampled_from(["astgrep", "cards"]))
    task = make_task(
        instruction=draw(st.sampled_from(["Rename it", "rename  it", "Wrap it"])),
        environment=environment,
        licence=draw(st.sampled_from(["MIT", "GPL-3.0-only", "GPL-3.0-only OR MIT", "LicenseRef-unknown"])),
        split=draw(st.sampled_from(["train", "train", "dev", "test"])),
        tags=draw(st.sampled_from([{}, {"language": "python"}, {"language": "java", "kind": "mined"}])),
    )
    action = Action(name="rewrite", arguments={"pattern": draw(st.sampled_from("ab"))})
    level = draw(st.sampled_from(["none", "namespaces", "vm"]))
    steps = tuple(make_step(index, action=action, level=level) for index in range(draw(st.integers(0, 2))))
    passed = draw(st.booleans())
    return make_trace(
        task,
        steps,
        passed=passed,
        reward=draw(st.sampled_from([0.0, 0.5, 1.0])),
        status=draw(st.sampled_from(["completed", "completed", "truncated", "unresolved"])),
        group=draw(st.sampled_from(["", "g1", "g2"])),
        attempt=draw(st.integers(0, 50)),
        privileged=draw(st.booleans()),
        finished_at=draw(st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+02:00", "yesterday"])),
    )


REQUESTS = st.builds(
    DatasetRequest,
    filters=st.builds(
        Filters,
        environment=st.sampled_from(["", "cards"]),
        language=st.sampled_from(["", "python"]),
        passed=st.sampled_from([True, False, None]),
        privileged=st.sampled_from([True, False, None]),
        min_reward=st.sampled_from([None, 0.5]),
    ),
    limit=st.sampled_from([None, 1, 3]),
    strategy=st.sampled_from(["latest", "random", "stratified"]),
    seed=st.integers(0, 3),
    splits=st.sampled_from([("train",), ("train", "dev"), ("dev", "test")]),
    dedupe=st.sampled_from(["none", "exact"]),
    best_of_group=st.sampled_from([None, 1, 2]),
    pass_rate=st.sampled_from([(0.0, 1.0), (0.2, 0.7)]),
    min_isolation=st.sampled_from(["none", "namespaces"]),
    licences=st.sampled_from([("MIT",), ("GPL-3.0-only", "MIT")]),
)


def defined(traces: list[Trace], request: DatasetRequest) -> list[str]:
    """Return the chosen ids by the definition, written down as plainly as it can be."""
    asked = [trace for trace in traces if fits(trace, request)]
    passing = [trace for trace in asked if enters(trace, request) and in_band(trace, asked, request)]
    ranked = sorted(passing, key=lambda trace: (-reward(trace), len(trace.steps), trace.id))
    if request.best_of_group:
        ranked = [
            trace
            for place, trace in enumerate(ranked)
            if sum(group_of(other) == group_of(trace) for other in ranked[:place]) < request.best_of_group
        ]
    if request.dedupe == "exact":
        ranked = [trace for place, trace in enumerate(ranked) if not any(twin(trace, o) for o in ranked[:place])]
    return [trace.id for trace in arranged(ranked, request)][: request.limit]


def fits(trace: Trace, request: DatasetRequest) -> bool:
    wanted = request.filters
    return (
        trace.task.split in request.splits
        and wanted.environment in ("", trace.environment)
        and wanted.language in ("", trace.task.tags.get("language", ""))
        and wanted.privileged in (None, trace.policy.privileged)
    )


def enters(trace: Trace, request: DatasetRequest) -> bool:
    levels = ("none", "process", "namespaces", "container", "vm")
    return (
        trace.status == "completed"
        and request.filters.passed in (None, trace.passed)
        and reward(trace) >= (request.filters.min_reward or 0.0)
        and levels.index(trace.isolation) >= levels.index(request.min_isolation)
        and allowed(trace.task.origin.licence, request.licences)
    )


def in_band(trace: Trace, asked: list[Trace], request: DatasetRequest) -> bool:
    group = [one for one in asked if group_of(one) == group_of(trace) and one.status != "unresolved"]
    low, high = request.pass_rate
    return low <= sum(one.passed for one in group) / len(group) <= high


def twin(one: Trace, other: Trace) -> bool:
    def said(trace: Trace) -> object:
        instruction = " ".join(trace.task.instruction.lower().split())
        return trace.environment, instruction, trace.task.files, [step.action for step in trace.steps]

    return said(one) == said(other)


def reward(trace: Trace) -> float:
    assert trace.grade is not None
    return trace.grade.reward


def arranged(traces: list[Trace], request: DatasetRequest) -> list[Trace]:
    def dice(trace: Trace) -> str:
        return hashlib.sha256(f"{request.seed}\0{trace.id}".encode()).hexdigest()

    def stratum(trace: Trace) -> object:
        return trace.environment, trace.task.tags.get("kind", ""), trace.task.tags.get("language", "")

    if request.strategy == "latest":
        seconds = {"2026-01-01T00:00:00Z": 3600, "2026-01-01T01:00:00+02:00": 0}
        return sorted(traces, key=lambda trace: (-seconds.get(trace.finished_at, -1), trace.id))
    by_dice = sorted(traces, key=dice)
    if request.strategy == "random":
        return by_dice
    ranks = [sum(stratum(o) == stratum(t) for o in by_dice[:place]) for place, t in enumerate(by_dice)]
    return [trace for _, _, trace in sorted(zip(ranks, map(dice, by_dice), by_dice, strict=True), key=lambda e: e[:2])]


@settings(max_examples=200)
@given(traces=st.lists(any_trace(), max_size=12, unique_by=lambda trace: trace.id), request=REQUESTS)
def test_selection_equals_its_definition_on_any_set_of_traces(traces: list[Trace], request: DatasetRequest) -> None:
    wanted = defined(traces, request)
    if not wanted:
        with pytest.raises(DatasetError, match="no trace passes"):
            build(traces, request)
        return
    assert ids(build(traces, request)) == wanted


@settings(max_examples=60)
@given(
    traces=st.lists(any_trace(), min_size=1, max_size=10, unique_by=lambda trace: trace.id),
    request=REQUESTS,
    data=st.data(),
)
def test_the_order_of_insertion_changes_nothing(
    traces: list[Trace], request: DatasetRequest, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(traces))
    if not defined(traces, request):
        return
    assert build(traces, request).to_json() == build(shuffled, request).to_json()


@settings(max_examples=60)
@given(traces=st.lists(any_trace(), min_size=1, max_size=10, unique_by=lambda trace: trace.id), request=REQUESTS)
def test_every_trace_is_either_chosen_or_counted_as_dropped(traces: list[Trace], request: DatasetRequest) -> None:
    if not defined(traces, request):
        return
    manifest = build(traces, request)
    wanted = request.filters.model_dump(exclude={"passed", "min_reward"})
    assert len(manifest.traces) + sum(manifest.dropped.values()) == asyncio.run(
        ListStore(traces).count(Query(**wanted))
    )


def attempts(group: str, outcomes: list[bool]) -> list[Trace]:
    return [make_trace(passed=passed, group=group, attempt=number) for number, passed in enumerate(outcomes)]


def test_a_pass_rate_counts_failed_attempts_which_do_not_enter_themselves() -> None:
    traces = attempts("easy", [True, True]) + attempts("hard", [True, False, False, False])
    manifest = build(traces, DatasetRequest(pass_rate=(0.1, 0.5), dedupe="none"))
    assert ids(manifest) == [traces[2].id]
    assert manifest.dropped == {"not_passed": 3, "pass_rate": 2}
    assert manifest.stats["pass_rates"] == {"groups": 1, "mean": 0.25}


def test_the_best_of_a_group_has_the_higher_reward_then_the_fewer_steps() -> None:
    two = tuple(make_step(index) for index in range(2))
    slow = make_trace(steps=two, group="g", reward=0.9)
    quick = make_trace(group="g", reward=0.9)
    poor = make_trace(group="g", reward=0.5, attempt=1)
    manifest = build([poor, slow, quick], DatasetRequest(best_of_group=1, dedupe="none"))
    assert ids(manifest) == [quick.id]
    assert manifest.dropped == {"not_best_of_group": 2}


def test_too_long_a_trace_is_dropped_and_counted() -> None:
    short, long = make_trace(), make_trace(make_task(files={"a.py": "x = 1\n" * 1000}))
    manifest = build([short, long], DatasetRequest(max_tokens=200))
    assert ids(manifest) == [short.id]
    assert manifest.dropped == {"too_long": 1}


def test_a_trace_without_any_optional_field_can_be_filtered_and_stratified() -> None:
    bare = make_trace(make_task(tags={}), steps=(), finished_at="")
    for strategy in ("latest", "random", "stratified"):
        request = DatasetRequest(strategy=strategy, stratify_by=("tier", "nothing"))
        assert ids(build([bare], request)) == [bare.id]


def test_older_traces_are_found_however_many_newer_ones_do_not_match() -> None:
    old = make_trace()
    newer = [make_trace(make_task(environment="cards"), attempt=number) for number in range(250)]
    request = DatasetRequest(filters=Filters(environment="astgrep"), limit=1)
    assert ids(build([old, *newer], request)) == [old.id]


def test_traces_whose_steps_stand_out_of_order_are_left_out() -> None:
    good, odd = make_trace(), make_trace(steps=(make_step(1), make_step(0)))
    assert build([good, odd], DatasetRequest()).dropped == {"steps_out_of_order": 1}


def test_strata_share_the_limit_equally_while_they_last() -> None:
    python = [make_trace(make_task(f"python {n}", tags={"language": "python"})) for n in range(20)]
    java = [make_trace(make_task(f"java {n}", tags={"language": "java"})) for n in range(3)]
    manifest = build(python + java, DatasetRequest(strategy="stratified", limit=10))
    assert manifest.stats["by_language"] == {"java": 3, "python": 7}


def test_a_mixture_gives_each_environment_its_weight() -> None:
    code = [make_trace(make_task(f"code {n}")) for n in range(30)]
    cards = [make_trace(make_task(f"cards {n}", environment="cards")) for n in range(5)]
    other = make_trace(make_task("other", environment="sql"))
    manifest = build([*code, *cards, other], DatasetRequest(mixture={"astgrep": 3, "cards": 1}))
    assert manifest.stats["by_environment"] == {"astgrep": 17, "cards": 5}
    assert manifest.dropped == {"mixture": 14}
    limited = build([*code, *cards], DatasetRequest(mixture={"astgrep": 3, "cards": 1}, limit=8))
    assert limited.stats["by_environment"] == {"astgrep": 6, "cards": 2}


def test_a_mixture_of_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match="traces of cards, but none of these passes"):
        build([make_trace()], DatasetRequest(mixture={"astgrep": 1, "cards": 1}))


def test_privileged_traces_enter_unless_they_are_filtered_out() -> None:
    teacher, student = make_trace(privileged=True), make_trace(attempt=1)
    assert len(build([teacher, student], DatasetRequest(dedupe="none")).traces) == 2
    unprivileged = DatasetRequest(dedupe="none", filters=Filters(privileged=False))
    assert ids(build([teacher, student], unprivileged)) == [student.id]


def test_two_seeds_draw_two_samples() -> None:
    traces = [make_trace(make_task(f"number {n}")) for n in range(40)]
    one, two = (ids(build(traces, DatasetRequest(limit=10, seed=seed))) for seed in (1, 2))
    assert one != two
    assert Counter(map(len, (one, two))) == {10: 2}


def test_a_store_is_read_to_its_last_page() -> None:
    traces = [make_trace(attempt=number) for number in range(230)]
    assert len(build(traces, DatasetRequest(dedupe="none")).traces) == 230
