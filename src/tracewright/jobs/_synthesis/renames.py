"""Drafts for single nodes: a leaf with another text, a common part of many names, a node that goes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tracewright.jobs._synthesis.draft import Draft
from tracewright.jobs._synthesis.sites import Site

_WORD_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|\s+|.", re.DOTALL)
_MOST_TEXT = 400
_CLASSES = ("identifier", "type_identifier")
_MEMBERS = (
    "identifier",
    "property_identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
)
_SCRIPTS = frozenset({"JavaScript", "TypeScript", "Tsx"})


def rename_drafts(sites: Sequence[Site], language: str) -> Iterator[Draft]:
    """Yield drafts for sites whose node is one leaf, and for nodes taken whole by their text."""
    leaves = [site for site in sites if not site.node.children and site.after and "\n" not in site.after]
    yield from _whole(leaves, language)
    yield from _part(leaves, language)
    yield from _literal(sites, language)


def _whole(leaves: Sequence[Site], language: str) -> Iterator[Draft]:
    """Yield one rule for each pair of texts, over all the kinds of node that it was seen in."""
    kinds: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for site in leaves:
        if site.node.named and len(site.node.text) <= _MOST_TEXT:
            kinds[site.node.text, site.after][site.node.kind] = None
    for (old, new), seen in kinds.items():
        if "$" in new:
            continue
        literals = 1.0 + _words(old) + 0.5 * _words(new)
        for chosen, price in _scopes(list(seen), language):
            yield _by_regex(language, chosen, f"^{quoted(old)}$", new, literals + price)


def _part(leaves: Sequence[Site], language: str) -> Iterator[Draft]:
    """Yield one rule for each part of a text that became another, in whatever text it stands."""
    kinds: dict[tuple[str, str, str, str], dict[str, None]] = defaultdict(dict)
    for site in leaves:
        if site.node.named:
            for found in _differences(site.node.text, site.after):
                kinds[found][site.node.kind] = None
    for (before, old, new, after), seen in kinds.items():
        regex = f"{before}{quoted(old)}{after}"
        price = 1.5 + _words(old) + 0.5 * _words(new) + (0.0 if before or after else 1.0)
        for chosen, extra in _scopes(list(seen), language):
            yield _by_transform(language, chosen, regex, old, new, (before, after), price + extra)


def _scopes(seen: list[str], language: str) -> Iterator[tuple[list[str], float]]:
    """Yield the kinds that a rename may be meant for: all that hold such names, those seen, each alone."""
    family = _family(seen, language)
    if family and set(seen) != set(family):
        # Where nothing in the text speaks against it, a renamed class or member is renamed wherever it stands.
        yield family, -1.3
    yield seen, 0.0
    yield from (([kind], 0.2) for kind in seen if len(seen) > 1)


def _family(seen: list[str], language: str) -> list[str]:
    if "type_identifier" in seen and set(seen) <= set(_CLASSES):
        return list(_CLASSES)
    if "property_identifier" in seen and set(seen) <= set(_MEMBERS) and language in _SCRIPTS:
        return list(_MEMBERS)
    return []


def _by_regex(language: str, kinds: Sequence[str], regex: str, fix: str, literals: float) -> Draft:
    rule = {**_kinds(kinds), "regex": regex}
    return Draft(language, {"rule": rule, "fix": fix}, kinds[0], literals, 0)


def _by_transform(
    language: str, kinds: Sequence[str], regex: str, old: str, new: str, edges: tuple[str, str], literals: float
) -> Draft:
    before, after = edges
    head, tail = (f"(?P<HEAD>{before})" if before else ""), (f"(?P<TAIL>{after})" if after else "")
    by = ("$HEAD" if before else "") + new + ("$TAIL" if after else "")
    change = {"source": "$A", "replace": f"{head}{quoted(old)}{tail}", "by": by}
    rule = {**_kinds(kinds), "pattern": "$A", "regex": regex}
    body = {"rule": rule, "transform": {"B": {"replace": change}}, "fix": "$B"}
    return Draft(language, body, kinds[0], literals, 1)


def _kinds(kinds: Sequence[str]) -> dict[str, object]:
    return {"kind": kinds[0]} if len(kinds) == 1 else {"any": [{"kind": kind} for kind in kinds]}


def _literal(sites: Sequence[Site], language: str) -> Iterator[Draft]:
    """Yield a rule that knows the node by its whole text, for nodes that no pattern can be written for."""
    for site in sites:
        node = site.node
        plain = "\n" not in node.text + site.after and "$" not in site.after
        if plain and node.children and node.named and len(node.text) <= _MOST_TEXT:
            literals = 4.0 + _words(node.text) + 0.5 * _words(site.after)
            yield _by_regex(language, [node.kind], f"^{quoted(node.text)}$", site.after, literals)


def _differences(old: str, new: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield (regex before, old part, new part, regex after): the words that differ, with and without a neighbour."""
    mine, other = _WORD_PARTS.findall(old), _WORD_PARTS.findall(new)
    head = 0
    while head < min(len(mine), len(other)) and mine[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(mine), len(other)) - head and mine[-1 - tail] == other[-1 - tail]:
        tail += 1
    if head + tail == 0:
        return
    for left, right in ((0, 0), (1, 0), (0, 1)):
        lo, hi = max(head - left, 0), max(tail - right, 0)
        gone, came = "".join(mine[lo : len(mine) - hi]), "".join(other[lo : len(other) - hi])
        if gone and "$" not in came:
            yield "^" if lo == 0 else "", gone, came, "$" if hi == 0 else ""


def quoted(text: str) -> str:
    """Return a regex for a text, in the dialect that ast-grep reads."""
    return re.sub(r"([.^$*+?()\[\]{}|\\#&~-])", r"\\\1", text)


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))
