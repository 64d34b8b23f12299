"""Searches the plans that a free question over tables may mean: best first, or a sentence that says why there is none.

No model and no goal stands behind it: the words of the set, rules for common ways to ask, and a bounded number of ways
to settle what is open. What is not understood to the last word is not answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tracewright.environments.analytics.questions.links import NOTHING, Links
from tracewright.environments.analytics.questions.lowering import plan_of
from tracewright.environments.analytics.questions.meaning import Meaning
from tracewright.environments.analytics.questions.reading.assembling import meanings
from tracewright.environments.analytics.questions.reading.denials import lost, of_all_rows
from tracewright.environments.analytics.questions.reading.items import items_of
from tracewright.environments.analytics.questions.reading.lexicon import lexicon_of
from tracewright.environments.analytics.questions.reading.normal import MOST_CHARACTERS
from tracewright.environments.analytics.questions.reading.roles import parts_of
from tracewright.environments.analytics.questions.reading.telling import told
from tracewright.environments.analytics.questions.reading.uncovered import uncovered
from tracewright.records.base import JsonObject, digest
from tracewright.tables.schema import TableSet

LIMIT = 16
Lack = Literal["", "NOT_IN_DATA", "NOT_EXPRESSIBLE"]


@dataclass(frozen=True)
class Candidate:
    """One reading: the plan, how far it lies from the nearest reading, and what it says in words."""

    plan: JsonObject
    meaning: Meaning
    penalty: int
    words: str


@dataclass(frozen=True)
class Reading:
    """What a question may mean, best first; else `missing`, a sentence that says what cannot be had, and its `code`.

    `unknown` are the words that nothing in the tables answers to.
    """

    candidates: tuple[Candidate, ...] = ()
    missing: str = ""
    code: Lack = ""
    unknown: tuple[str, ...] = ()


def search(
    question: str, tables: TableSet, links: Links = NOTHING, limit: int = LIMIT, keys_only: bool = False
) -> Reading:
    """Return at most `limit` readings of a question; the same arguments give the same.

    `links` is what somebody found by looking into the data; of a shipped set all is known that is needed. With
    `keys_only` things are shown by their keys alone, a product by its number and not its name as well.
    """
    if len(question) > MOST_CHARACTERS:
        missing = f"cannot be expressed: a question has at most {MOST_CHARACTERS} characters"
        return Reading(missing=missing, code="NOT_EXPRESSIBLE")
    lexicon = replace(lexicon_of(tables, links), keys_only=keys_only)
    items = items_of(question, lexicon)
    parts = parts_of(items)
    if parts.missing:
        unknown = tuple(dict.fromkeys(parts.missing))
        return Reading(missing=f"not in the data: {_quoted(unknown)}", code="NOT_IN_DATA", unknown=unknown)
    if sentence := uncovered(parts, lexicon):
        return Reading(missing=f"not in the data: {sentence}", code="NOT_IN_DATA")
    if parts.unfinished:
        return Reading(missing=f"cannot be expressed: {parts.unfinished[0]}", code="NOT_EXPRESSIBLE")
    if word := lost(items, parts):
        missing = f"cannot be expressed: what “{word}” is to leave out is not understood"
        return Reading(missing=missing, code="NOT_EXPRESSIBLE")
    unfit: list[str] = []
    ranked = sorted(meanings(parts, lexicon, unfit), key=lambda found: found[0])
    if any(of_all_rows(items, parts, meaning) for _, meaning in ranked[:1]):
        missing = "cannot be expressed: what none or all of a thing's rows are; ask about the rows themselves"
        return Reading(missing=missing, code="NOT_EXPRESSIBLE")
    found = tuple(_distinct(ranked, lexicon.tables, limit, bool(tables.relationships)))
    if not found:
        why = unfit[0] if unfit else "no plan over these tables says all of it"
        return Reading(missing=f"cannot be expressed: {why}", code="NOT_EXPRESSIBLE")
    return Reading(found)


def _distinct(
    ranked: Iterable[tuple[int, Meaning]], tables: TableSet, limit: int, promised: bool
) -> Iterator[Candidate]:
    seen: set[str] = set()
    for penalty, meaning in ranked:
        if len(seen) == limit:
            return
        plan = plan_of(meaning, tables, promised)
        if (name := digest(plan)) not in seen:
            seen.add(name)
            yield Candidate(plan, meaning, penalty, told(meaning))


def _quoted(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
