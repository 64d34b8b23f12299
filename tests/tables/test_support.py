"""The tickets are spread as declared, with the effects that were planted in them."""

from __future__ import annotations

from typing import Any

from tests.tables.rates import meant, off
from tracewright.tables.support import SLA

Tickets = list[dict[str, Any]]


def test_priorities_statuses_and_channels_have_their_weights(tickets: Tickets) -> None:
    assert not off((row["priority"] for row in tickets), {"Low": 50, "Medium": 30, "High": 15, "Critical": 5})
    assert not off((row["status"] for row in tickets), {"Resolved": 75, "Open": 20, "Closed": 5})
    assert not off((row["channel"] for row in tickets), {"Email": 50, "Chat": 35, "Phone": 15})


def test_the_bill_is_asked_about_more_at_the_end_of_a_month(tickets: Tickets) -> None:
    early = [row["category"] for row in tickets if row["created_at"].day < 28]
    late = [row["category"] == "Billing" for row in tickets if row["created_at"].day >= 28]
    assert not off(early, {"Technical": 40, "Billing": 25, "Account": 20, "Product": 15})
    assert meant(sum(late), len(late), 30 + 0.7 * 25)


def test_each_priority_keeps_its_sla_as_often_as_declared(tickets: Tickets) -> None:
    for priority, (hours, kept) in SLA.items():
        closed = [row for row in tickets if row["priority"] == priority and row["status"] != "Open"]
        assert meant(sum(row["sla_met"] for row in closed), len(closed), kept), priority
        slow = [row["resolution_time_hours"] / hours for row in closed if not row["sla_met"]]
        quick = [row["resolution_time_hours"] / hours for row in closed if row["sla_met"]]
        assert (round(min(slow), 6) >= 1.1, max(slow) <= 3, round(max(quick), 6) <= 0.95) == (True, True, True)


def test_six_in_ten_resolved_tickets_are_rated(tickets: Tickets) -> None:
    resolved = [row["csat_score"] for row in tickets if row["status"] == "Resolved"]
    rated = [score for score in resolved if score is not None]
    assert meant(len(rated), len(resolved), 60)
    assert not off(rated, {1: 10, 2: 15, 3: 20, 4: 35, 5: 20})


def test_an_hour_outside_office_hours_sees_three_tenths_of_the_tickets(tickets: Tickets) -> None:
    inside = sum(8 <= row["created_at"].hour < 18 for row in tickets)
    assert meant(inside, len(tickets), 100 * 10 * 10 / (10 * 10 + 14 * 3))


def test_twenty_agents_share_the_tickets(tickets: Tickets) -> None:
    assert {row["agent_id"] for row in tickets} == set(range(101, 121))
