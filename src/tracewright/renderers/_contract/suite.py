"""The promises of a renderer, one check each: `check_renderer(renderer)` runs them all.

Attacks hold the tokens of some chat templates, not of all that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

from pydantic import JsonValue

from tracewright.records.base import JsonObject, canonical
from tracewright.records.trace import Trace
from tracewright.renderers import Column, Renderer
from tracewright.renderers._contract.samples import shapes, step, trace

KINDS: dict[Column, type | tuple[type, ...]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "numbers": dict,
    "json": object,
}
NEVER_NULL = ("text", "numbers")
TOKENS = (
    "<start_of_turn>",
    "<end_of_turn>",
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "</s>",
    "[/INST]",
    "</action>",
)


def check_renderer(renderer: Renderer) -> None:
    """Run every check; raises AssertionError that says which promise was broken."""
    for check in CHECKS:
        check(renderer)


def columns_are_of_known_kinds(renderer: Renderer) -> None:
    unknown = set(renderer.columns.values()) - set(get_args(Column))
    _holds(not unknown, f"columns are of known kinds, found {sorted(unknown)}")


def rows_have_exactly_the_columns(renderer: Renderer) -> None:
    for shape, row in _rows(renderer):
        _holds(set(row) == set(renderer.columns), f"a row of {shape!r} has the columns, found {sorted(row)}")
        for name, kind in renderer.columns.items():
            fits = isinstance(row[name], KINDS[kind]) or (row[name] is None and kind not in NEVER_NULL)
            _holds(fits, f"{name!r} is {kind} for {shape!r}, found {row[name]!r}")


def rows_name_format_trace_and_licence(renderer: Renderer) -> None:
    for shape, row in _rows(renderer):
        named = (row.get("format"), row.get("trace"), bool(row.get("licence")))
        _holds(named == (renderer.format, shapes()[shape].id, True), f"a row of {shape!r} is named, found {named}")


def the_same_trace_gives_the_same_bytes(renderer: Renderer) -> None:
    for shape, sample in shapes().items():
        once, again = (_bytes(renderer, one) for one in (sample, Trace.from_json(sample.to_json())))
        _holds(once == again, f"{shape!r} is rendered twice to the same bytes")


def an_accepted_step_gives_a_row(renderer: Renderer) -> None:
    _holds(len(list(renderer.render(shapes()["one accepted step"]))) == 1, "an accepted step gives one row")


def data_cannot_open_a_turn(renderer: Renderer) -> None:
    attack, plain = ("".join(TOKENS), "plain")
    counts = [_counts(renderer, trace(step(text=text), step(1, 1, text=text), text=text)) for text in (attack, plain)]
    _holds(counts[0] == counts[1], f"data cannot open or end a turn: {counts[0]} with control tokens, else {counts[1]}")


CHECKS: tuple[Callable[[Renderer], None], ...] = (
    columns_are_of_known_kinds,
    rows_have_exactly_the_columns,
    rows_name_format_trace_and_licence,
    the_same_trace_gives_the_same_bytes,
    an_accepted_step_gives_a_row,
    data_cannot_open_a_turn,
)


def _holds(promise: bool, what: str) -> None:
    if not promise:
        raise AssertionError(f"a renderer promises: {what}")


def _rows(renderer: Renderer) -> Iterator[tuple[str, JsonObject]]:
    for shape, sample in shapes().items():
        for row in renderer.render(sample):
            yield shape, row


def _bytes(renderer: Renderer, sample: Trace) -> list[bytes]:
    return [canonical(row) for row in renderer.render(sample)]


def _counts(renderer: Renderer, sample: Trace) -> dict[str, int]:
    found = [text for row in renderer.render(sample) for text in _texts(row)]
    return {token: sum(text.count(token) for text in found) for token in TOKENS}


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case _:
            return
