"""From a text before and after to ranked rule sets, each with what it was proved to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from tracewright.jobs._ast_grep.apply import Layout, is_crlf
from tracewright.jobs._ast_grep.edits import apply, choose
from tracewright.jobs._ast_grep.layout import tidy
from tracewright.jobs._ast_grep.rules import MAX_RULE_BYTES, read_rules
from tracewright.jobs._ast_grep.trees import shape
from tracewright.jobs._synthesis.cover import covers, is_memo, price
from tracewright.jobs._synthesis.drafts import make_drafts
from tracewright.jobs._synthesis.example import example_of
from tracewright.jobs._synthesis.refine import refine, remember
from tracewright.jobs._synthesis.sites import find_sites
from tracewright.jobs._synthesis.verify import Bench, Tried

MOST_HUNKS = 600
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


@dataclass(frozen=True, eq=False)
class _Answer:
    """A set of rules with the text that they write."""

    chosen: tuple[Tried, ...]
    layout: Layout
    text: str

    @property
    def cost(self) -> float:
        return round(sum(map(price, self.chosen)), 3)

    @property
    def memo(self) -> bool:
        return any(is_memo(one) for one in self.chosen)

    def rank(self, post: str) -> tuple[Any, ...]:
        """Sort key: exact ones first, memos behind all that generalise, then the shortest to say."""
        keys = [one.draft.key for one in self.chosen]
        return self.text != post, self.memo, _blanks_aside(self.text) != _blanks_aside(post), self.cost, keys


def infer(pre: str, post: str, language: str, layouts: Sequence[Layout] = LAYOUTS, limit: int = 8) -> list[Candidate]:
    """Return at most `limit` rule sets that turn `pre` into `post`, best first; the same on every machine.

    There are none where only blanks differ, where there are more than `MOST_HUNKS` changes, or where no
    set of sound rules settles all.
    """
    if is_crlf(pre) and is_crlf(post):
        pre, post = pre.replace("\r\n", "\n"), post.replace("\r\n", "\n")
    example = example_of(pre, post, language)
    if not example.tokens and shape(pre, language).digest == shape(post, language).digest:
        return []
    if len(example.hunks) > MOST_HUNKS:
        return []
    bench = Bench(example)
    tried = bench.attempt(make_drafts(find_sites(example), language))
    tried += bench.attempt(refine(tried, bench))
    settled = frozenset().union(*(one.claims for one in tried if one.sound and not one.inexact))
    tried += bench.attempt(remember(tried, example.units - settled, bench))
    answers = [_answer(chosen, bench, layouts) for chosen in covers(tried, example)]
    answers.sort(key=lambda answer: answer.rank(post))
    candidates = (_candidate(answer, bench) for answer in answers)
    return list(islice((candidate for candidate in candidates if candidate is not None), limit))


def _answer(chosen: tuple[Tried, ...], bench: Bench, layouts: Sequence[Layout]) -> _Answer:
    """Choose the first layout in which the text comes out to the byte, else the first of all."""
    answers = [_Answer(chosen, layout, _written(chosen, bench, layout)) for layout in layouts]
    post = bench.example.post.text
    return next((answer for answer in answers if answer.text == post), answers[0])


def _candidate(answer: _Answer, bench: Bench) -> Candidate | None:
    """Describe an answer; None where its rules, once written, would not be read as they were tried."""
    post, text = bench.example.post, answer.text
    rules = write_rules(answer.chosen)
    if len(rules.encode()) > MAX_RULE_BYTES or not _reads_back(rules, answer.chosen):
        return None
    return Candidate(
        rules=rules,
        rules_count=len(answer.chosen),
        passes=1,
        layout=answer.layout,
        exact=text == post.text,
        tidy_equal=_blanks_aside(text) == _blanks_aside(post.text),
        tree_equal=text == post.text or shape(text, post.language).digest == bench.digest,
        generalises=all(one.draft.holes or len(one.hits) > 1 for one in answer.chosen),
        memo=answer.memo,
        cost=answer.cost,
    )


def _written(chosen: Sequence[Tried], bench: Bench, layout: Layout) -> str:
    edits = choose(hit.edit for one in chosen for hit in one.hits)
    return apply(bench.source, tidy(bench.source, edits) if layout == "tidy" else edits).decode()


def _blanks_aside(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _reads_back(rules: str, chosen: Sequence[Tried]) -> bool:
    read = [rule.body for rule in read_rules({"rules": rules})]
    return read == [one.draft.body for one in chosen]


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
