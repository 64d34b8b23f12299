"""Unprivileged search: plans that a question may mean, from its words and the schema alone, best first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tracewright.environments.analytics.linking import readings
from tracewright.environments.analytics.questions import search
from tracewright.environments.analytics.showing import preview_of
from tracewright.records.base import JsonObject, canonical
from tracewright.records.job import Outcome
from tracewright.tables.schema import TableSet

MOST = 16


def plans(question: str, tables: TableSet) -> Iterator[JsonObject]:
    """Yield at most 16 plans, best first; none where the tables do not hold what is asked for."""
    linked = readings(question, tables, MOST)
    read = [candidate.plan for candidate in search(question, tables, limit=MOST).candidates]
    # What the parts of templates explain to the last word comes first, what they explain in part comes last.
    whole, partly = ([found.plan for found in linked if (found.cost > 0) is part] for part in (False, True))
    distinct = {canonical(plan): plan for plan in chain(whole, read, partly)}
    yield from list(distinct.values())[:MOST]


def plausible(outcome: Outcome) -> bool:
    """Say whether a result may be an answer: rows, and some value in them; a program's result always may."""
    if "columns" not in outcome.result:
        return outcome.status == "ok"
    return any(value is not None for row in preview_of(outcome) for value in row)
