"""Every rule of a shipped set finds the data that break it, wherever in the table they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracewright.tables import shipped
from tracewright.tables.content import Row
from tracewright.tables.schema import TableSet
from tracewright.tables.validate import Fault, faults

Named = dict[str, Any]
Tables = dict[str, list[Row]]
FEW_ORDERS, FEW_TICKETS, SENSORS = 40, 150, {"SEN-001", "SEN-050", "SEN-095", "SEN-099"}


class Break(NamedTuple):
    """One way to spoil a cell of some row, and the rule that must notice."""

    table: str
    column: str
    value: Callable[[Named], Any]
    rule: str
    where: Callable[[Named], bool] = lambda row: True


def closed(row: Named) -> bool:
    return bool(row["status"] != "Open")


def online(row: Named) -> bool:
    return bool(row["status"] == "online")


def usual(row: Named) -> bool:
    return online(row) and not row["anomaly_flag"]


@cache
def alone() -> set[Any]:
    """Return the orders, but the first, that have one item."""
    sizes = Counter(row[1] for row in small("ecommerce")[1]["order_items"])
    return {order for order, size in sizes.items() if size == 1} - {1001}


LATE = timedelta(days=400)
BREAKS = {
    "ecommerce": (
        Break("orders", "order_id", lambda row: row["order_id"] + 1, "key", lambda row: row["order_id"] < 1010),
        Break("orders", "order_id", lambda row: str(row["order_id"]), "type_of_order_id"),
        Break("orders", "customer_id", lambda row: 500, "customer_range"),
        Break("orders", "customer_id", lambda row: None, "missing_customer_id"),
        Break("orders", "customer_id", lambda row: True, "type_of_customer_id"),
        Break("orders", "order_date", lambda row: date(2025, 8, 4), "date_range"),
        Break("orders", "order_date", lambda row: date(2026, 1, 31), "time_order", lambda row: row["order_id"] < 1010),
        Break("orders", "order_date", lambda row: datetime(2025, 8, 5), "type_of_order_date"),  # noqa: DTZ001
        Break("orders", "total", lambda row: row["total"] + 0.01, "total_of_items"),
        Break("orders", "status", lambda row: "lost", "values_of_status"),
        Break("orders", "returned", lambda row: not row["returned"], "returned_by_status"),
        Break("order_items", "order_id", lambda row: 7, "order_id_in_orders"),
        Break("order_items", "order_id", lambda row: 1001, "one_to_five_items", lambda row: row["order_id"] in alone()),
        Break("order_items", "product_id", lambda row: 7, "product_id_in_inventory"),
        Break("order_items", "category", lambda row: "Toys", "category_of_product", lambda r: r["category"] != "Toys"),
        Break("order_items", "quantity", lambda row: 4, "values_of_quantity"),
        Break("order_items", "price", lambda row: 0.99, "price_range"),
        Break("order_items", "discount", lambda row: 50, "values_of_discount"),
        Break("inventory", "stock", lambda row: -1, "stock_range"),
        Break("inventory", "stock", lambda row: 501, "stock_range"),
    ),
    "support": (
        Break("tickets", "created_at", lambda row: row["created_at"] + LATE, "created_range"),
        Break(
            "tickets", "created_at", lambda row: row["created_at"] - LATE, "time_order", lambda r: r["ticket_id"] > 5001
        ),
        Break("tickets", "resolved_at", lambda row: None, "open_is_unresolved", closed),
        Break("tickets", "resolved_at", lambda row: row["created_at"], "open_is_unresolved", lambda r: not closed(r)),
        Break("tickets", "resolved_at", lambda row: row["created_at"], "resolved_after_created", closed),
        Break("tickets", "resolved_at", lambda row: row["resolved_at"] + LATE, "resolved_after_created", closed),
        Break("tickets", "resolved_at", lambda row: row["resolved_at"] + timedelta(seconds=2), "hours_agree", closed),
        Break("tickets", "sla_met", lambda row: not row["sla_met"], "sla_agrees"),
        Break("tickets", "csat_score", lambda row: 3, "csat_only_on_resolved", lambda row: row["status"] != "Resolved"),
        Break("tickets", "csat_score", lambda row: 6, "values_of_csat_score"),
        Break("tickets", "csat_score", lambda row: 0, "values_of_csat_score"),
        Break("tickets", "agent_id", lambda row: 100, "agent_range"),
    ),
    "sensors": (
        Break(
            "readings", "sensor_id", lambda row: "SEN-099", "sensors_stay", lambda row: "Outdoor" not in row["location"]
        ),
        Break("readings", "timestamp", lambda row: row["timestamp"] + LATE, "time_range"),
        Break(
            "readings",
            "timestamp",
            lambda row: row["timestamp"] - LATE,
            "time_order",
            lambda row: row["timestamp"].day > 3,
        ),
        Break("readings", "zone", lambda row: "East", "zone_of_location", lambda row: row["zone"] != "East"),
        Break("readings", "temperature_c", lambda row: 51.0, "temperature_bounds", online),
        Break("readings", "temperature_c", lambda row: 36.0, "temperature_bounds", usual),
        Break("readings", "temperature_c", lambda row: None, "measured_when_online", online),
        Break("readings", "humidity_pct", lambda row: 100.5, "humidity_bounds", online),
        Break("readings", "humidity_pct", lambda row: 12.0, "humidity_bounds", usual),
        Break("readings", "humidity_pct", lambda row: 50.0, "measured_when_online", lambda row: not online(row)),
        Break("readings", "pressure_hpa", lambda row: 900.0, "pressure_bounds", online),
        Break("readings", "vibration_mm_s", lambda row: -1.0, "vibration_bounds", online),
        Break(
            "readings", "vibration_mm_s", lambda row: 1.0, "measured_when_online", lambda r: "Outdoor" in r["location"]
        ),
        Break("readings", "anomaly_flag", lambda row: not row["anomaly_flag"], "anomalies_agree"),
        Break(
            "readings",
            "anomaly_type",
            lambda row: "vibration_alarm",
            "alarms_shake",
            lambda r: "Outdoor" in r["location"],
        ),
        Break("readings", "anomaly_type", lambda row: "boredom", "values_of_anomaly_type"),
        Break("readings", "battery_pct", lambda row: 101.0, "batteries_fall"),
        Break("readings", "battery_pct", lambda row: -1.0, "batteries_fall"),
    ),
}
CASES = [(name, broken) for name, breaks in BREAKS.items() for broken in breaks]


@cache
def small(name: str) -> tuple[TableSet, Tables]:
    """Return a part of a set that keeps all rules, with counts that fit it."""
    rows = {table: list(found) for table, found in shipped.generate(name).items()}
    match name:
        case "ecommerce":
            rows["orders"] = rows["orders"][:FEW_ORDERS]
            rows["order_items"] = [row for row in rows["order_items"] if row[1] in range(1001, 1001 + FEW_ORDERS)]
        case "support":
            rows["tickets"] = rows["tickets"][:FEW_TICKETS]
        case _:
            rows["readings"] = [row for row in rows["readings"] if row[0] in SENSORS]
    return shipped.described(name, rows), rows


def spoiled(name: str, broken: Break, pick: int) -> list[Fault]:
    """Return what is found wrong once one row, among those that the break is meant for, was spoiled."""
    known, rows = small(name)
    header = known.table(broken.table).header
    table = [dict(zip(header, row, strict=True)) for row in rows[broken.table]]
    fitting = [at for at, row in enumerate(table) if broken.where(row)]
    at = fitting[pick % len(fitting)]
    table[at][broken.column] = broken.value(table[at])
    changed = {**rows, broken.table: [tuple(row.values()) for row in table]}
    return faults(known, changed, shipped.rules(name))


@pytest.mark.parametrize("name", BREAKS)
def test_the_part_that_is_spoiled_was_sound(name: str) -> None:
    known, rows = small(name)
    assert faults(known, rows, shipped.rules(name)) == []


@pytest.mark.parametrize(
    ("name", "broken"), CASES, ids=lambda case: f"{case.column}-{case.rule}" if isinstance(case, Break) else case
)
@settings(max_examples=8)
@given(pick=st.integers(0, 10_000))
def test_a_rule_finds_the_row_that_breaks_it(name: str, broken: Break, pick: int) -> None:
    found = {(fault.table, fault.rule) for fault in spoiled(name, broken, pick)}
    assert broken.rule in {rule for _, rule in found}


def test_every_rule_has_data_that_break_it() -> None:
    tried = {(name, broken.rule) for name, broken in CASES}
    assert not [(name, rule.name) for name in BREAKS for rule in shipped.rules(name) if (name, rule.name) not in tried]


def test_a_fault_names_its_first_row_and_counts_the_rest() -> None:
    known, rows = small("support")
    late = [(*row[:9], 1, row[10]) if number in (3, 8) else row for number, row in enumerate(rows["tickets"])]
    (fault,) = faults(known, {"tickets": late}, shipped.rules("support"))
    assert (fault.table, fault.rule, fault.rows) == ("tickets", "agent_range", 2)
    assert fault.example.startswith("row 4: ")


def test_a_missing_row_and_a_row_of_another_width_are_found() -> None:
    known, rows = small("support")
    assert {fault.rule for fault in faults(known, {"tickets": rows["tickets"][1:]})} == {"row_count"}
    assert {fault.rule for fault in faults(known, {"tickets": [(1, 2), *rows["tickets"]]})} == {"columns"}
