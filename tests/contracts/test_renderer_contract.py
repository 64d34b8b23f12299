"""Every renderer that the registry lists keeps the promises of a renderer, and the suite catches one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tracewright import registry
from tracewright.records.base import JsonObject
from tracewright.records.trace import Trace
from tracewright.records.turn_text import escape_all
from tracewright.registry import Parts
from tracewright.renderers import Column, Renderer
from tracewright.renderers._contract.suite import check_renderer

MASKED: JsonObject = {"failed": "mask"}
WAYS: list[tuple[str, JsonObject]] = [
    *((name, {}) for name in registry.names("renderers")),
    *((name, MASKED) for name in ("messages", "prompt_completion", "training_example", "tunix_sft")),
    ("messages", {"history": "turns"}),
    ("messages", {"calls": "text"}),
]


@pytest.mark.parametrize(("name", "options"), WAYS)
def test_a_renderer_keeps_its_promises(name: str, options: JsonObject) -> None:
    renderer: Renderer = registry.build("renderers", name, options, Parts(home=Path()))
    assert renderer.format == name
    check_renderer(renderer)


class Made:
    """A renderer of one text column beside the names, made as a test asks for it."""

    format = "made"

    def __init__(self, make: Callable[[Trace], JsonObject], kind: Column = "text") -> None:
        self.columns: dict[str, Column] = {"format": "text", "trace": "text", "licence": "text", "text": kind}
        self._make = make

    def render(self, trace: Trace) -> Iterator[JsonObject]:
        if trace.steps:
            named = escape_all({"format": "made", "trace": trace.id, "licence": trace.task.origin.licence})
            assert isinstance(named, dict)
            yield {**named, **self._make(trace)}


NUMBERS = count()
BROKEN: dict[str, Made] = {
    "known kinds": Made(lambda trace: {"text": "x"}, kind="colour"),  # type: ignore[arg-type]  # what is tested
    "has the columns": Made(lambda trace: {}),
    "'text' is text": Made(lambda trace: {"text": None}),
    "is named": Made(lambda trace: {"text": "x", "trace": "another"}),
    "same bytes": Made(lambda trace: {"text": str(next(NUMBERS))}),
    "cannot open or end a turn": Made(lambda trace: {"text": trace.task.instruction}),
}


def test_a_renderer_of_ones_own_can_pass() -> None:
    check_renderer(Made(lambda trace: {"text": "x"}))


@pytest.mark.parametrize("promise", BROKEN)
def test_a_broken_promise_is_named(promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_renderer(BROKEN[promise])


def test_a_renderer_without_rows_is_caught() -> None:
    class Silent(Made):
        def render(self, trace: Trace) -> Iterator[JsonObject]:
            return iter(())

    with pytest.raises(AssertionError, match="gives one row"):
        check_renderer(Silent(lambda trace: {}))
