"""Pictures of results: the same bytes every time, and nothing in them but drawing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tracewright.jobs import Result
from tracewright.jobs.draw_chart import run

HOSTILE = ["<script>alert(1)</script>", '"><image href="https://example.org/x.png"/>', "a&b", "]]>", "\x1b[2J\u202e"]
DRAWING = {"svg", "g", "path", "rect", "line", "text", "defs", "linearGradient", "stop", "clipPath", "circle", "title"}
CHART = {"mark": "bar", "x": "word", "y": "many"}


def request(chart: Mapping[str, str]) -> dict[str, Any]:
    columns = [{"name": "word", "type": "VARCHAR"}, {"name": "many", "type": "BIGINT"}]
    return {"input": "r", "format": "parquet", "columns": columns, "chart": chart}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"word": HOSTILE, "many": [1, 2, 3, 4, 5]}), path)
    return path


def drawn(rows: Path, chart: Mapping[str, str] = CHART) -> Result:
    return run(request(chart), {}, {"r": rows})


@pytest.mark.parametrize("mark", ["bar", "line", "area", "point", "arc", "rect", "tick"])
def test_every_mark_gives_pictures_for_light_and_dark(rows: Path, mark: str) -> None:
    found = drawn(rows, {**CHART, "mark": mark}).artifacts
    assert sorted(found) == [
        *("chart.dark.png", "chart.dark.svg", "chart.light.png", "chart.light.svg", "chart.vl.json")
    ]
    assert found["chart.light.png"].startswith(b"\x89PNG")
    assert found["chart.light.svg"] != found["chart.dark.svg"]


def test_a_picture_holds_words_of_the_rows_as_text_alone(rows: Path) -> None:
    tree = ET.fromstring(drawn(rows).artifacts["chart.light.svg"])  # noqa: S314  # we drew it
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} <= DRAWING
    assert not [name for element in tree.iter() for name in element.attrib if "href" in name or name.startswith("on")]
    texts = {element.text for element in tree.iter() if element.tag.endswith("text")}
    assert HOSTILE[0] in texts


def test_the_same_rows_give_the_same_bytes_in_any_process_zone_and_language(rows: Path) -> None:
    told = (
        "import sys, json, hashlib; from pathlib import Path; from tracewright.jobs.draw_chart import run;"
        "found = run(json.loads(sys.argv[1]), {}, {'r': Path(sys.argv[2])}).artifacts;"
        "print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in found.items()}))"
    )
    command = [sys.executable, "-c", told, json.dumps(request(CHART)), str(rows)]
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    ran = subprocess.run(command, env=elsewhere, capture_output=True, text=True, check=True)
    here = {name: hashlib.sha256(data).hexdigest() for name, data in drawn(rows).artifacts.items()}
    assert json.loads(ran.stdout) == here


def test_a_bound_address_space_leaves_the_specification_and_says_why(rows: Path) -> None:
    told = (
        "import sys, json, resource; from pathlib import Path; from tracewright.jobs.draw_chart import run;"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
        "found = run(json.loads(sys.argv[1]), {}, {'r': Path(sys.argv[2])});"
        "print(json.dumps([found.status, found.code, sorted(found.artifacts)]))"
    )
    command = [sys.executable, "-c", told, json.dumps(request(CHART)), str(rows)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == ["ok", "no_picture", ["chart.vl.json"]]


@pytest.mark.parametrize(
    "chart",
    [{**CHART, "x": "nothing"}, {**CHART, "mark": "image"}, {**CHART, "url": "https://example.org"}, {"mark": "bar"}],
)
def test_a_chart_outside_the_closed_choice_is_refused(rows: Path, chart: dict[str, str]) -> None:
    ended = drawn(rows, chart)
    assert (ended.status, ended.code, ended.artifacts) == ("action_error", "no_chart", {})


def test_a_result_without_end_is_no_chart(tmp_path: Path) -> None:
    pq.write_table(pa.table({"word": ["a"] * 2001, "many": list(range(2001))}), tmp_path / "rows")
    assert "at most 2000 rows, found 2001" in drawn(tmp_path / "rows").message
