"""The rules of the set `sensors`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from tracewright.tables.rules.rule import Named, Rule, each, rising
from tracewright.tables.sensors import LOCATIONS, START

DAYS = 30
ZONES = {location.name: location.zone for location in LOCATIONS}
KINDS = {location.name: location.kind for location in LOCATIONS}
MEASURED = ("temperature_c", "humidity_pct", "pressure_hpa")
BOUNDS = {"temperature_c": (-20, 50), "humidity_pct": (0, 100), "pressure_hpa": (993.25, 1033.25)}
USUAL = {
    ("temperature_c", "indoor"): (19.5, 24.5),
    ("temperature_c", "industrial"): (21.5, 26.5),
    ("temperature_c", "outdoor"): (14.5, 30.5),
    ("humidity_pct", "indoor"): (40, 60),
    ("humidity_pct", "industrial"): (35, 65),
    ("humidity_pct", "outdoor"): (20, 95),
}
"""Where the readings without an anomaly lie."""
WEAKEST_ALARM = 15


def _industrial(row: Named) -> bool:
    return KINDS[row["location"]] == "industrial"


def _only_online_measures(row: Named) -> bool:
    online = row["status"] == "online"
    vibrates = (row["vibration_mm_s"] is not None) == (online and _industrial(row))
    return vibrates and all((row[name] is not None) == online for name in MEASURED)


def _within(column: str) -> Callable[[Named], bool]:
    low, high = BOUNDS[column]

    def holds(row: Named) -> bool:
        value = row[column]
        if value is None:
            return True
        usual = USUAL.get((column, KINDS[row["location"]]), (low, high))
        least, most = (low, high) if row["anomaly_flag"] else usual
        return bool(least <= value <= most)

    return holds


def _anomalies_agree(row: Named) -> bool:
    flagged = row["anomaly_flag"] == (row["anomaly_type"] is not None)
    return flagged and (row["status"] == "online" or not row["anomaly_flag"])


def _alarms_shake(row: Named) -> bool:
    if row["anomaly_type"] != "vibration_alarm":
        return True
    return row["vibration_mm_s"] is not None and row["vibration_mm_s"] >= WEAKEST_ALARM


def _batteries_fall(tables: Mapping[str, Sequence[Named]]) -> Iterator[int]:
    """A sensor has a battery always or never, and its charge never rises."""
    last: dict[str, float | None] = {}
    for at, row in enumerate(tables["readings"]):
        charge, before = row["battery_pct"], last.get(row["sensor_id"], row["battery_pct"])
        last[row["sensor_id"]] = charge
        if (charge is None) != (before is None) or (charge is not None and not 0 <= charge <= min(before or 0, 100)):
            yield at


def _sensors_stay(tables: Mapping[str, Sequence[Named]]) -> Iterator[int]:
    home: dict[str, str] = {}
    readings = enumerate(tables["readings"])
    return (at for at, row in readings if home.setdefault(row["sensor_id"], row["location"]) != row["location"])


RULES = (
    rising("readings", "time_order", lambda row: (row["timestamp"], row["sensor_id"])),
    each("readings", "time_range", lambda row: START <= row["timestamp"] < START + timedelta(days=DAYS)),
    each("readings", "zone_of_location", lambda row: row["zone"] == ZONES[row["location"]]),
    Rule("readings", "sensors_stay", _sensors_stay),
    each("readings", "measured_when_online", _only_online_measures),
    each("readings", "temperature_bounds", _within("temperature_c")),
    each("readings", "humidity_bounds", _within("humidity_pct")),
    each("readings", "pressure_bounds", _within("pressure_hpa")),
    each("readings", "vibration_bounds", lambda row: row["vibration_mm_s"] is None or row["vibration_mm_s"] >= 0),
    each("readings", "anomalies_agree", _anomalies_agree),
    each("readings", "alarms_shake", _alarms_shake),
    Rule("readings", "batteries_fall", _batteries_fall),
)
