"""A chart of a result: a closed choice of a mark and of columns, and the Vega-Lite specification that follows from it.

Names and values of a result only ever stand where Vega-Lite takes plain text; nothing in it is fetched or evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Literal

from tracewright.records.base import JsonObject, Record

Mark = Literal["bar", "line", "area", "point", "arc", "rect", "tick"]
Theme = Literal["light", "dark"]
Scale = Literal["temporal", "quantitative", "nominal", "ordinal"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
TIMES = ("date", "ts", "tstz")
NUMBERS = ("int", "dec", "float")
WORDS = ("text", "bool", "uuid")
NAMED = ("bar", "rect", "arc")
"""Marks of which each stands for a value with a name."""
MOST_ROWS = 2000
"""More points than that are a cloud, not an answer."""
MOST_BARS = 50
MOST_COLOURS = 12
MOST_CHARACTERS = 80
WIDTH, HEIGHT, STEP = 640, 360, 22
ROOM: JsonObject = {"labelOverlap": True, "titlePadding": 10}


class Field(Record):
    """A column as a chart sees it: how many different values it holds, 0 where nobody counted."""

    name: str
    family: str
    distinct: int = 0


class Chart(Record):
    """What is drawn how: `mark` over the columns `x` and `y`, told apart or shaded by `color`."""

    mark: Mark
    x: str
    y: str
    color: str = ""


def choose(fields: Sequence[Field], rows: int) -> Chart | None:
    """Return the chart that fits a result's columns; None where a table says it better. The same for the same facts."""
    if not 2 <= rows <= MOST_ROWS or len({field.name for field in fields}) < len(fields):
        return None
    times = [field for field in fields if field.family in TIMES]
    words = [field for field in fields if field.family in WORDS or _names_rows(field)]
    numbers = [field for field in fields if field.family in NUMBERS and not _names_rows(field)]
    if not numbers:
        return None
    if times:
        return _over_time(times[0], numbers[0], words, rows)
    if words:
        return _by_word(words, numbers, rows)
    return _of_numbers(numbers, rows)


def _names_rows(field: Field) -> bool:
    """Say whether a whole number is a name: a sum or mean of it would mean nothing."""
    return field.family == "int" and (field.name.lower() == "id" or field.name.lower().endswith("_id"))


def _over_time(time: Field, number: Field, words: Sequence[Field], rows: int) -> Chart | None:
    if time.distinct == rows:
        return Chart(mark="line", x=time.name, y=number.name)
    if words and words[0].distinct <= MOST_COLOURS and rows <= time.distinct * words[0].distinct:
        return Chart(mark="line", x=time.name, y=number.name, color=words[0].name)
    return None


def _by_word(words: Sequence[Field], numbers: Sequence[Field], rows: int) -> Chart | None:
    first, number = words[0], numbers[0]
    if first.distinct == rows:
        return Chart(mark="bar", x=first.name, y=number.name) if rows <= MOST_BARS else None
    if len(words) == 1 and len(numbers) > 1 and first.distinct <= MOST_COLOURS:
        return Chart(mark="point", x=number.name, y=numbers[1].name, color=first.name)
    if len(words) > 1 and rows <= first.distinct * words[1].distinct and _few(first) and _few(words[1]):
        return Chart(mark="rect", x=first.name, y=words[1].name, color=number.name)
    return None


def _few(field: Field) -> bool:
    return field.distinct <= MOST_BARS


def _of_numbers(numbers: Sequence[Field], rows: int) -> Chart | None:
    if len(numbers) < 2:
        return None
    first, second = numbers[:2]
    if first.family != "int" or first.distinct != rows:
        return Chart(mark="point", x=first.name, y=second.name)
    return Chart(mark="bar" if rows <= MOST_BARS else "line", x=first.name, y=second.name)


def specification(chart: Chart, fields: Sequence[Field], columns: Mapping[str, Sequence[Any]]) -> JsonObject:
    """Return the Vega-Lite specification of a chart over values by column; raises KeyError for a column that is none.

    The data stand in it, under names of ours, in the order of the result; times are milliseconds since 1970 in UTC, but
    where each names a bar or a cell, and then texts.
    """
    used = [name for name in (chart.x, chart.y, chart.color) if name]
    named = {field.name for field in fields if chart.mark in NAMED and _names_rows(field)}
    families = {field.name: "text" if field.name in named else field.family for field in fields}
    # Dots and brackets in a name would be taken for a path, so columns go by their place.
    places = {name: f"c{index}" for index, name in enumerate(dict.fromkeys(used))}
    encoding = _encoding(chart, families, places)
    labels = {channel["field"] for channel in encoding.values() if channel["type"] in {"nominal", "ordinal"}}
    listed = [_written(columns[name], families[name], place in labels) for name, place in places.items()]
    return {
        "$schema": SCHEMA,
        "description": plain_text(f"{_title(chart.mark)} of {chart.y} by {chart.x}"),
        "data": {"values": [dict(zip(places.values(), row, strict=True)) for row in zip(*listed, strict=True)]},
        "mark": _mark(chart),
        "encoding": encoding,
        **_size(chart, families),
    }


