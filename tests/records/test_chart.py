"""Which chart fits a result, and a specification in which a result's words are nothing but words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.records.base import canonical
from tracewright.records.chart import MOST_ROWS, Chart, Field, Mark, choose, plain_text, specification, theme

TIME, WORD, OTHER_WORD = (
    Field(name="month", family="ts", distinct=12),
    Field(name="channel", family="text", distinct=3),
    Field(name="status", family="text", distinct=4),
)
MANY, SUM = Field(name="orders", family="int", distinct=9), Field(name="revenue", family="dec", distinct=12)
NAME = Field(name="customer_id", family="int", distinct=12)


@pytest.mark.parametrize(
    ("fields", "rows", "wanted"),
    [
        ([TIME, SUM], 12, Chart(mark="line", x="month", y="revenue")),
        ([TIME, WORD, SUM], 36, Chart(mark="line", x="month", y="revenue", color="channel")),
        ([TIME, WORD, SUM], 37, None),
        ([WORD, SUM], 3, Chart(mark="bar", x="channel", y="revenue")),
        ([NAME, SUM], 12, Chart(mark="bar", x="customer_id", y="revenue")),
        ([WORD, OTHER_WORD, SUM], 12, Chart(mark="rect", x="channel", y="status", color="revenue")),
        ([WORD, MANY, SUM], 30, Chart(mark="point", x="orders", y="revenue", color="channel")),
        ([SUM, MANY], 12, Chart(mark="point", x="revenue", y="orders")),
        ([Field(name="hour", family="int", distinct=24), SUM], 24, Chart(mark="bar", x="hour", y="revenue")),
        ([Field(name="day", family="int", distinct=90), SUM], 90, Chart(mark="line", x="day", y="revenue")),
        ([SUM], 12, None),
        ([WORD, OTHER_WORD, SUM], 13, None),
        ([WORD], 3, None),
        ([WORD, NAME], 3, None),
        ([TIME, SUM], 1, None),
        ([TIME, SUM], MOST_ROWS + 1, None),
        ([Field(name="word", family="text", distinct=51), SUM], 51, None),
        ([SUM, SUM], 12, None),
    ],
)
def test_a_chart_is_chosen_by_the_columns_alone(fields: list[Field], rows: int, wanted: Chart | None) -> None:
    assert choose(fields, rows) == wanted


def drawn(chart: Chart, fields: list[Field], **columns: list[Any]) -> Any:
    return specification(chart, fields, columns)


def test_values_stand_under_names_of_ours_and_times_are_utc() -> None:
    fields = [Field(name="a.b[0]", family="ts"), Field(name="v", family="dec")]
    columns: dict[str, list[Any]] = {
        "a.b[0]": [datetime.fromisoformat("2024-01-01T01:00"), None],
        "v": [Decimal("1.50"), float("nan")],
    }
    spec: Any = specification(Chart(mark="line", x="a.b[0]", y="v"), fields, columns)
    assert spec["data"]["values"] == [{"c0": 1704070800000, "c1": 1.5}, {"c0": None, "c1": None}]
    assert spec["encoding"]["x"] == {"field": "c0", "type": "temporal", "title": "a.b[0]", "scale": {"type": "utc"}}


def test_days_and_zoned_moments_are_the_same_instants() -> None:
    chart, fields = Chart(mark="line", x="d", y="z"), [Field(name="d", family="date"), Field(name="z", family="tstz")]
    spec = drawn(chart, fields, d=[date(2024, 1, 1)], z=[datetime(2024, 1, 1, tzinfo=UTC)])
    assert spec["data"]["values"] == [{"c0": 1704067200000, "c1": 1704067200000}]


def test_bars_of_words_lie_on_their_side_in_the_order_of_the_rows() -> None:
    spec = drawn(Chart(mark="bar", x="channel", y="revenue"), [WORD, SUM], channel=["web", None], revenue=[1, 2])
    assert spec["encoding"]["y"] == {"field": "c0", "type": "nominal", "title": "channel", "sort": None}
    assert spec["encoding"]["x"]["field"] == "c1"
    assert [row["c0"] for row in spec["data"]["values"]] == ["web", "null"]


def at(month: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([date(2026, 1, 1), None], ["2026-01-01", "null"]),
        ([at(1), at(2)], ["2026-01-01", "2026-02-01"]),
        ([at(1), at(1, 12, 30)], ["2026-01-01 00:00:00+00:00", "2026-01-01 12:30:00+00:00"]),
    ],
)
def test_a_time_that_names_a_bar_is_a_text(values: list[Any], labels: list[str]) -> None:
    spec = drawn(Chart(mark="bar", x="month", y="revenue"), [TIME, SUM], month=values, revenue=[1, 2])
    assert spec["encoding"]["x"]["type"] == "ordinal"
    assert [row["c0"] for row in spec["data"]["values"]] == labels


def test_a_number_that_names_a_bar_lies_beside_it() -> None:
    spec = drawn(Chart(mark="bar", x="customer_id", y="revenue"), [NAME, SUM], customer_id=[7, 5], revenue=[1, 2])
    assert (spec["encoding"]["y"]["field"], spec["encoding"]["y"]["type"]) == ("c0", "nominal")
    assert [row["c0"] for row in spec["data"]["values"]] == ["7", "5"]


def test_whole_numbers_have_no_ticks_between_them_and_a_cloud_of_others_may_leave_zero_out() -> None:
    spec = drawn(Chart(mark="point", x="revenue", y="orders"), [SUM, MANY], revenue=[1, 2], orders=[1, 2])
    assert spec["encoding"]["y"]["axis"] == {"tickMinStep": 1}
    assert "axis" not in spec["encoding"]["x"]
    assert spec["encoding"]["x"]["scale"] == {"zero": False}
    assert "scale" not in spec["encoding"]["y"]
    bars = drawn(Chart(mark="bar", x="month", y="revenue"), [TIME, SUM], month=[None, None], revenue=[1, 2])
    assert "scale" not in bars["encoding"]["y"]


def test_a_ring_takes_its_angle_from_the_number() -> None:
    spec = drawn(Chart(mark="arc", x="channel", y="revenue"), [WORD, SUM], channel=["web"], revenue=[1])
    assert [spec["encoding"][name]["field"] for name in ("theta", "color")] == ["c1", "c0"]


def test_a_heatmap_is_shaded_and_a_scatter_told_apart_by_its_colour() -> None:
    columns: dict[str, list[Any]] = {"channel": ["web"], "status": ["open"], "revenue": [True]}
    chart = Chart(mark="rect", x="channel", y="status", color="revenue")
    shaded = drawn(chart, [WORD, OTHER_WORD, SUM], **columns)
    assert shaded["encoding"]["color"] == {"field": "c2", "type": "quantitative", "title": "revenue"}
    assert shaded["data"]["values"] == [{"c0": "web", "c1": "open", "c2": None}]


def test_whole_numbers_along_a_heatmap_stand_upright_in_the_order_of_the_rows() -> None:
    chart = Chart(mark="rect", x="orders", y="status", color="revenue")
    spec = drawn(chart, [MANY, OTHER_WORD, SUM], orders=[7, 5], status=["open", "open"], revenue=[1, 2])
    wanted = {"type": "ordinal", "sort": None, "axis": {"labelAngle": 0}}
    assert wanted.items() <= spec["encoding"]["x"].items()


def test_a_column_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        drawn(Chart(mark="bar", x="nothing", y="revenue"), [SUM], revenue=[1])


hostile = st.text(max_size=200) | st.sampled_from(
    [
        '{"signal": "1"}',
        "datum.c0",
        "https://example.org/a.json",
        "</script><script>",
        "\u202eabc",
        "\x1b[2J",
        "a" * 999,
    ]
)


@given(st.sampled_from(get_args(Mark)), hostile, hostile, st.lists(st.tuples(hostile, st.floats()), max_size=4))
def test_no_word_of_a_result_becomes_an_address_or_an_expression(
    mark: Mark, x: str, y: str, rows: list[tuple[str, float]]
) -> None:
    fields = [Field(name="c" + x, family="text"), Field(name="d" + y, family="float")]
    columns: dict[str, list[Any]] = {"c" + x: [row[0] for row in rows], "d" + y: [row[1] for row in rows]}
    spec = specification(Chart(mark=mark, x="c" + x, y="d" + y), fields, columns)
    assert not {"url", "expr", "signal", "transform", "params", "href", "format"} & set(keys(spec))
    assert canonical(spec)


def keys(value: Any) -> Iterator[str]:
    """Yield every key of a JSON value."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


@given(st.text(max_size=300))
def test_a_label_is_short_and_drives_no_display(text: str) -> None:
    shown = plain_text(text)
    assert len(shown) <= 80
    assert shown.isprintable()


def test_themes_differ_in_colours_alone() -> None:
    light, dark = theme("light"), theme("dark")
    assert [*light] == [*dark]
    assert light["background"] != dark["background"]
