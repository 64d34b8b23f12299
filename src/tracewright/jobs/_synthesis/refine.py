"""Narrows drafts that match too much: what is true of every right match and of no wrong one becomes a condition.

Cheap conditions speak of shape (kinds, fields, neighbours), dear ones of names, which are seldom true in another file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tracewright.jobs._synthesis.draft import Draft
from tracewright.jobs._synthesis.renames import quoted
from tracewright.jobs._synthesis.tree import Node
from tracewright.jobs._synthesis.verify import Bench, Hit, Tried

MOST_REFINED = 80
MOST_ABOVE = 40
MOST_CONDITIONS = 6
MOST_REMEMBERED = 60
MOST_WAYS = 5
_FIELDS = (
    "function", "object", "name", "value", "left", "right", "type", "key", "condition", "property", "attribute",
    "alias", "superclass", "return_type", "constructor", "declarator", "argument", "arguments", "body", "module_name",
)  # fmt: skip
_MOST_NAMES = 6
_MOST_NAME = 60


@dataclass(frozen=True)
class Condition:
    """Something to add to a rule, under `rule` or `constraints`, at a price."""

    price: float
    field: str
    value: dict[str, Any]


Head = tuple[str, str, str]
"""A node kind, a naming field of it and the text of that field."""


def refine(tried: Sequence[Tried], bench: Bench) -> list[Draft]:
    """Return narrower drafts for those that match too much, the most promising first."""
    loose = [one for one in tried if one.over_matches]
    loose.sort(key=lambda one: (one.draft.cost / len(one.claims), one.draft.key))
    drafts: dict[str, Draft] = {}
    for one in loose[:MOST_REFINED]:
        right = [hit for hit in one.hits if hit.right]
        wrong = [hit for hit in one.hits if not hit.right]
        for condition in _conditions(one, right, wrong, bench)[:MOST_CONDITIONS]:
            draft = one.draft.refined(condition.price, **{condition.field: condition.value})
            drafts.setdefault(draft.key, draft)
    return list(drafts.values())


def remember(tried: Sequence[Tried], missing: frozenset[int], bench: Bench) -> list[Draft]:
    """Return drafts narrowed to one edit each, for units that no sound draft settles."""
    drafts: dict[str, Draft] = {}
    loose = [one for one in tried if one.over_matches and one.claims & missing]
    loose.sort(key=lambda one: (one.draft.cost, one.draft.key))
    for unit in sorted(missing)[:MOST_REMEMBERED]:
        settling = [(one, hit) for one in loose for hit in one.hits if hit.right and unit in hit.claims]
        for one, hit in settling[:MOST_WAYS]:
            wrong = [other for other in one.hits if not other.right]
            for condition in _conditions(one, [hit], wrong, bench)[:MOST_WAYS]:
                draft = one.draft.refined(condition.price + 2.0, **{condition.field: condition.value})
                drafts.setdefault(draft.key, draft)
    return list(drafts.values())


def _conditions(tried: Tried, right: Sequence[Hit], wrong: Sequence[Hit], bench: Bench) -> list[Condition]:
    found = [*_of_captures(right, wrong, bench)]
    good, bad = ([_node(hit, tried.draft.kind, bench) for hit in hits] for hits in (right, wrong))
    taken = tried.draft.body["rule"]
    found += [condition for condition in _of_places(good, bad) if not set(condition.value) & set(taken)]
    return sorted(found, key=lambda condition: condition.price)


def _node(hit: Hit, kind: str, bench: Bench) -> Node:
    """Return the node that a draft matched."""
    lo, hi = bench.starts.get(hit.match.start, hit.lo), bench.ends.get(hit.match.end, hit.hi)
    node = bench.example.pre.covering(lo, max(hi, lo + 1))
    while node.kind != kind and len(node.children) == 1:
        node = node.children[0]
    return node


def _of_captures(right: Sequence[Hit], wrong: Sequence[Hit], bench: Bench) -> Iterator[Condition]:
    """Yield conditions on what a metavariable stands for."""
    names = dict.fromkeys(name for hit in right for name, _, _ in hit.match.captures)
    for name in names:
        good, bad = ([_captured(hit, name, bench) for hit in hits] for hits in (right, wrong))
        if None in good or None in bad:
            continue
        kinds, other_kinds = ({node.kind for node in nodes if node} for nodes in (good, bad))
        texts, other_texts = (sorted({node.text for node in nodes if node}) for nodes in (good, bad))
        if not kinds & other_kinds:
            yield Condition(1.0, "constraints", {name: _any_kind(kinds)})
        if set(texts) & set(other_texts):
            continue
        for told, price, wrap in ((texts, 1.5, False), (other_texts, 2.0, True)):
            if len(told) <= _MOST_NAMES and all(len(text) <= _MOST_NAME and "\n" not in text for text in told):
                test = {"regex": "^(" + "|".join(map(quoted, told)) + ")$"}
                words = sum(len(re.findall(r"\w+", text)) for text in told)
                yield Condition(price + max(words, len(told)), "constraints", {name: {"not": test} if wrap else test})


def _captured(hit: Hit, name: str, bench: Bench) -> Node | None:
    for captured, start, end in hit.match.captures:
        if captured == name and start in bench.starts and end in bench.ends:
            return bench.example.pre.covering(bench.starts[start], bench.ends[end])
    return None


def _any_kind(kinds: Iterable[str]) -> dict[str, Any]:
    chosen = sorted(kinds)
    return {"kind": chosen[0]} if len(chosen) == 1 else {"any": [{"kind": kind} for kind in chosen]}


def _of_places(good: Sequence[Node], bad: Sequence[Node]) -> Iterator[Condition]:
    """Yield conditions on where a node stands."""
    yield from _parents(good, bad)
    yield from _ancestors(good, bad)
    yield from _neighbours(good, bad)
    yield from _named(good, bad, _head_of_parent, 2.5, {})
    yield from _named(good, bad, _heads, 4.0, {"stopBy": "end"})
    places = {_place(node) for node in good}
    if len(places) == 1 and not places & {_place(node) for node in bad}:
        yield Condition(3.5, "rule", {"nthChild": places.pop()})


def _parents(good: Sequence[Node], bad: Sequence[Node]) -> Iterator[Condition]:
    kinds, other = ({node.parent.kind for node in nodes if node.parent} for nodes in (good, bad))
    if kinds and not kinds & other:
        yield Condition(0.8 + 0.2 * len(kinds), "rule", {"inside": _any_kind(kinds)})
        yield Condition(1.0 + 0.2 * len(other), "rule", {"not": {"inside": _any_kind(other)}})
    fields, others = ({_field(node) for node in nodes} for nodes in (good, bad))
    if len(fields) == 1 and not fields & others:
        kind, field = fields.pop()
        if field:
            yield Condition(1.2, "rule", {"inside": {"kind": kind, "field": field}})


def _ancestors(good: Sequence[Node], bad: Sequence[Node]) -> Iterator[Condition]:
    for kind in _only_right(good, bad, _kinds_above)[:1]:
        yield Condition(2.6, "rule", {"inside": {"kind": kind, "stopBy": "end"}})
    for kind in _only_right(bad, good, _kinds_above)[:1]:
        yield Condition(3.0, "rule", {"not": {"inside": {"kind": kind, "stopBy": "end"}}})


def _neighbours(good: Sequence[Node], bad: Sequence[Node]) -> Iterator[Condition]:
    for relation, step in (("precedes", 1), ("follows", -1)):
        near, far = ([_sibling(node, step) for node in nodes] for nodes in (good, bad))
        first = near[0]
        if first is None:
            continue
        kinds, other_kinds = ({_kind(node) for node in nodes} for nodes in (near, far))
        texts, other_texts = ({_text(node) for node in nodes} for nodes in (near, far))
        if first.named and len(kinds) == 1 and not kinds & other_kinds:
            yield Condition(1.7, "rule", {relation: {"kind": first.kind}})
        elif len(texts) == 1 and not texts & other_texts and len(first.text) <= 2 * _MOST_NAME:
            price = 4.0 if first.named else 1.7
            kind = {"kind": first.kind} if first.named else {}  # tokens have no kind that a rule could name
            if "\n" not in first.text:
                yield Condition(price, "rule", {relation: {**kind, "regex": f"^{quoted(first.text)}$"}})


def _named(
    good: Sequence[Node], bad: Sequence[Node], heads: Callable[[Node], list[Head]], price: float, reach: dict[str, str]
) -> Iterator[Condition]:
    """Yield conditions on what the nodes around are called: a callee, a declaration, a key."""
    ways = dict.fromkeys((kind, field) for kind, field, _ in heads(good[0]))
    for way in list(ways)[:_MOST_NAMES]:
        names = [_names(node, way, heads) for node in good]
        taken = {name for node in bad for name in _names(node, way, heads)}
        nearest = dict.fromkeys(found[0] for found in names if found)
        if all(names) and not taken & set(nearest) and len(nearest) <= _MOST_NAMES:
            kind, field = way
            regex = "^(" + "|".join(map(quoted, nearest)) + ")$"
            extra = 1.2 * len(nearest) + 2.0 * (field == "name")
            inside = {"kind": kind, "has": {"field": field, "regex": regex}, **reach}
            yield Condition(price + extra, "rule", {"inside": inside})


def _names(node: Node, way: tuple[str, str], heads: Callable[[Node], list[Head]]) -> list[str]:
    return [text for kind, field, text in heads(node) if (kind, field) == way]


def _only_right(good: Sequence[Node], bad: Sequence[Node], test: Callable[[Node], list[Any]]) -> list[Any]:
    """Return what is found at every good node and at no bad one, in the order of the first good one."""
    shared = test(good[0])
    for node in good[1:]:
        others = set(test(node))
        shared = [item for item in shared if item in others]
    for node in bad:
        others = set(test(node))
        shared = [item for item in shared if item not in others]
    return shared


def _kinds_above(node: Node) -> list[str]:
    return list(dict.fromkeys(above.kind for above in islice(node.ancestors(), MOST_ABOVE) if above.parent is not None))


def _head_of_parent(node: Node) -> list[Head]:
    return _own_heads(node.parent, node) if node.parent is not None else []


def _heads(node: Node) -> list[Head]:
    return [head for above in islice(node.ancestors(), MOST_ABOVE) for head in _own_heads(above, node)]


def _own_heads(above: Node, node: Node) -> list[Head]:
    """Return the names of a node above that do not hold the node itself."""
    names = above.names
    return [(above.kind, field, text) for field, start, end, text in names if end <= node.start or start >= node.end]


def _field(node: Node) -> tuple[str, str]:
    """Return the kind of the parent and the field in which the node stands there, if it is a known one."""
    if node.parent is None:
        return "", ""
    for field in _FIELDS:
        part = node.parent.native.field(field)
        if part is not None and part.range().start.index == node.start and part.range().end.index == node.end:
            return node.parent.kind, field
    return node.parent.kind, ""


def _place(node: Node) -> int:
    siblings = [child for child in node.parent.children if child.named] if node.parent else []
    return siblings.index(node) + 1 if node in siblings else 0


def _sibling(node: Node, step: int) -> Node | None:
    siblings = node.parent.children if node.parent else []
    index = siblings.index(node) + step if node in siblings else -1
    return siblings[index] if 0 <= index < len(siblings) else None


def _kind(node: Node | None) -> str:
    return node.kind if node else ""


def _text(node: Node | None) -> str:
    return node.text if node else ""
