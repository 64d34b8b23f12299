"""A replay comes out the same, or says at which step a trace was changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.open_sandboxes import OpenSandbox
from tests.rollouts.players import REWRITE, SUBMIT, ScriptedPolicy, log_task, make_players
from tracewright.environments.astgrep.environment import AstGrepEnvironment
from tracewright.records.action import Action
from tracewright.records.trace import Trace
from tracewright.rollouts.replay import Drift, replay
from tracewright.rollouts.rollout import play

NO_MATCH = Action(name="rewrite", arguments={"pattern": "absent()", "rewrite": "x", "language": "python"})
BACK = Action(name="rewrite", arguments={"pattern": "log($A)", "rewrite": "show($A)", "language": "python"})


@pytest.fixture(scope="module")
def trace() -> Trace:
    policy = ScriptedPolicy([NO_MATCH], [REWRITE], [], [BACK], [Action(name="undo")], [SUBMIT])
    found = asyncio.run(play(make_players(policy), log_task(), 0))
    assert found is not None
    return found


def replayed(trace: Trace) -> Drift | None:
    return asyncio.run(replay(trace, AstGrepEnvironment(), OpenSandbox()))


def test_a_stored_trace_comes_out_the_same(trace: Trace) -> None:
    assert trace.passed
    assert replayed(Trace.from_json(trace.to_json())) is None


def set_text(step: dict[str, Any]) -> None:
    step["outcome"]["files"] = {"a.py": "something else\n"}


def set_status(step: dict[str, Any]) -> None:
    step["outcome"]["status"] = "killed"


def set_code(step: dict[str, Any]) -> None:
    step["outcome"]["code"] = "other"


def set_action(step: dict[str, Any]) -> None:
    step["action"] = {"name": "rewrite", "arguments": {"pattern": "import $A", "rewrite": "x", "language": "python"}}


def set_verdict(step: dict[str, Any]) -> None:
    step["verdict"]["reason"] = "because"


def set_thought(step: dict[str, Any]) -> None:
    step["thought"] = "another"


def set_layout(step: dict[str, Any]) -> None:
    """Change an argument that makes no difference to what comes out."""
    action = step.get("action") or {"name": "rewrite"}
    step["action"] = {**action, "arguments": {**action.get("arguments", {}), "layout": "tidy"}}


CHANGES = [set_text, set_status, set_code, set_action, set_verdict, set_thought, set_layout]


@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_step_that_was_changed_is_told_by_its_number(
    trace: Trace, change: Callable[[dict[str, Any]], None], index: int
) -> None:
    raw = json.loads(trace.to_json())
    change(raw["steps"][index])
    for field in ("index", "turn"):  # fields at their default are left out of the JSON
        raw["steps"][index].setdefault(field, 0)
    drift = replayed(Trace.model_validate(raw))
    assert drift is not None
    assert (drift.trace, drift.step) == (trace.id, index)


@pytest.mark.parametrize("part", ["observation", "message", "diff"])
def test_what_a_student_would_learn_from_is_told_though_the_hashes_were_made_anew(trace: Trace, part: str) -> None:
    step = trace.steps[1]
    forged: dict[str, dict[str, Any]] = {
        "observation": {"observation": step.observation.model_copy(update={"text": "The answer is log."})},
        "message": {"outcome": step.outcome.model_copy(update={"message": "forged"})},
        "diff": {"outcome": step.outcome.model_copy(update={"diff": "forged"})},
    }
    steps = (trace.steps[0], step.model_copy(update=forged[part]).sealed(), *trace.steps[2:])
    drift = replayed(trace.model_copy(update={"steps": steps}))
    assert drift is not None
    assert drift.step == 1
    assert part in drift.what


def test_a_trace_whose_grade_was_changed_is_told_as_a_whole(trace: Trace) -> None:
    raw = json.loads(trace.to_json())
    raw["grade"]["reward"] = 1.0
    drift = replayed(Trace.model_validate(raw))
    assert drift is not None
    assert drift.step == -1


@pytest.mark.parametrize("gone", range(1, 5))
def test_a_step_that_is_missing_is_told_where_the_order_breaks(trace: Trace, gone: int) -> None:
    steps = trace.steps[:gone] + trace.steps[gone + 1 :]
    drift = replayed(trace.model_copy(update={"steps": steps}))
    assert drift is not None
    assert drift.step == gone + 1
