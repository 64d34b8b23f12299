"""Reads a free question over tables: what it may mean, best first, or what in it the tables do not know.

No model and no goal stands behind it: a closed lexicon a set, rules for common ways to ask, and a bounded number of
ways to settle what is open. What is not understood to the last word is not answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracewright.environments.analytics.questions.lowering import plan_of
from tracewright.environments.analytics.questions.meaning import Meaning
from tracewright.environments.analytics.questions.reading.assembling import meanings
from tracewright.environments.analytics.questions.reading.items import items_of
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon, lexicon_of
from tracewright.environments.analytics.questions.reading.roles import parts_of
from tracewright.environments.analytics.questions.reading.telling import told
from tracewright.environments.analytics.questions.reading.uncovered import uncovered
from tracewright.records.base import JsonObject, digest
from tracewright.tables.schema import TableSet

MOST_CANDIDATES = 64


@dataclass(frozen=True)
class Candidate:
    """One reading: the plan, how far it lies from the nearest reading, and what it says in words."""

    plan: JsonObject
    meaning: Meaning
    penalty: int
    words: str


@dataclass(frozen=True)
class Reading:
    """What a question may mean, best first; else `missing`, a sentence that says what cannot be had."""

    candidates: tuple[Candidate, ...]
    missing: str = ""


def read(question: str, tables: TableSet, coverage: Mapping[str, tuple[str, str]] | None = None) -> Reading:
    """Read a question; the same question and tables give the same reading, of at most 64 candidates.

    `coverage` says from when to when columns of a registered set have times; for a shipped set it is known.
    """
    lexicon = lexicon_of(tables)
    parts = parts_of(items_of(question, lexicon))
    if parts.missing:
        return Reading((), f"The data say nothing of {_quoted(parts.missing)}.")
    if sentence := uncovered(parts, lexicon, coverage or {}):
        return Reading((), sentence)
    found = _candidates(sorted(meanings(parts, lexicon), key=lambda ranked: ranked[0]), lexicon)
    if not found:
        return Reading((), "This cannot be expressed as a plan over these tables.")
    return Reading(tuple(found))


def _candidates(ranked: Sequence[tuple[int, Meaning]], lexicon: Lexicon) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for penalty, meaning in ranked:
        plan = plan_of(meaning, lexicon.tables)
        found.setdefault(digest(plan), Candidate(plan, meaning, penalty, told(meaning)))
        if len(found) == MOST_CANDIDATES:
            break
    return list(found.values())


def _quoted(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in dict.fromkeys(words)]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
