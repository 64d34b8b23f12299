"""Turns a meaning into a query plan: joins by the set's relationships, then filter, aggregate, rank, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tracewright.environments.analytics.questions.meaning import Expression, Group, Meaning, Measure, tables_in
from tracewright.records.base import JsonObject
from tracewright.tables.schema import Relationship, TableSet

SORT_SUFFIX = "_number"
"""The end of the name of a column that only sorts another, and is not shown."""
RANKED = "value"
"""What a list calls the number that it is ranked by."""


class UnreachableError(Exception):
    """Two tables of a meaning are not linked by keys from many to one, so that rows would multiply."""


def plan_of(meaning: Meaning, tables: TableSet, promised: bool = True) -> JsonObject:
    """Return the plan of a meaning; raises UnreachableError where its tables do not hang together.

    Where nobody `promised` that every row has the other that it names, joins keep those that have none.
    """
    steps: list[Expression] = [*_joins(meaning, tables, {} if promised else {"how": "left"})]
    if meaning.filters:
        steps.append({"filter": _all(meaning.filters)})
    steps += _table(meaning) if meaning.measures else _list(meaning)
    return {"plan": 1, "from": _source(meaning), "steps": steps}


def reachable(base: str, wanted: set[str], links: Sequence[Relationship]) -> bool:
    """Say whether every table can be joined to `base` without a row of `base` being counted twice."""
    return all(_road(base, table, links) is not None for table in wanted)


def _joins(meaning: Meaning, tables: TableSet, how: JsonObject) -> Iterator[JsonObject]:
    known = {(link.child.split(".")[0], link.parent.split(".")[0]): link for link in tables.relationships}
    joined = {meaning.base}
    for table in sorted(tables_in(meaning)):
        road = _road(meaning.base, table, tables.relationships)
        if road is None:
            raise UnreachableError(f"{table} cannot be joined to {meaning.base} without counting rows twice")
        for child, parent in pairwise(road):
            if parent not in joined:
                joined.add(parent)
                link = known[child, parent]
                on: JsonObject = {"eq": [link.child, link.parent]}
                yield {"join": {"to": parent, **how, "on": on, "expect": "many_to_one"}}


def _road(start: str, end: str, links: Sequence[Relationship]) -> list[str] | None:
    """Return the shortest way from child to parent tables, both ends included."""
    roads = [[start]]
    for road in roads:
        if road[-1] == end:
            return road
        parents = {link.parent.split(".")[0] for link in links if link.child.split(".")[0] == road[-1]}
        roads += [[*road, parent] for parent in sorted(parents) if parent not in road]
    return None


def _source(meaning: Meaning) -> Expression:
    if meaning.latest is None:
        return meaning.base
    first = {"distinct": {"on": [meaning.latest.per], "order": [{"desc": meaning.latest.time}]}}
    return {"plan": {"from": meaning.base, "steps": [first]}, "as": meaning.base}


def _all(conditions: Sequence[Expression]) -> Expression:
    return conditions[0] if len(conditions) == 1 else {"and": list(conditions)}


def _list(meaning: Meaning) -> Iterator[JsonObject]:
    """List values: each once, or the first few rows by an expression, which is then shown as well."""
    items: list[Expression] = [_item(group) for group in meaning.groups]
    names: list[Expression] = [group.name for group in meaning.groups]
    if meaning.rank and meaning.rank.by is not None:
        yield {"filter": {"not_null": meaning.rank.by}}
        yield {"select": [*items, {"as": RANKED, "expr": meaning.rank.by}]}
        yield {"sort": [_first(meaning.rank.descending, RANKED), *names]}
        yield {"limit": meaning.rank.rows}
        return
    yield {"select": items}
    yield {"distinct": True}
    yield {"sort": names}
    if meaning.rank:
        yield {"limit": meaning.rank.rows}


def _first(descending: bool, name: Expression) -> Expression:
    return {"desc": name} if descending else name


def _table(meaning: Meaning) -> Iterator[JsonObject]:
    yield from _aggregates(meaning)
    yield from _followed(meaning)
    yield from _sorted(meaning)
    if any(group.order is not None for group in meaning.groups):
        yield {"select": [*[group.name for group in meaning.groups], *_shown(meaning)]}


def _aggregates(meaning: Meaning) -> Iterator[JsonObject]:
    by = [item for group in (*meaning.groups, *meaning.inner) for item in _keys(group)]
    measures: list[Expression] = [{"as": measure.name, "expr": aggregate(measure)} for measure in meaning.measures]
    yield {"aggregate": {"by": by, "measures": measures}}
    if meaning.having:
        yield {"filter": _all(meaning.having)}
    if meaning.outer:
        first = meaning.measures[0]
        named = [name for group in meaning.groups for name in _names(group)]
        outer = Measure(name=_outer_name(meaning), kind=meaning.outer, of=first.name)
        yield {"aggregate": {"by": named, "measures": [{"as": outer.name, "expr": aggregate(outer)}]}}


def _outer_name(meaning: Meaning) -> str:
    return meaning.inner[0].name + "s" if meaning.outer == "count" else f"{meaning.outer}_{meaning.measures[0].name}"


def _keys(group: Group) -> Iterator[Expression]:
    yield _item(group)
    if group.order is not None:
        yield {"as": group.name + SORT_SUFFIX, "expr": group.order}


def _names(group: Group) -> list[Expression]:
    return [group.name] if group.order is None else [group.name, group.name + SORT_SUFFIX]


def _item(group: Group) -> JsonObject:
    return {"as": group.name, "expr": group.expr}


def aggregate(measure: Measure) -> Expression:
    """Return the expression of a measure."""
    narrowed: JsonObject = {} if measure.where is None else {"where": measure.where}
    match measure.kind:
        case "count":
            return {"count": "*", **narrowed}
        case "distinct":
            return {"count_distinct": measure.of, **narrowed}
        case "share":
            counted: JsonObject = {"count": "*"} if measure.of is None else {"count_distinct": measure.of}
            return {"ratio": [{**counted, **narrowed}, counted]}
        case "portion":
            return {"ratio": [{"sum": measure.of, **narrowed}, {"sum": measure.of}]}
        case "percentile":
            return {"agg": "quantile_cont", "args": [measure.of, measure.at], **narrowed}
        case "stddev":
            return {"agg": "stddev_samp", "args": [measure.of], **narrowed}
    return {measure.kind: measure.of, **narrowed}


def _followed(meaning: Meaning) -> Iterator[JsonObject]:
    first = meaning.measures[0].name
    period = next((group for group in meaning.groups if group.grain), None)
    others: list[Expression] = [group.name for group in meaning.groups if group is not period]
    match meaning.follow:
        case "change" if period:
            asked: JsonObject = {"of": [first], "by": period.name, "grain": period.grain, "offset": 1, "per": others}
            yield {"compare": {**asked, "outputs": ["prev", "delta", "pct"]}}
        case "running" if period:
            total: JsonObject = {"as": f"{first}_so_far", "expr": {"sum": first}}
            yield {"cumulative": {"measures": [total], "by": period.name, "per": others}}
        case "share":
            yield {"share": {"of": first, "per": [], "as": "share"}}
        case "difference":
            yield {"derive": [{"as": "difference", "expr": {"sub": [first, meaning.measures[1].name]}}]}


def _sorted(meaning: Meaning) -> Iterator[JsonObject]:
    names = [_names(group)[-1] for group in meaning.groups]
    if meaning.rank is None:
        if names:
            yield {"sort": names}
        return
    order = [_first(meaning.rank.descending, _shown(meaning)[0]), *names]
    if meaning.rank.per:
        per: list[Expression] = list(meaning.rank.per)
        yield {"top": {"n": meaning.rank.rows, "per": per, "order": order, "ties": "row"}}
        yield {"sort": [*per, *order]}
        return
    yield {"sort": order}
    yield {"limit": meaning.rank.rows}


def _shown(meaning: Meaning) -> list[Expression]:
    """Return the names of the columns after the groups, in order."""
    first = meaning.measures[0].name
    if meaning.outer:
        return [_outer_name(meaning)]
    further: dict[str, list[Expression]] = {
        "change": [f"{first}_prev", f"{first}_delta", f"{first}_pct"],
        "running": [f"{first}_so_far"],
        "share": ["share"],
        "difference": ["difference"],
    }
    return [*[measure.name for measure in meaning.measures], *further.get(meaning.follow, [])]
