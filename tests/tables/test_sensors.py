"""The readings cover thirty days and all hours, with the effects that were planted in them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

import pytest

from tests.tables.rates import meant, off
from tracewright.tables.sensors import LOCATIONS

Readings = list[dict[str, Any]]
KINDS = {location.name: location.kind for location in LOCATIONS}


def kind(row: dict[str, Any]) -> str:
    return KINDS[row["location"]]


def at_night(row: dict[str, Any]) -> bool:
    hour: int = row["timestamp"].hour
    return hour >= 22 or hour < 6


def test_each_of_150_sensors_has_333_readings(readings: Readings) -> None:
    counts = Counter(row["sensor_id"] for row in readings)
    assert (len(counts), set(counts.values())) == (150, {333})


def test_every_sensor_was_read_on_the_first_day_and_in_the_last_24_hours(readings: Readings) -> None:
    first, end = datetime(2026, 1, 2), datetime(2026, 2, 1)  # noqa: DTZ001
    early = {row["sensor_id"] for row in readings if row["timestamp"] < first + timedelta(days=1)}
    late = {row["sensor_id"] for row in readings if row["timestamp"] >= end - timedelta(days=1)}
    assert len(early) == len(late) == 150
    assert {row["timestamp"].hour for row in readings} == set(range(24))


def test_machines_are_read_every_minute_outdoors_every_five_and_indoors_every_fifteen(readings: Readings) -> None:
    last: dict[str, datetime] = {}
    steps: dict[str, Counter[int]] = {"industrial": Counter(), "outdoor": Counter(), "indoor": Counter()}
    for row in readings:
        before = last.get(row["sensor_id"], row["timestamp"])
        steps[kind(row)][(row["timestamp"] - before) // timedelta(minutes=1)] += 1
        last[row["sensor_id"]] = row["timestamp"]
    usual = {name: counts.most_common(1)[0][0] for name, counts in steps.items()}
    assert usual == {"industrial": 1, "outdoor": 5, "indoor": 15}


def test_nine_in_ten_readings_are_online(readings: Readings) -> None:
    assert not off((row["status"] for row in readings), {"online": 90, "offline": 5, "maintenance": 5})


def test_anomalies_are_three_percent_and_one_more_at_machines_by_night(readings: Readings) -> None:
    online = [row for row in readings if row["status"] == "online"]
    usual = [row["anomaly_flag"] for row in online if not (kind(row) == "industrial" and at_night(row))]
    nightly = [row["anomaly_flag"] for row in online if kind(row) == "industrial" and at_night(row)]
    assert meant(sum(usual), len(usual), 3)
    assert meant(sum(nightly), len(nightly), 4)


def test_only_machines_sound_the_alarm_for_vibration(readings: Readings) -> None:
    odd = [row for row in readings if row["anomaly_type"]]
    weights = {"high_temp": 40, "low_temp": 20, "high_humidity": 15, "sensor_fault": 15}
    machines = [row["anomaly_type"] for row in odd if kind(row) == "industrial"]
    others = [row["anomaly_type"] for row in odd if kind(row) != "industrial"]
    assert not off(machines, {**weights, "vibration_alarm": 10})
    assert not off(others, {name: weight / 0.9 for name, weight in weights.items()})


def test_it_is_warmest_outdoors_at_noon_and_coldest_at_midnight(readings: Readings) -> None:
    usual = [
        row for row in readings if kind(row) == "outdoor" and row["status"] == "online" and not row["anomaly_flag"]
    ]
    warmth = {hour: mean(r["temperature_c"] for r in usual if r["timestamp"].hour == hour) for hour in (0, 6, 12, 18)}
    assert warmth == {
        hour: pytest.approx(wanted, abs=0.2) for hour, wanted in ((0, 15), (6, 22.5), (12, 30), (18, 22.5))
    }


def test_four_in_ten_sensors_run_on_batteries_and_some_are_almost_empty(readings: Readings) -> None:
    last = {row["sensor_id"]: row["battery_pct"] for row in readings}
    charges = [charge for charge in last.values() if charge is not None]
    assert len(charges) == 60
    assert 0 < sum(charge < 20 for charge in charges) < 30
