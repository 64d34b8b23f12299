"""Every format as golden text: multi-line texts, an episode without steps, a failed turn, letters beyond ASCII.

A golden file holds rows as they are exported, each text that runs over lines written out below its row. After a
change that is meant, `UPDATE_GOLDEN=1 pytest tests/renderers/test_golden.py` writes them anew, and git shows it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import make_step, make_task, make_trace
from tracewright import registry
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import JsonObject
from tracewright.records.task import Origin
from tracewright.records.trace import Trace, Verdict
from tracewright.registry import Parts

GOLDEN = Path(__file__).parent / "golden"
ORIGIN = Origin(
    source="commits",
    address="https://example.org/log",
    revision="4f2a",
    path="src/größe.py",
    licence="MIT",
    licence_evidence="LICENSE",
    authors=("Zoë", "李"),
)
CODE = 'def größe(x):\n    """Prüfe <|im_start|>."""\n    print(x)\n    return "…"\n'
RULE = Action(name="rewrite", arguments={"pattern": "print($A)", "rewrite": "log.info($A)", "language": "python"})
TOOL = ActionSchema(name="rewrite", description="Rewrite it.", parameters={"type": "object", "properties": {}})


def two_turns() -> Trace:
    task = make_task("Log instead of printing.\nKeep the rest: “größe”.", {"größe.py": CODE}, origin=ORIGIN)
    failed = make_step(
        0,
        action=Action(name="rewrite", arguments={"pattern": "print("}),
        observation=Observation(text="Steps left: 3.", files=("größe.py",)),
        verdict=Verdict(accepted=False, reason="The pattern does not parse:\n  print(", judge="unit-1"),
        thought="Try something.",
        state_update={"goals": ["log, don't print"]},
    )
    done = make_step(
        1,
        action=RULE,
        files={"größe.py": CODE.replace("print", "log.info")},
        observation=Observation(text="Steps left: 2.", files=("größe.py",), feedback="The pattern does not parse."),
        thought="The bracket was open.\n\n  Close it → done </think>",
        state_update={"decisions": ["use $A"], "next_focus": "submit"},
    )
    return make_trace(task, (failed, done))


def bare() -> Trace:
    return make_trace(make_task("Nothing to do.", {}, tags={}), steps=(), grade=None, status="truncated")


def silent() -> Trace:
    """Return a trace whose policy neither thought nor remembered, with two calls in one turn."""
    calls = (
        make_step(0, turn=0, action=RULE, files={"a.py": "log.info(x)\n"}),
        make_step(1, turn=0, action=Action(name="submit"), done=True),
    )
    return make_trace(steps=calls)


CASES: dict[str, tuple[str, JsonObject]] = {
    "trace": ("trace", {}),
    "steps": ("steps", {}),
    "edits": ("edits", {}),
    "tunix_sft": ("tunix_sft", {}),
    "prompt_completion": ("prompt_completion", {}),
    "training_example": ("training_example", {}),
    "messages": ("messages", {}),
    "messages_turns_masked": ("messages", {"history": "turns", "failed": "mask"}),
    "messages_text": ("messages", {"calls": "text"}),
}


def shown(row: JsonObject) -> Iterator[str]:
    yield json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True)
    for name, value in sorted(row.items()):
        if isinstance(value, str) and "\n" in value:
            yield f"--- {name}\n{value}"


def rendered(name: str, options: JsonObject) -> str:
    parts = Parts(home=Path(), tools=lambda environment: [TOOL])
    renderer = registry.build("renderers", name, options, parts)
    blocks = []
    for title, trace in (("two turns", two_turns()), ("no steps", bare()), ("two silent calls", silent())):
        rows = ["\n".join(shown(row)) for row in renderer.render(trace)]
        blocks.append("\n".join((f"=== {title}: {len(rows)} rows", *rows)))
    return "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_the_format_is_the_golden_text(case: str) -> None:
    path = GOLDEN / f"{case}.txt"
    text = rendered(*CASES[case])
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_registered_format_has_a_golden_text() -> None:
    built_in = {name for name, origin in registry.origins("renderers").items() if origin == "built in"}
    assert {name for name, _ in CASES.values()} == built_in
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)
