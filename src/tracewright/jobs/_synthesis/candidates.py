"""From a text before and after to ranked rule sets, each with what it was proved to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tracewright.jobs._ast_grep.apply import Layout
from tracewright.jobs._ast_grep.edits import apply, choose
from tracewright.jobs._ast_grep.layout import tidy
from tracewright.jobs._ast_grep.trees import shape
from tracewright.jobs._synthesis.cover import covers, is_memo, price
from tracewright.jobs._synthesis.drafts import make_drafts
from tracewright.jobs._synthesis.example import example_of
from tracewright.jobs._synthesis.refine import refine, remember
from tracewright.jobs._synthesis.sites import find_sites
from tracewright.jobs._synthesis.verify import Bench, Tried

LAYOUTS: tuple[Layout, ...] = ("tidy", "exact")


@dataclass(frozen=True)
class Candidate:
    """One apply action and what it does: `exact` to the byte, `tidy_equal` but for blank lines and trailing blanks."""

    rules: str
    rules_count: int
    passes: int
    layout: Layout
    exact: bool
    tidy_equal: bool
    tree_equal: bool
    generalises: bool
    memo: bool
    cost: float

    @property
    def rank(self) -> tuple[Any, ...]:
        """Sort key: exact ones first, memos behind all that generalise, then the shortest to say."""
        return not self.exact, self.memo, not self.tidy_equal, not self.tree_equal, self.cost, self.rules


def infer(pre: str, post: str, language: str, layouts: Sequence[Layout] = LAYOUTS, limit: int = 8) -> list[Candidate]:
    """Return at most `limit` rule sets that turn `pre` into `post`, best first; the same on every machine."""
    example = example_of(pre, post, language)
    bench = Bench(example)
    tried = bench.attempt(make_drafts(find_sites(example), language))
    tried += bench.attempt(refine(tried, bench))
    settled = frozenset().union(*(one.claims for one in tried if one.sound and not one.inexact))
    tried += bench.attempt(remember(tried, example.units - settled, bench))
    found = [_candidate(chosen, bench, layouts) for chosen in covers(tried, example)]
    return sorted(found, key=lambda candidate: candidate.rank)[:limit]


def _candidate(chosen: Sequence[Tried], bench: Bench, layouts: Sequence[Layout]) -> Candidate:
    post = bench.example.post
    outcomes = {layout: _written(chosen, bench, layout) for layout in layouts}
    layout = next((name for name in layouts if outcomes[name] == post.text), layouts[0])
    text = outcomes[layout]
    return Candidate(
        rules=write_rules(chosen),
        rules_count=len(chosen),
        passes=1,
        layout=layout,
        exact=text == post.text,
        tidy_equal=_blanks_aside(text) == _blanks_aside(post.text),
        tree_equal=text == post.text or shape(text, post.language).digest == bench.digest,
        generalises=all(one.draft.holes or len(one.hits) > 1 for one in chosen),
        memo=any(is_memo(one) for one in chosen),
        cost=round(sum(map(price, chosen)), 3),
    )


def _written(chosen: Sequence[Tried], bench: Bench, layout: Layout) -> str:
    edits = choose(hit.edit for one in chosen for hit in one.hits)
    return apply(bench.source, tidy(bench.source, edits) if layout == "tidy" else edits).decode()


def _blanks_aside(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def write_rules(chosen: Sequence[Tried]) -> str:
    """Write rules as YAML documents with the ids r0, r1 and so on."""
    return "---\n".join(_documents(chosen))


def _documents(chosen: Sequence[Tried]) -> Iterator[str]:
    for index, one in enumerate(chosen):
        document = {"id": f"r{index}", "language": one.draft.language, **one.draft.body}
        yield yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks where YAML can."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
