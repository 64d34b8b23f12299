"""Spans of time, what they are added to, and the parts of a time."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.moments import GRAINS, PARTS
from tracewright.plans.families import TIMES
from tracewright.plans.importing.calls import Say
from tracewright.plans.importing.kinds import is_text, kind
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.speech import Speech

SPAN = re.compile(rf"(-?\d+) ({'|'.join(sorted(GRAINS))})s?")
SPANS = re.compile(rf"{SPAN.pattern}(?: {SPAN.pattern})*")


def shift(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return a time that a span is added to, None where it is something else."""
    count, unit = _span(speech, node.expression, say)
    if kind(speech.run, node.this).family not in TIMES or not isinstance(count, int):
        return None
    return {"shift": [say(speech, node.this), count, unit]}


def interval(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return a span; one of several units is a sum."""
    text = str(node.this.this) if is_text(node.this) and not node.args.get("unit") else ""
    if SPANS.fullmatch(text):
        parts = [{"interval": [int(count), unit]} for count, unit in SPAN.findall(text)]
        return {"add": parts} if len(parts) > 1 else parts[0]
    return {"interval": list(_span(speech, node, say))}


def extract(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return a part of a time."""
    part = name_of(node).lower()
    if part not in PARTS:
        raise refusal("UNSUPPORTED_EXPRESSION", f"a time has no part {part!r}", node)
    return {"part": [say(speech, node.expression), part]}


def _span(speech: Speech, node: exp.Expr, say: Say) -> tuple[Any, str]:
    only(node, "this", "unit")
    unit = str(node.args["unit"].name if node.args.get("unit") else "").lower().removesuffix("s")
    if unit not in GRAINS:
        raise refusal("UNSUPPORTED_EXPRESSION", "an interval has a count and one unit", node)
    count = node.this
    if not is_text(count):
        return say(speech, count), unit
    if not str(count.this).lstrip("-").isdigit():
        raise refusal("UNSUPPORTED_EXPRESSION", "the count of an interval is a whole number", node)
    return int(count.this), unit
