"""The rules of the set `support`."""

from __future__ import annotations

from datetime import timedelta

from tracewright.tables.rules.rule import Named, each, rising
from tracewright.tables.support import DAYS, FIRST_AGENT, FIRST_DAY, SLA

OPEN_FIELDS = ("resolved_at", "resolution_time_hours")
END = FIRST_DAY + timedelta(days=DAYS)
SLOWEST = timedelta(hours=3 * max(hours for hours, _ in SLA.values()))


def _open_is_unresolved(row: Named) -> bool:
    return all((row[field] is None) == (row["status"] == "Open") for field in OPEN_FIELDS)


def _resolved_after_created(row: Named) -> bool:
    return row["resolved_at"] is None or row["created_at"] < row["resolved_at"] <= row["created_at"] + SLOWEST


def _hours_agree(row: Named) -> bool:
    if row["resolved_at"] is None or row["resolution_time_hours"] is None:
        return True
    seconds = (row["resolved_at"] - row["created_at"]).total_seconds()
    return bool(abs(seconds - row["resolution_time_hours"] * 3600) < 1)


def _sla_agrees(row: Named) -> bool:
    hours = row["resolution_time_hours"]
    if hours is None:
        return row["sla_met"] is False
    return bool(row["sla_met"] == (hours <= SLA[row["priority"]][0]))


def _only_resolved_are_rated(row: Named) -> bool:
    return row["csat_score"] is None or (row["status"] == "Resolved" and 1 <= row["csat_score"] <= 5)


RULES = (
    rising("tickets", "time_order", lambda row: (row["created_at"], row["ticket_id"])),
    each("tickets", "created_range", lambda row: FIRST_DAY <= row["created_at"] < END),
    each("tickets", "agent_range", lambda row: row["agent_id"] >= FIRST_AGENT),
    each("tickets", "open_is_unresolved", _open_is_unresolved),
    each("tickets", "resolved_after_created", _resolved_after_created),
    each("tickets", "hours_agree", _hours_agree),
    each("tickets", "sla_agrees", _sla_agrees),
    each("tickets", "csat_only_on_resolved", _only_resolved_are_rated),
)
