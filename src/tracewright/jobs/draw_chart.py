"""Draws a chart of a stored result: its Vega-Lite specification with the data in it, and pictures of that.

`{"input", "format", "columns", "chart": {"mark", "x", "y", "color"?}, "themes": ["light", "dark"]}` gives the artifacts
`chart.vl.json`, and for each theme `chart.<theme>.svg` and `chart.<theme>.png`. Nothing is fetched: a jail has no net.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import vl_convert

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._result.read import UnreadableError, read
from tracewright.records.base import canonical
from tracewright.records.chart import MOST_ROWS, Chart, Field, Theme, specification, theme

ISOLATION: IsolationNeed = "oneshot"
RESERVES = True
VEGA_LITE = "6.4"
SCALE = 2.0
ADDRESS_SPACE = 72 << 30
"""What the renderer's JavaScript engine reserves; it uses a thousandth of it."""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Draw it; where somebody around the jail bounds address space, only the specification comes, with a code."""
    try:
        chart = Chart.model_validate(request["chart"])
        columns = read(inputs[request["input"]], request["format"], request["columns"])
        fields = [Field(name=column.name, family=column.family, distinct=column.distinct) for column in columns]
        if len(columns[0].values) > MOST_ROWS:
            raise UnreadableError(f"a chart shows at most {MOST_ROWS} rows, found {len(columns[0].values)}")
        spec = specification(chart, fields, {column.name: column.values for column in columns})
    except (UnreadableError, ValueError, KeyError, IndexError) as error:
        return Result("action_error", "no_chart", f"this chart cannot be drawn: {error}")
    written = {"chart.vl.json": canonical(spec)}
    if not _roomy():
        sentence = "no picture was drawn: address space is bounded here (ulimit -v), and the renderer reserves more"
        return Result(code="no_picture", message=sentence, artifacts=written)
    return Result(artifacts={**written, **_pictures(spec, request.get("themes", get_args(Theme)))})


def _roomy() -> bool:
    bound, _ = resource.getrlimit(resource.RLIMIT_AS)
    return bound == resource.RLIM_INFINITY or bound >= ADDRESS_SPACE


def _pictures(spec: Mapping[str, Any], themes: Sequence[Theme]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in themes:
        text = json.dumps(spec)
        svg = vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE, config=theme(name), allowed_base_urls=[])
        found[f"chart.{name}.svg"] = svg.encode()
        found[f"chart.{name}.png"] = vl_convert.svg_to_png(svg, scale=SCALE)
    return found
