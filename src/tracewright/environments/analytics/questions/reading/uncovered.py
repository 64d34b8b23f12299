"""Tells when a question asks for a time that the data do not reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.roles import Parts


def uncovered(parts: Parts, lexicon: Lexicon, further: Mapping[str, tuple[str, str]]) -> str:
    """Return the sentence that says so, empty where every span meets the data or nothing is known of their reach."""
    known = {**lexicon.coverage, **further}
    clocks = [column for table in lexicon.tables.tables if (column := lexicon.clock(table.name)) in known]
    for item in parts.spans:
        for span in item.of(Span)[:1]:
            if clocks and not any(_meets(span, known[column]) for column in clocks):
                first, last = known[clocks[0]]
                return f"The data reach from {first} to {last}; there is nothing for “{item.text}”."
    return ""


def _meets(span: Span, reach: tuple[str, str]) -> bool:
    first, last = (datetime.fromisoformat(day) for day in reach)
    end = last + timedelta(days=1) if last == last.replace(hour=0, minute=0, second=0, microsecond=0) else last
    return (span.begin is None or span.begin < end) and (span.end is None or span.end > first)
