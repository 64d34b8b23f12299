"""Builds a dataset: pages through a store, chooses, counts what was left out, and writes the manifest last."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from tracewright.datasets import lengths
from tracewright.datasets.dedupe import fingerprint, sketch
from tracewright.datasets.manifests import keep
from tracewright.datasets.report import card
from tracewright.datasets.select import Candidate, PassRates, candidate, refusal, select
from tracewright.errors import DatasetError
from tracewright.records.base import JsonObject, digest
from tracewright.records.manifest import DatasetRequest, Manifest, TraceRef
from tracewright.records.task import Split
from tracewright.records.trace import Trace
from tracewright.stores import Query, Store

PAGE = 100


@dataclass(frozen=True)
class Pool:
    """What a store has for a request, and what the gates left out."""

    candidates: list[Candidate]
    rates: PassRates
    dropped: Counter[str]


async def build_dataset(
    store: Store,
    request: DatasetRequest,
    home: Path,
    clock: Callable[[], datetime],
    build_id: str = "",
    parent: str = "",
    session_id: str = "",
) -> Manifest:
    """Build a dataset and return its manifest; the one that is there already where the content is the same.

    Traces and order follow from the request and the set of stored traces. Raises DatasetError when no trace passes,
    when the key is taken by other content, or when a stored trace does not hash to its id.
    """
    counter = lengths.tokenizer(request.tokenizer)
    pool = await _gather(store, request, counter)
    chosen, left_out = await asyncio.to_thread(select, pool.candidates, pool.rates, request)
    dropped = dict(sorted((pool.dropped + left_out).items()))
    if not chosen:
        raise DatasetError(_nothing(dropped, request))
    created_at = clock().astimezone(UTC).isoformat(timespec="milliseconds")
    draft = Manifest(
        key=request.key,
        build_id="",
        created_at=created_at,
        request=request,
        traces=tuple(TraceRef(id=one.id, sha256=one.sha256) for one in chosen),
        stats=_stats(chosen, pool.rates, counter, request),
        licences=dict(sorted(Counter(one.facts["licence"] for one in chosen).items())),
        dropped=dropped,
        parent=parent,
        session_id=session_id,
    )
    named = draft.model_copy(update={"build_id": build_id or digest([draft.content_hash(), created_at])[:32]})
    manifest = named.sealed()
    return keep(home, manifest, card(manifest))


async def _gather(store: Store, request: DatasetRequest, counter: lengths.Tokenizer) -> Pool:
    pool = Pool([], PassRates(), Counter())
    for split in get_args(Split):
        wanted = _query(request, split)
        if split not in request.splits:
            pool.dropped["other_split"] += await store.count(wanted)
            continue
        async for page in _pages(store, wanted):
            # Hashing and counting take milliseconds a trace; others go on meanwhile.
            await asyncio.to_thread(_sift, pool, page, request, counter)
    return pool


def _query(request: DatasetRequest, split: Split) -> Query:
    wanted = request.filters.model_dump(exclude={"passed", "min_reward"})
    return Query(split=split, limit=PAGE, **wanted)


async def _pages(store: Store, query: Query) -> AsyncIterator[Sequence[Trace]]:
    page = await store.find(query)
    yield page.traces
    while page.cursor:
        page = await store.find(query.model_copy(update={"cursor": page.cursor}))
        yield page.traces


def _sift(pool: Pool, traces: Sequence[Trace], request: DatasetRequest, counter: lengths.Tokenizer) -> None:
    for trace in traces:
        pool.rates.count(trace)
        if reason := refusal(trace, request):
            pool.dropped[reason] += 1
            continue
        if trace.content_id() != trace.id:
            raise DatasetError(f"trace {trace.id[:12]} of the store does not hash to its id; delete it or restore it")
        tokens = lengths.longest(trace, counter)
        if request.max_tokens is not None and tokens > request.max_tokens:
            pool.dropped["too_long"] += 1
            continue
        near = sketch(trace) if request.dedupe == "near" else None
        pool.candidates.append(candidate(trace, request, tokens, fingerprint(trace), near))


def _stats(
    chosen: Sequence[Candidate], rates: PassRates, counter: lengths.Tokenizer, request: DatasetRequest
) -> JsonObject:
    groups = sorted({one.group for one in chosen})
    mean_rate = sum(rates.of(group) for group in groups) / len(groups)
    longest: JsonObject = {
        "tokenizer": counter.name,
        "tokenizer_sha256": counter.sha256,
        "max_tokens": request.max_tokens,
    }
    stats: JsonObject = {
        "traces": len(chosen),
        "steps": sum(one.steps for one in chosen),
        "mean_reward": round(sum(one.reward for one in chosen) / len(chosen), 6),
        "lengths": {**longest, **lengths.summary([one.tokens for one in chosen])},
        "pass_rates": {"groups": len(groups), "mean": round(mean_rate, 6)},
    }
    for name in ("environment", "kind", "language", "policy"):
        stats[f"by_{name}"] = dict(sorted(Counter(one.facts[name] or "not said" for one in chosen).items()))
    return stats


def _nothing(dropped: dict[str, int], request: DatasetRequest) -> str:
    if not dropped:
        filters = request.filters.to_json()
        return f"no trace passes: the store holds none that fits the filters {filters}; collect some, or filter less"
    reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
    return f"no trace passes: all {sum(dropped.values())} were left out ({reasons}); collect more, or ask for less"
