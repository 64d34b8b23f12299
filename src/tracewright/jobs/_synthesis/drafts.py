"""Makes drafts of rules from the sites of an example, general ones and literal ones alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from tracewright.jobs._synthesis.abstract import LEVELS, abstract, template
from tracewright.jobs._synthesis.anchors import anchor_drafts
from tracewright.jobs._synthesis.contexts import Contexts
from tracewright.jobs._synthesis.draft import Draft, Hole, literal_cost, names_of, spell
from tracewright.jobs._synthesis.renames import rename_drafts
from tracewright.jobs._synthesis.sites import MOST_LEAVES, Site

MOST_DRAFTS = 900
MOST_SITES = 60
MOST_TEMPLATES = 3


def make_drafts(sites: Sequence[Site], language: str) -> list[Draft]:
    """Return distinct drafts, those of the largest groups first."""
    contexts = Contexts(language)
    drafts: dict[str, Draft] = {}
    ways = (rename_drafts(sites, language), anchor_drafts(sites, language), _pattern_drafts(sites, language, contexts))
    for draft in chain(*ways):
        known = drafts.get(draft.key)
        if known is None or draft.cost < known.cost:
            drafts[draft.key] = draft
        if len(drafts) >= MOST_DRAFTS:
            break
    return list(drafts.values())


def _pattern_drafts(sites: Sequence[Site], language: str, contexts: Contexts) -> Iterator[Draft]:
    for group in _groups(sites):
        for level in LEVELS:
            yield from _drafts_of(group, level, language, contexts)


def _drafts_of(group: Sequence[Site], level: int, language: str, contexts: Contexts) -> Iterator[Draft]:
    """Yield the drafts of one pattern: one for each template that the sites ask for, the most frequent first."""
    found = abstract(group, level)
    if found is None:
        return
    names = names_of(found.pattern)
    pattern = spell(found.pattern, names)
    bound = [(name, hole.many) for hole, name in names.items()]
    rule = contexts.fit(group[0].node, pattern, bound) if pattern else None
    if rule is None:
        return
    votes: dict[tuple[str, float], int] = defaultdict(int)
    for index in range(len(group)):
        parts = template(found, index)
        fix = spell(parts, names) if parts is not None else None
        if parts is not None and fix is not None:
            votes[fix, literal_cost(found.pattern, parts)] += 1
    for fix, literals in sorted(votes, key=lambda vote: -votes[vote])[:MOST_TEMPLATES]:
        yield Draft(language, {"rule": rule, "fix": fix}, group[0].node.kind, literals, len(names))


def _groups(sites: Sequence[Site]) -> Iterator[list[Site]]:
    """Yield sets of sites that may be one edit: of one shape, of one difference, of one kind; the largest first."""
    by_shape: dict[Any, list[Site]] = defaultdict(list)
    by_template: dict[Any, list[Site]] = defaultdict(list)
    by_difference: dict[Any, list[Site]] = defaultdict(list)
    for site in sites:
        if site.node.size > MOST_LEAVES:
            continue
        shape = _shape(site)
        by_shape[shape].append(site)
        by_template[shape[0], shape[2]].append(site)
        by_difference[site.node.kind, _difference(site)].append(site)
    seen: set[tuple[int, ...]] = set()
    groups = [*by_shape.values(), *by_template.values(), *by_difference.values()]
    for group in sorted(groups, key=lambda group: -len(group)):
        members = tuple(id(site) for site in group)
        if members not in seen:
            seen.add(members)
            yield group[:MOST_SITES]


def _shape(site: Site) -> tuple[Any, ...]:
    """Return the most general pattern and template of a site, with its holes numbered."""
    found = abstract([site], max(LEVELS))
    parts = template(found, 0) if found else None
    if found is None or parts is None:
        return site.node.kind, site.node.text, site.after
    names = names_of(found.pattern)
    return site.node.kind, *(
        tuple(names.get(part, "") if isinstance(part, Hole) else re.sub(r"\s+", " ", part) for part in text)
        for text in (found.pattern, parts)
    )


def _difference(site: Site) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts of the leaves that went and of those that came."""
    alignment = site.example.alignment
    gone = tuple(
        alignment.pre.leaves[leaf].text for leaf in range(site.node.lo, site.node.hi) if alignment.changed(leaf)
    )
    came = tuple(
        alignment.post.leaves[leaf].text
        for leaf in range(site.new_lo, site.new_hi)
        if alignment.backward[leaf] < 0 or alignment.changed(alignment.backward[leaf])
    )
    return gone, came