def plain_text(text: str) -> str:
    """Return a text as one short line without anything that could steer a display."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= MOST_CHARACTERS else shown[: MOST_CHARACTERS - 1] + "…"


def _title(mark: Mark) -> str:
    return {"rect": "Heatmap", "point": "Scatter plot", "arc": "Ring chart"}.get(mark, f"{mark.capitalize()} chart")


def _mark(chart: Chart) -> JsonObject:
    more: Mapping[str, JsonObject] = {
        "line": {"point": True},
        "point": {"filled": True, "size": 60},
        "arc": {"innerRadius": 60},
    }
    return {"type": chart.mark, "tooltip": True, **more.get(chart.mark, {})}


def _encoding(chart: Chart, families: Mapping[str, str], places: Mapping[str, str]) -> dict[str, Any]:
    def channel(name: str, scale: Scale) -> JsonObject:
        found: JsonObject = {"field": places[name], "type": scale, "title": plain_text(name)}
        match scale, families[name]:
            case "temporal", _:
                found["scale"] = {"type": "utc"}
            case "quantitative", "int" if name != chart.color and chart.mark != "arc":
                found["axis"] = {"tickMinStep": 1}
            case "quantitative", _ if name != chart.color and chart.mark == "point":
                found["scale"] = {"zero": False}
            case "ordinal", "int":
                found |= {"sort": None, "axis": {"labelAngle": 0}}
            case "nominal" | "ordinal", _:
                found["sort"] = None
        return found

    def free(name: str) -> Scale:
        return "temporal" if families[name] in TIMES else "quantitative" if families[name] in NUMBERS else "nominal"

    if chart.mark == "arc":
        return {"theta": channel(chart.y, "quantitative"), "color": channel(chart.x, "nominal")}
    discrete = chart.mark in {"bar", "rect"}
    x = channel(chart.x, ("ordinal" if families[chart.x] not in WORDS else "nominal") if discrete else free(chart.x))
    y = channel(chart.y, "nominal" if chart.mark == "rect" else free(chart.y))
    across = _lies(chart, families)
    found: dict[str, Any] = {"x": y, "y": x} if across else {"x": x, "y": y}
    if chart.color:
        found["color"] = channel(chart.color, free(chart.color) if chart.mark in {"rect", "point"} else "nominal")
    return found


def _lies(chart: Chart, families: Mapping[str, str]) -> bool:
    """Say whether bars lie on their side: names can then be read."""
    return chart.mark == "bar" and families[chart.x] not in (*TIMES, *NUMBERS)


def _size(chart: Chart, families: Mapping[str, str]) -> JsonObject:
    if chart.mark == "rect":
        return {"width": {"step": 2 * STEP}, "height": {"step": STEP}}
    if chart.mark == "arc":
        return {"width": HEIGHT, "height": HEIGHT}
    return {"width": WIDTH, "height": {"step": STEP} if _lies(chart, families) else HEIGHT}


def _written(values: Sequence[Any], family: str, label: bool) -> list[Any]:
    """Return a column as JSON: texts where each value is a name, whole days without their midnights."""
    if family in TIMES and not label:
        return [_milliseconds(value) for value in values]
    if family in TIMES:
        days = all(value.time() == time() for value in values if isinstance(value, datetime))
        return [_label(value.date() if days and isinstance(value, datetime) else value) for value in values]
    return [_number(value) if family in NUMBERS else _label(value) for value in values]


def _milliseconds(value: Any) -> int | None:
    match value:
        case datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        case date():
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
        case _:
            return None
    return round(moment.timestamp() * 1000)


def _number(value: Any) -> float | None:
    match value:
        case bool() | None:
            return None
        case int() | float() | Decimal() if isfinite(value):
            return float(value)
    return None


def _label(value: Any) -> str:
    return "null" if value is None else plain_text(str(value))


def theme(name: Theme) -> JsonObject:
    """Return the Vega-Lite configuration of a theme; the colours can be told apart by the colour-blind.

    Categories are those of Okabe and Ito (2008), with yellow replaced on white.
    """
    ink, faint, paper = ("#1f2937", "#d1d5db", "#ffffff") if name == "light" else ("#e5e7eb", "#374151", "#111827")
    first = "#0072b2" if name == "light" else "#56b4e9"
    others = ["#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9" if name == "light" else "#0072b2", "#999999"]
    lines: JsonObject = {"labelColor": ink, "titleColor": ink, "labelLimit": 180, "titleFontWeight": "normal"}
    # A label at an end stays where its tick is: moved inwards it would run into the next.
    spaced: JsonObject = {"labelSeparation": 6, "labelFlush": False}
    return {
        "background": paper,
        "padding": 12,
        "font": "Liberation Sans, Arial, sans-serif",  # the first is what the renderer brings along
        "axis": {**lines, "gridColor": faint, "domainColor": ink, "tickColor": ink, **ROOM},
        "axisQuantitative": spaced,
        "axisTemporal": spaced,
        "axisXDiscrete": {"labelAngle": -30},
        "legend": lines,
        "view": {"stroke": faint},
        "mark": {"color": first},
        "range": {"category": [first, *others], "heatmap": {"scheme": "viridis"}, "ramp": {"scheme": "viridis"}},
    }
