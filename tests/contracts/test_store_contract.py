"""Every store keeps the same promises: those of the shipped suite, and `find` is its definition over lists."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stores.postgres import AbsentError, Postgres, postgres
from tracewright import registry
from tracewright.records.trace import PolicyCard, Provenance, Trace
from tracewright.stores import Query, Store
from tracewright.stores._contract.samples import TASK, sample
from tracewright.stores._contract.suite import CHECKS, Check, Opener, check_store

NewStore = Callable[[], Opener]
OVER_POSTGRES = "sql over PostgreSQL"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="psycopg is not installed; run: pip install 'tracewright[postgres]'")
    try:
        with postgres() as running:
            yield running
    except AbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture(params=[*registry.names("stores"), OVER_POSTGRES])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> NewStore:
    homes = (tmp_path / f"store-{number}" for number in itertools.count())
    if request.param == OVER_POSTGRES:
        running: Postgres = request.getfixturevalue("server")
        return lambda: _opener("sql", next(homes), address=running.address(running.new_schema()))
    return lambda: _opener(request.param, next(homes))


def _opener(name: str, home: Path, **options: str) -> Opener:
    def open_store() -> Store:
        store: Store = registry.build("stores", name, options, registry.Parts(home=home))
        return store

    return open_store


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_store_keeps_its_promises(check: Check, new_store: NewStore) -> None:
    async def run() -> None:
        await check(new_store())

    asyncio.run(run())


WORDS = st.sampled_from(["", "a", "b"])
LICENCES = st.sampled_from(["MIT", "ISC", "LicenseRef-unknown"])
TRACES = st.lists(
    st.fixed_dictionaries(
        {
            "environment": st.sampled_from(["a", "b"]),
            "policy": st.sampled_from(["a", "b"]),
            "split": st.sampled_from(["train", "dev", "test"]),
            "status": st.sampled_from(["completed", "truncated", "unresolved"]),
            "passed": st.sampled_from([True, False, None]),
            "privileged": st.booleans(),
            "rollout": WORDS,
            "group": WORDS,
            "licence": LICENCES,
            "language": WORDS,
            "kind": WORDS,
            "tier": WORDS,
        }
    ),
    max_size=12,
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "environment": WORDS,
        "policy": WORDS,
        "task": st.sampled_from(["", "0" * 64, "a"]),
        "split": st.sampled_from(["", "train", "dev", "test"]),
        "status": st.sampled_from(["", "completed", "truncated", "unresolved"]),
        "passed": st.sampled_from([True, False, None]),
        "privileged": st.sampled_from([True, False, None]),
        "rollout": WORDS,
        "group": WORDS,
        "licences": st.lists(LICENCES, max_size=2, unique=True).map(tuple),
        "language": WORDS,
        "kind": WORDS,
        "tier": WORDS,
        "order": st.sampled_from(["oldest", "newest"]),
    },
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TRACES, gone=st.sets(st.integers(0, 11)), asked=st.lists(QUERIES, max_size=5), limit=st.integers(1, 5))
def test_find_is_its_definition_over_lists(
    new_store: NewStore, rows: list[dict[str, Any]], gone: set[int], asked: list[dict[str, Any]], limit: int
) -> None:
    traces = [_trace(number, **row) for number, row in enumerate(rows)]
    left = [trace for trace in traces if trace.seed not in gone]
    queries = [Query(limit=limit), *(Query(limit=limit, **fields) for fields in asked)]

    async def ask() -> None:
        store = new_store()()
        await store.append(traces)
        for trace in traces:
            assert trace.seed not in gone or await store.delete(trace.id)
        for query in queries:
            wanted = _defined(left, query)
            assert await store.count(query) == len(wanted)
            assert await _pages(store, query) == [wanted[at : at + limit] for at in range(0, len(wanted), limit)]

    asyncio.run(ask())


def test_the_suite_runs_whole_for_a_plug_in(new_store: NewStore) -> None:
    check_store(new_store)


def test_the_suite_tells_which_promise_a_store_breaks(tmp_path: Path) -> None:
    class Forgetful:
        """Takes everything and keeps nothing."""

        def __init__(self, kept: Store) -> None:
            self.get, self.find, self.count, self.delete = kept.get, kept.find, kept.count, kept.delete

        async def append(self, traces: Sequence[Trace]) -> int:
            return len(traces)

    with pytest.raises(AssertionError, match="find returns equal traces in insertion order"):
        check_store(lambda: lambda: Forgetful(_opener("jsonl", tmp_path)()))


def _trace(number: int, **row: Any) -> Trace:
    origin = TASK.origin.model_copy(update={"licence": row["licence"]})
    tags = {name: row[name] for name in ("language", "kind", "tier") if row[name]}
    return sample(
        number,
        passed=row["passed"],
        task=TASK.model_copy(update={"split": row["split"], "tags": tags, "origin": origin}),
        environment=row["environment"],
        policy=PolicyCard(name=row["policy"], version="1", kind="oracle", privileged=row["privileged"]),
        status=row["status"],
        group=row["group"],
        provenance=Provenance(rollout=row["rollout"]),
    )


def _defined(traces: Sequence[Trace], query: Query) -> list[Trace]:
    """Say in plain words what a query means."""
    found = [
        trace
        for trace in traces
        if (not query.environment or trace.environment == query.environment)
        and (not query.policy or trace.policy.name == query.policy)
        and (not query.task or trace.task.id == query.task)
        and (not query.split or trace.task.split == query.split)
        and (not query.status or trace.status == query.status)
        and (query.passed is None or (trace.grade is not None and trace.grade.passed) == query.passed)
        and (query.privileged is None or trace.policy.privileged == query.privileged)
        and (not query.rollout or trace.provenance.rollout == query.rollout)
        and (not query.group or trace.group == query.group)
        and (not query.licences or trace.task.origin.licence in query.licences)
        and (not query.language or trace.task.tags.get("language") == query.language)
        and (not query.kind or trace.task.tags.get("kind") == query.kind)
        and (not query.tier or trace.task.tags.get("tier") == query.tier)
    ]
    return found[::-1] if query.order == "newest" else found


async def _pages(store: Store, query: Query) -> list[list[Trace]]:
    pages: list[list[Trace]] = []
    while True:
        page = await store.find(query)
        if page.traces:
            pages.append(list(page.traces))
        if not page.cursor:
            return pages
        query = query.model_copy(update={"cursor": page.cursor})
