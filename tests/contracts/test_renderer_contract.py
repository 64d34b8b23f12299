"""What every renderer promises, whoever wrote it: rows of exactly its columns, named, the same each time, canonical."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.builders import make_step, make_task, make_trace
from tracewright import registry
from tracewright.datasets.export import line
from tracewright.records.trace import Trace
from tracewright.registry import Parts
from tracewright.renderers import Column, Renderer

TRACES = {
    "one accepted step": make_trace(),
    "no steps": make_trace(steps=()),
    "a failed step": make_trace(steps=(make_step(accepted=False), make_step(1, files={"a.py": "log(x)\n"}))),
    "an unreadable reply": make_trace(steps=(make_step(action=None, accepted=False),)),
    "two actions in one turn": make_trace(steps=(make_step(0, turn=0), make_step(1, turn=0))),
    "no grade, no tags": make_trace(make_task(tags={}), grade=None, status="unresolved"),
    "no files": make_trace(make_task(files={}, environment="cards", data={"seed": 3})),
}
PYTHON: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "numbers": dict,
    "json": object,
}


@pytest.fixture(params=registry.names("renderers"))
def renderer(request: pytest.FixtureRequest) -> Renderer:
    built: Renderer = registry.build("renderers", request.param, {}, Parts(home=Path()))
    assert built.format == request.param
    return built


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_each_row_has_exactly_the_columns_in_their_kinds(renderer: Renderer, trace: Trace) -> None:
    for row in renderer.render(trace):
        assert list(row) == list(renderer.columns)
        for name, kind in renderer.columns.items():
            nullable = kind not in ("text", "numbers")
            assert isinstance(row[name], PYTHON[kind]) or (nullable and row[name] is None), name


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_each_row_names_its_format_trace_and_licence(renderer: Renderer, trace: Trace) -> None:
    for row in renderer.render(trace):
        assert (row["format"], row["trace"], row["licence"]) == (renderer.format, trace.id, "MIT")
        assert row["notice"] == "From unit; licence MIT"


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_the_same_trace_gives_the_same_bytes(renderer: Renderer, trace: Trace) -> None:
    again = Trace.from_json(trace.to_json())
    assert [line(row) for row in renderer.render(trace)] == [line(row) for row in renderer.render(again)]


def test_a_step_that_was_accepted_gives_a_row(renderer: Renderer) -> None:
    trace = make_trace(steps=(make_step(files={"a.py": "log(x)\n"}),))
    assert len(list(renderer.render(trace))) == 1


def test_columns_are_of_known_kinds(renderer: Renderer) -> None:
    assert set(renderer.columns.values()) <= set(get_args(Column))
