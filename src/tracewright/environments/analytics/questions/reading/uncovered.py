"""Tells when a question asks for a time that the data do not reach."""

from __future__ import annotations

from datetime import datetime, timedelta

from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.parts import Parts


def uncovered(parts: Parts, lexicon: Lexicon) -> str:
    """Return what says so, empty where every span meets the data or nothing is known of their reach."""
    known = lexicon.coverage
    every = [lexicon.clock(table.name) for table in lexicon.tables.tables]
    clocks = [column for column in every if column and column in known]
    for item in parts.spans:
        for span in item.of(Span)[:1]:
            if clocks and not any(_meets(span, known[column]) for column in clocks):
                first, last = known[clocks[0]]
                return f"“{item.text}”; they reach from {first} to {last}"
    return ""


def _meets(span: Span, reach: tuple[str, str]) -> bool:
    first, last = (datetime.fromisoformat(day).replace(tzinfo=None) for day in reach)
    end = last + timedelta(days=1) if last == last.replace(hour=0, minute=0, second=0, microsecond=0) else last
    return (span.begin is None or span.begin < end) and (span.end is None or span.end > first)
