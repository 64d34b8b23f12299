"""Drafts that know a node by its kind and name only: to insert beside it, or to take it away, however large it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tracewright.jobs._synthesis.abstract import dedented, indent_of, is_ragged
from tracewright.jobs._synthesis.draft import Draft, Hole, literal_cost, spell
from tracewright.jobs._synthesis.renames import quoted
from tracewright.jobs._synthesis.sites import Site
from tracewright.jobs._synthesis.tree import Node


def anchor_drafts(sites: Sequence[Site], language: str) -> Iterator[Draft]:
    """Yield drafts for sites whose node is kept whole, or goes."""
    for site in sites:
        if site.node.children and site.level == 0:
            yield from _at(site, language)


def _at(site: Site, language: str) -> Iterator[Draft]:
    whole = Hole((site.node.text,))
    parts = _around(site, whole)
    fix = spell(parts, {whole: "A"}) if parts is not None else None
    if parts is None or fix is None:
        return
    literals = literal_cost((), parts)
    holes = 1 if whole in parts else 0
    for condition, price in _conditions(site.node):
        rule = {"kind": site.node.kind, "pattern": "$A", **condition}
        yield Draft(language, {"rule": rule, "fix": fix}, site.node.kind, literals + price, holes)


def _around(site: Site, whole: Hole) -> tuple[str | Hole, ...] | None:
    """Return what the site became with the node in it as a hole; nothing where it went, None where it was changed."""
    if site.new_lo == site.new_hi:
        return ()
    alignment, node = site.example.alignment, site.node
    if any(alignment.changed(leaf) for leaf in range(node.lo, node.hi)):
        return None
    post = site.example.post
    first, last = alignment.forward[node.lo], alignment.forward[node.hi - 1]
    if last - first != node.hi - 1 - node.lo:
        return None
    before = post.text[post.leaves[site.new_lo].start : post.leaves[first].start]
    after = post.text[post.leaves[last].end : post.leaves[site.new_hi - 1].end]
    parts = (before, whole, after)
    margin = indent_of(node)
    return None if is_ragged(parts, margin) else dedented(parts, margin)


def _conditions(node: Node) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield ways to know the node: by a naming field of it or of the node in it, or by its kind alone."""
    yield {}, 0.0
    named = _named(node)
    if named is not None:
        yield {"has": named}, 2.0
        return
    inner = ((child, _named(child)) for child in node.children if child.named)
    yield from (({"has": {"kind": child.kind, "has": name}}, 2.5) for child, name in inner if name is not None)


def _named(node: Node) -> dict[str, Any] | None:
    return next(({"field": field, "regex": f"^{quoted(text)}$"} for field, _, _, text in node.names), None)
