"""The set `support`: ninety days of a help desk's tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from tracewright.tables.content import Row
from tracewright.tables.draws import below, between, chance, exponential, stream, weighted

SEED = 43
FIRST_DAY = datetime(2025, 10, 25)  # noqa: DTZ001  # times in tables bear no zone
DAYS = 90
TICKETS = 6417
FIRST_TICKET, FIRST_AGENT, AGENTS = 5001, 101, 20
OFFICE_HOURS = (8, 18)
HOUR_WEIGHTS = {True: 10, False: 3}
"""An hour outside office hours sees three tenths of the tickets of one inside."""
CATEGORIES = (("Technical", 40), ("Billing", 25), ("Account", 20), ("Product", 15))
MONTH_END, MONTH_END_BILLING = 28, 30
"""From the 28th of a month on, 30 % of the tickets are about the bill before any other draw."""
PRIORITIES = (("Low", 50), ("Medium", 30), ("High", 15), ("Critical", 5))
SLA = {"Low": (72, 95), "Medium": (24, 90), "High": (8, 80), "Critical": (4, 70)}
"""Hours in which a ticket should be closed, and the percent of closed tickets that were."""
STATUSES = (("Resolved", 75), ("Open", 20), ("Closed", 5))
CHANNELS = (("Email", 50), ("Chat", 35), ("Phone", 15))
RATED = 60
"""Percent of the resolved tickets that got a score."""
SCORES = ((1, 10), (2, 15), (3, 20), (4, 35), (5, 20))
HOUR = 3600
HUNDREDTH = timedelta(seconds=36)
"""A hundredth of an hour, in which resolution times are measured."""


def generate(scale: int = 1) -> Mapping[str, Sequence[Row]]:
    """Return the tickets, ordered by id and by time; `scale` times 6,417."""
    rng = stream(SEED, 1)
    times = sorted(_created(rng) for _ in range(TICKETS * scale))
    return {"tickets": [(FIRST_TICKET + number, *_ticket(rng, at, scale)) for number, at in enumerate(times)]}


def _created(rng: Random) -> datetime:
    opening, closing = OFFICE_HOURS
    hours = [(hour, HOUR_WEIGHTS[opening <= hour < closing]) for hour in range(24)]
    second = weighted(rng, hours) * HOUR + below(rng, HOUR)
    return FIRST_DAY + timedelta(days=below(rng, DAYS), seconds=second)


def _ticket(rng: Random, created: datetime, scale: int) -> Row:
    category, priority = _category(rng, created), weighted(rng, PRIORITIES)
    status, channel = weighted(rng, STATUSES), weighted(rng, CHANNELS)
    agent = FIRST_AGENT + below(rng, AGENTS * scale)
    met, hundredths = False, None
    if status != "Open":
        met, hundredths = _resolution(rng, priority)
    score = weighted(rng, SCORES) if status == "Resolved" and chance(rng, RATED) else None
    resolved = None if hundredths is None else created + hundredths * HUNDREDTH
    hours = None if hundredths is None else hundredths / 100
    return created, resolved, category, priority, score, met, hours, status, agent, channel


def _category(rng: Random, created: datetime) -> str:
    if created.day >= MONTH_END and chance(rng, MONTH_END_BILLING):
        return "Billing"
    return weighted(rng, CATEGORIES)


def _resolution(rng: Random, priority: str) -> tuple[bool, int]:
    """Draw whether the SLA was met, and the hundredths of an hour that it took."""
    hours, kept = SLA[priority]
    if not chance(rng, kept):
        return False, between(rng, hours * 110, hours * 300)
    # Half the time allowed on average, at most 95 % of it, and never nothing.
    return True, max(1, min(int(exponential(rng) * hours * 50), hours * 95))
