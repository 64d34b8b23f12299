"""The promises of a store, one check each: `check_store(new_store)` runs them all.

`new_store()` makes an empty store and returns what opens it; opening it twice gives two views of the same store.
A plug-in's test, where `open_mine(home)` opens the store of a folder, is:
`check_store(lambda: partial(open_mine, Path(tempfile.mkdtemp())))`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tracewright.errors import StoreError, UsageError
from tracewright.records.trace import Trace
from tracewright.stores import Query, Store
from tracewright.stores._contract.samples import TASK, sample, tagged, varied

Opener = Callable[[], Store]
Check = Callable[[Opener], Awaitable[None]]


def check_store(new_store: Callable[[], Opener]) -> None:
    """Run every check on an empty store of its own; raises AssertionError that says which promise was broken."""
    for check in CHECKS:
        asyncio.run(_run(check, new_store()))


async def _run(check: Check, opener: Opener) -> None:
    await check(opener)


async def an_empty_store_finds_nothing(opener: Opener) -> None:
    store = opener()
    _equal((await store.find(Query())).traces, (), "an empty store has an empty page")
    _equal(await store.count(Query()), 0, "an empty store counts nothing")
    _equal(await store.get("0" * 64), None, "an id that is not there is None")
    _equal(await store.delete("0" * 64), False, "what is not there is not deleted")
    _equal(await store.append([]), 0, "appending nothing adds nothing")


async def a_trace_comes_back_as_it_went_in(opener: Opener) -> None:
    store, traces = opener(), varied()
    _equal(await store.append(traces), len(traces), "append counts what is new")
    _equal((await store.find(Query())).traces, tuple(traces), "find returns equal traces in insertion order")
    for trace in traces:
        _equal(await store.get(trace.id), trace, "get returns an equal trace")


async def the_first_of_two_with_one_id_stays(opener: Opener) -> None:
    store, first, later = opener(), sample(1, started_at="2001"), sample(1, started_at="2002")
    _equal(await store.append([first, later]), 1, "one id within one call is stored once")
    _equal(await store.append([later, sample(2)]), 1, "only what is new counts")
    _equal(await store.get(first.id), first, "the trace that came first stays")


async def a_changed_trace_is_refused_with_all_its_call(opener: Opener) -> None:
    store = opener()
    changed = sample(1).model_copy(update={"seed": 2})
    await _raises(StoreError, store.append([sample(3), changed]), "a trace whose id is not its content's is refused")
    _equal(await store.count(Query()), 0, "a refused call stores nothing")
    _equal(await store.append([sample(3)]), 1, "a store goes on after a refusal")


async def an_id_can_be_shortened_to_eight_digits(opener: Opener) -> None:
    store, trace = opener(), sample(1)
    await store.append([trace, sample(2)])
    _equal(await store.get(trace.id[:8]), trace, "eight digits find a trace")
    for text in (trace.id[:7], "", "%", trace.id.upper() + "x", trace.id + "0", "' OR 1=1 --"):
        _equal(await store.get(text), None, f"{text[:12]!r} is no beginning of an id")


async def every_field_of_a_query_filters(opener: Opener) -> None:
    store, traces = opener(), varied()
    await store.append(traces)
    for field, value, numbers in FILTERED:
        query = Query.model_validate({field: value})
        found = [trace.seed for trace in (await store.find(query)).traces]
        _equal(found, numbers, f"{field}={value!r} finds what it asks for")
        _equal(await store.count(query), len(numbers), f"{field}={value!r} counts what it finds")


FILTERED: Sequence[tuple[str, object, list[int]]] = (
    ("environment", "astgrep", [1]),
    ("policy", "search", [2]),
    ("task", "1" * 64, [3]),
    ("split", "test", [4]),
    ("status", "truncated", [5]),
    ("passed", False, [6, 7]),
    ("passed", True, [*range(6), *range(8, 15)]),
    ("privileged", True, [8]),
    ("privileged", False, [*range(8), *range(9, 15)]),
    ("rollout", "r1", [9]),
    ("group", "g1", [10]),
    ("licences", ("Apache-2.0 AND MIT", "ISC"), [11]),
    ("licences", ("MIT", "Apache-2.0 AND MIT"), [*range(15)]),
    ("licences", ("Apache-2.0",), []),
    ("language", "python", [12]),
    ("kind", "commit", [13]),
    ("tier", "mixed", [14]),
    ("environment", "cards' OR 1=1 --", []),
)


async def hostile_tags_are_only_text(opener: Opener) -> None:
    store = opener()
    texts = ["nul \0 inside", "x" * 10_000, "'; DROP TABLE traces; --", "%", "\U0001f0c3 \u202e", 'a"\\\n', "x" * 65]
    await store.append([tagged(number, tier=text) for number, text in enumerate(texts)])
    for number, text in enumerate(texts):
        found = [trace.seed for trace in (await store.find(Query(tier=text))).traces]
        _equal(found, [number], f"the tag {text[:12]!r} finds its trace alone")


async def pages_visit_each_trace_once_in_order(opener: Opener) -> None:
    store, traces = opener(), [sample(number, passed=number % 3 > 0) for number in range(11)]
    await store.append(traces)
    passed = [number for number in range(11) if number % 3 > 0]
    for limit in (1, 3, 7, 100):
        oldest, newest = Query(passed=True, limit=limit), Query(passed=True, limit=limit, order="newest")
        _equal([trace.seed for trace in await _all(store, oldest)], passed, f"oldest first by {limit}")
        _equal([trace.seed for trace in await _all(store, newest)], passed[::-1], f"newest first by {limit}")


async def a_page_stays_true_while_others_write(opener: Opener) -> None:
    store = opener()
    await store.append([sample(number) for number in range(6)])
    queries = [Query(limit=2, order="oldest"), Query(limit=2, order="newest")]
    cursors = [(await store.find(query)).cursor for query in queries]
    await store.delete(sample(1).id)
    await store.delete(sample(4).id)
    await opener().append([sample(6)])
    rest = [
        await _all(store, query.model_copy(update={"cursor": at})) for query, at in zip(queries, cursors, strict=True)
    ]
    _equal([trace.seed for trace in rest[0]], [2, 3, 5, 6], "an oldest-first cursor goes on behind what it showed")
    _equal([trace.seed for trace in rest[1]], [3, 2, 0], "a newest-first cursor goes on before what it showed")


async def a_cursor_that_is_none_is_wrong_use(opener: Opener) -> None:
    store = opener()
    await store.append([sample(number) for number in range(3)])
    cursor = (await store.find(Query(limit=1))).cursor
    _equal(bool(cursor), True, "a page that is not the last has a cursor")
    _equal((await store.find(Query(limit=3))).cursor, "", "the last page has none")
    for wrong in ("x", "1", cursor + "'", f"{cursor}\n", cursor * 9):
        await _raises(UsageError, store.find(Query(cursor=wrong)), f"{wrong[:20]!r} is no cursor")
    await _raises(UsageError, store.find(Query(cursor=cursor, order="newest")), "a cursor fits its own order alone")


async def a_count_is_of_all_that_match(opener: Opener) -> None:
    store = opener()
    await store.append([sample(number) for number in range(5)])
    page = await store.find(Query(limit=2))
    _equal(await store.count(Query(limit=2, cursor=page.cursor)), 5, "a count has no limit and no cursor")


async def a_deleted_trace_stays_away(opener: Opener) -> None:
    store, trace = opener(), sample(1)
    await store.append([trace, sample(2)])
    _equal(await store.delete(trace.id[:8]), False, "a deletion wants the whole id")
    _equal(await store.delete(trace.id), True, "a deletion says that it was there")
    _equal(await store.delete(trace.id), False, "it is deleted once")
    _equal(await store.get(trace.id), None, "a deleted trace is gone")
    _equal(await store.append([trace, sample(3)]), 1, "a deleted trace is not taken in again, its neighbours are")
    _equal([found.seed for found in await _all(opener(), Query())], [2, 3], "a deletion outlives the opening")
    _equal(await opener().append([trace]), 0, "a tombstone outlives the opening")


async def what_was_appended_is_there_for_whoever_opens_next(opener: Opener) -> None:
    first, second = opener(), opener()
    await first.append([sample(1)])
    _equal(await second.append([sample(1), sample(2)]), 1, "another view knows what is there")
    _equal([trace.seed for trace in await _all(first, Query())], [1, 2], "a view sees what another one added")
    _equal([trace.seed for trace in await _all(opener(), Query())], [1, 2], "a new view sees all")


async def many_may_append_at_once(opener: Opener) -> None:
    stores = [opener(), opener()]
    calls = [stores[i % 2].append([sample(i), sample(i + 1), sample(i + 2)]) for i in range(40)]
    _equal(sum(await asyncio.gather(*calls)), 42, "every id is new exactly once")
    found = [trace.seed for trace in await _all(stores[0], Query(limit=5))]
    _equal(sorted(found), list(range(42)), "nothing is lost or doubled")


async def one_bad_call_among_many_fails_alone(opener: Opener) -> None:
    store, changed = opener(), sample(99).model_copy(update={"task": TASK.model_copy(update={"id": "f" * 64})})
    calls = [store.append([sample(i)] if i != 7 else [sample(i), changed]) for i in range(20)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    _equal([i for i, answer in enumerate(answers) if answer != 1], [7], "the others are stored")
    _equal(isinstance(answers[7], StoreError), True, "the bad one is told")
    _equal(await store.count(Query()), 19, "nothing of the bad one is stored")


CHECKS: tuple[Check, ...] = (
    an_empty_store_finds_nothing,
    a_trace_comes_back_as_it_went_in,
    the_first_of_two_with_one_id_stays,
    a_changed_trace_is_refused_with_all_its_call,
    an_id_can_be_shortened_to_eight_digits,
    every_field_of_a_query_filters,
    hostile_tags_are_only_text,
    pages_visit_each_trace_once_in_order,
    a_page_stays_true_while_others_write,
    a_cursor_that_is_none_is_wrong_use,
    a_count_is_of_all_that_match,
    a_deleted_trace_stays_away,
    what_was_appended_is_there_for_whoever_opens_next,
    many_may_append_at_once,
    one_bad_call_among_many_fails_alone,
)


async def _all(store: Store, query: Query) -> list[Trace]:
    found: list[Trace] = []
    while True:
        page = await store.find(query)
        found.extend(page.traces)
        if not page.cursor:
            return found
        query = query.model_copy(update={"cursor": page.cursor})


async def _raises(kind: type[Exception], call: Awaitable[object], promise: str) -> None:
    try:
        await call
    except kind as error:
        _equal(bool(str(error)), True, f"{promise}, in a sentence")
        return
    raise AssertionError(f"{promise}: wanted {kind.__name__}, nothing was raised")


def _equal(found: object, wanted: object, promise: str) -> None:
    if found != wanted:
        raise AssertionError(f"{promise}: wanted {wanted!r:.300}, found {found!r:.300}")
