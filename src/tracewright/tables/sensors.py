"""The set `sensors`: thirty days of readings at ten places, indoors, at machines and outdoors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from tracewright.tables.content import Row
from tracewright.tables.draws import below, between, chance, exponential, stream, weighted

SEED = 44
START = datetime(2026, 1, 2)  # noqa: DTZ001  # times in tables bear no zone
SENSORS_PER_LOCATION, BATTERIES_PER_LOCATION = 15, 6
BURSTS, READINGS, BURST_MINUTES = 37, 9, 1190
"""A sensor wakes 37 times in thirty days, every 19 h 50 min, and takes nine readings: 333 at all hours of the day."""
STATUSES = (("online", 90), ("offline", 5), ("maintenance", 5))
ANOMALIES, NIGHT_ANOMALIES = 3, 1
"""Percent of the readings online, and what comes on top at machines by night."""
NIGHT_BEGINS, NIGHT_ENDS = 22, 6
KINDS = (("high_temp", 40), ("low_temp", 20), ("high_humidity", 15), ("sensor_fault", 15))
ALARM = ("vibration_alarm", 10)
"""Only where vibration is measured."""
SINES = (0, 259, 500, 707, 866, 966, 1000, 966, 866, 707, 500, 259)
"""Thousandths of the sine of 0, 15, 30, … degrees; the second half of the circle is its negative."""


class Location(NamedTuple):
    """A place with sensors of one kind, which take a reading every so many minutes."""

    name: str
    zone: str
    kind: str
    minutes: int


LOCATIONS = (
    Location("Warehouse-A", "North", "indoor", 15),
    Location("Warehouse-B", "South", "indoor", 15),
    Location("Warehouse-C", "East", "indoor", 15),
    Location("Factory-Floor-1", "West", "industrial", 1),
    Location("Factory-Floor-2", "North", "industrial", 1),
    Location("Factory-Floor-3", "South", "industrial", 1),
    Location("Outdoor-North", "North", "outdoor", 5),
    Location("Outdoor-South", "South", "outdoor", 5),
    Location("Outdoor-East", "East", "outdoor", 5),
    Location("Outdoor-West", "West", "outdoor", 5),
)


class Sensor(NamedTuple):
    """A device; `charge` and `drain` (a day) are tenths of a percent of its battery, None where it is wired."""

    name: str
    location: Location
    offset: int
    charge: int | None
    drain: int


class Weather(NamedTuple):
    """What a sensor measures, in hundredths."""

    temperature: int
    humidity: int
    pressure: int
    vibration: int | None


def generate(scale: int = 1) -> Mapping[str, Sequence[Row]]:
    """Return the readings, ordered by time and sensor; `scale` times 150 sensors of 333."""
    rng = stream(SEED, 1)
    rows = [row for sensor in _sensors(rng, scale) for row in _readings(rng, sensor)]
    return {"readings": sorted(rows, key=lambda row: (row[1], row[0]))}


def _sensors(rng: Random, scale: int) -> Iterator[Sensor]:
    number = 0
    for location in LOCATIONS:
        for place in range(SENSORS_PER_LOCATION * scale):
            number += 1
            charge = between(rng, 400, 1000) if place < BATTERIES_PER_LOCATION * scale else None
            yield Sensor(f"SEN-{number:03}", location, below(rng, 20), charge, between(rng, 5, 20))


def _readings(rng: Random, sensor: Sensor) -> Iterator[Row]:
    for burst in range(BURSTS):
        for reading in range(READINGS):
            minutes = burst * BURST_MINUTES + sensor.offset + reading * sensor.location.minutes
            yield _reading(rng, sensor, minutes)


def _reading(rng: Random, sensor: Sensor, minutes: int) -> Row:
    at, location = START + timedelta(minutes=minutes), sensor.location
    status = weighted(rng, STATUSES)
    place = (sensor.name, at, location.name, location.zone)
    battery = None if sensor.charge is None else max(sensor.charge - sensor.drain * minutes // 1440, 10) / 10
    if status != "online":
        return *place, None, None, None, None, False, None, battery, status
    weather, anomaly = _weather(rng, location.kind, at.hour), _anomaly(rng, location.kind, at.hour)
    measured = _shifted(rng, weather, anomaly) if anomaly else weather
    values = (None if value is None else value / 100 for value in measured)
    return *place, *values, anomaly is not None, anomaly, battery, status


def _weather(rng: Random, kind: str, hour: int) -> Weather:
    temperature = _temperature(rng, kind, hour) + between(rng, -50, 50)
    return Weather(
        temperature=temperature,
        humidity=_humidity(rng, kind, temperature),
        pressure=101325 + between(rng, -2000, 2000),
        vibration=below(rng, 1000) + int(exponential(rng) * 200) if kind == "industrial" else None,
    )


def _temperature(rng: Random, kind: str, hour: int) -> int:
    if kind == "outdoor":
        angle = (hour - 6) % 24
        sine = SINES[angle % 12] * (1 if angle < 12 else -1)
        return 2250 + 750 * sine // 1000
    return (2400 if kind == "industrial" else 2200) + between(rng, -200, 200)


def _humidity(rng: Random, kind: str, temperature: int) -> int:
    match kind:
        case "outdoor":
            return min(max(6000 - 2 * (temperature - 2200) + between(rng, -1500, 1500), 2000), 9500)
        case "industrial":
            return 5000 + between(rng, -1500, 1500)
        case _:
            return 5000 + between(rng, -1000, 1000)


def _anomaly(rng: Random, kind: str, hour: int) -> str | None:
    machine = kind == "industrial"
    night = hour >= NIGHT_BEGINS or hour < NIGHT_ENDS
    if not chance(rng, ANOMALIES + (NIGHT_ANOMALIES if machine and night else 0)):
        return None
    return weighted(rng, (*KINDS, ALARM) if machine else KINDS)


def _shifted(rng: Random, weather: Weather, anomaly: str) -> Weather:
    temperature, humidity, pressure, vibration = weather
    match anomaly:
        case "high_temp":
            temperature += between(rng, 1000, 2000)
        case "low_temp":
            temperature -= between(rng, 500, 1500)
        case "high_humidity":
            humidity += between(rng, 2000, 3000)
        case "sensor_fault":
            temperature, humidity = between(rng, -1000, 5000), between(rng, 0, 10000)
        case _:
            vibration = between(rng, 1500, 4000)
    return Weather(min(max(temperature, -2000), 5000), min(max(humidity, 0), 10000), pressure, vibration)
