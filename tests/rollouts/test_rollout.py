"""The core loop: steps build on each other, nothing is rewarded for nothing, and our own faults are no zeros."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from pydantic import JsonValue

from tests.open_sandboxes import BreakingSandbox, OpenSandbox
from tests.rollouts.players import POST, REWRITE, SUBMIT, ScriptedPolicy, log_task, make_players
from tracewright.errors import PolicyError
from tracewright.policies import Policy
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.job import Job, Observed, Outcome
from tracewright.records.task import Goal, Task, TaskView
from tracewright.records.trace import Step, Trace
from tracewright.rollouts.rollout import play
from tracewright.sandboxes import Sandbox

NO_CHANGE = Action(name="rewrite", arguments={"pattern": "os", "rewrite": "os", "language": "python"})
NO_MATCH = Action(name="rewrite", arguments={"pattern": "absent()", "rewrite": "x", "language": "python"})
UNDO = Action(name="undo")


def played(policy: Policy, task: Task | None = None, sandbox: Sandbox | None = None, max_retries: int = 3) -> Trace:
    trace = asyncio.run(play(make_players(policy, sandbox, max_retries), task or log_task(), 0))
    assert trace is not None
    return trace


def statuses(trace: Trace) -> list[str]:
    return [step.outcome.code or step.outcome.status for step in trace.steps]


def test_a_rewrite_that_reaches_the_goal_passes() -> None:
    trace = played(ScriptedPolicy([REWRITE], [SUBMIT]))
    assert trace.passed
    assert trace.status == "completed"
    assert trace.steps[0].outcome.files == {"a.py": POST}
    assert trace.grade is not None
    assert trace.grade.reward == 0.9 + 0.1 * trace.grade.check("clean")


def test_the_same_episode_has_the_same_bytes() -> None:
    assert played(ScriptedPolicy([REWRITE], [SUBMIT])) == played(ScriptedPolicy([REWRITE], [SUBMIT]))


def test_doing_nothing_never_passes_even_when_nothing_was_to_do() -> None:
    task = log_task(goal=Goal(files={"a.py": "import os\n\nprint(os.name)\nprint(1)\n"}))
    trace = played(ScriptedPolicy([SUBMIT]), task)
    assert trace.grade is not None
    assert (trace.passed, trace.grade.reward) == (False, 0.0)


def test_a_rewrite_that_changes_nothing_is_not_accepted() -> None:
    trace = played(ScriptedPolicy([NO_CHANGE], [SUBMIT]))
    assert trace.steps[0].outcome.status == "ok"
    assert not trace.steps[0].verdict.accepted
    assert "left every file as it was" in trace.steps[0].verdict.reason


def test_a_rule_without_a_match_and_a_broken_rule_are_told_apart() -> None:
    broken = Action(name="rewrite", arguments={"pattern": "def (", "rewrite": "x", "language": "python"})
    trace = played(ScriptedPolicy([NO_MATCH], [broken], [SUBMIT]))
    assert [step.outcome.status for step in trace.steps] == ["no_match", "action_error", "ok"]
    assert [step.verdict.accepted for step in trace.steps] == [False, False, True]


def test_the_second_step_sees_what_the_first_one_made() -> None:
    second = Action(name="rewrite", arguments={"pattern": "log($A)", "rewrite": "print($A)", "language": "python"})
    trace = played(ScriptedPolicy([REWRITE], [second], [SUBMIT]))
    assert statuses(trace) == ["ok", "ok", "ok"]
    assert trace.steps[1].outcome.files == dict(trace.task.files)
    assert not trace.passed


def test_undo_takes_a_change_back() -> None:
    trace = played(ScriptedPolicy([REWRITE], [UNDO], [UNDO], [REWRITE], [SUBMIT]))
    assert statuses(trace) == ["ok", "ok", "nothing_to_undo", "ok", "ok"]
    assert trace.passed


def test_an_unknown_action_and_unfit_arguments_tell_the_policy_why_and_cost_a_step() -> None:
    trace = played(ScriptedPolicy([Action(name="rm")], [Action(name="rewrite")], [SUBMIT]))
    assert statuses(trace) == ["unknown_action", "bad_arguments", "ok"]
    assert "pattern" in trace.steps[1].verdict.reason


def test_a_turn_without_an_action_costs_a_step_and_says_so() -> None:
    trace = played(ScriptedPolicy([], [REWRITE], [SUBMIT]))
    assert statuses(trace) == ["no_action", "ok", "ok"]
    assert trace.steps[0].action is None
    assert trace.steps[1].observation.feedback == "The reply held no action that could be read."
    assert trace.passed


@pytest.mark.parametrize("value", [2**60, float("nan"), "\ud800"])
def test_a_turn_that_no_json_can_hold_costs_a_step_and_ends_nothing(value: JsonValue) -> None:
    wild = Action(name="rewrite", arguments={"pattern": value})
    trace = played(ScriptedPolicy([wild], [REWRITE], [SUBMIT]))
    assert statuses(trace) == ["no_action", "ok", "ok"]
    generation = trace.steps[0].generation
    assert generation is not None
    assert "plain JSON" in generation.parse_error


def test_who_was_handed_the_goal_is_privileged_whatever_they_say() -> None:
    players = make_players(ScriptedPolicy([SUBMIT]))
    assert not players.card().privileged
    assert replace(players, privileged=True).card().privileged


def test_a_sandbox_that_says_nothing_of_its_walls_has_none() -> None:
    class Silent(OpenSandbox):
        async def run(self, job: Job) -> Outcome:
            return (await super().run(job)).model_copy(update={"observed": Observed()})

    trace = asyncio.run(play(make_players(ScriptedPolicy([REWRITE], [SUBMIT]), Silent()), log_task(), 0))
    assert trace is not None
    assert trace.isolation == "none"


def test_several_actions_of_one_turn_are_steps_of_that_turn() -> None:
    trace = played(ScriptedPolicy([REWRITE, SUBMIT]))
    assert [(step.index, step.turn) for step in trace.steps] == [(0, 0), (1, 0)]


def test_nothing_is_played_after_a_submit_in_the_same_turn() -> None:
    assert len(played(ScriptedPolicy([SUBMIT, REWRITE])).steps) == 1


def test_an_episode_ends_at_its_limit_and_is_graded_as_it_stands() -> None:
    trace = played(ScriptedPolicy([NO_MATCH], [REWRITE], [SUBMIT]), log_task(max_steps=2))
    assert trace.status == "truncated"
    assert trace.passed


def test_a_policy_with_nothing_to_try_leaves_no_trace() -> None:
    assert asyncio.run(play(make_players(ScriptedPolicy()), log_task(), 0)) is None


def test_a_broken_jail_is_tried_again() -> None:
    assert played(ScriptedPolicy([REWRITE], [SUBMIT]), sandbox=BreakingSandbox({"ast_grep": 2})).passed


def test_a_jail_that_stays_broken_leaves_the_trace_unresolved_and_ungraded() -> None:
    trace = played(ScriptedPolicy([REWRITE]), sandbox=BreakingSandbox({"ast_grep": 9}), max_retries=1)
    assert (trace.status, trace.grade, trace.steps) == ("unresolved", None, ())
    assert trace.message == "the worker died"


def test_a_policy_that_cannot_act_leaves_its_trace_unresolved_and_the_others_alone() -> None:
    class Unable(ScriptedPolicy):
        async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn:
            raise PolicyError("the endpoint does not answer")

    trace = played(Unable())
    assert (trace.status, trace.grade, trace.message) == ("unresolved", None, "the endpoint does not answer")


def test_an_episode_goes_on_after_the_steps_that_are_done() -> None:
    whole = played(ScriptedPolicy([NO_MATCH], [REWRITE], [SUBMIT]))
    journal: list[int] = []
    players = make_players(ScriptedPolicy([NO_MATCH], [REWRITE], [SUBMIT]))
    trace = asyncio.run(play(players, log_task(), 0, whole.steps[:2], lambda step: journal.append(step.index)))
    assert trace == whole
    assert journal == [2]


def test_a_rule_of_one_site_that_only_memorises_is_marked() -> None:
    literal = Action(name="rewrite", arguments={"pattern": "print(1)", "rewrite": "log(1)", "language": "python"})
    task = log_task(goal=Goal(files={"a.py": "import os\n\nprint(os.name)\nlog(1)\n"}))
    trace = played(ScriptedPolicy([literal], [SUBMIT]), task)
    assert trace.grade is not None
    assert trace.passed
    assert not trace.grade.check("generalises")


def test_blank_lines_do_not_decide_but_exactness_is_reported() -> None:
    task = log_task(goal=Goal(files={"a.py": POST.replace("\n\n", "\n\n\n") + "\n"}))
    trace = played(ScriptedPolicy([REWRITE], [SUBMIT]), task)
    assert trace.grade is not None
    assert trace.passed
    assert not trace.grade.check("exact")


def test_a_result_with_syntax_errors_earns_nothing() -> None:
    broken = Action(name="rewrite", arguments={"pattern": "print(1)", "rewrite": "log((", "language": "python"})
    task = log_task(goal=Goal(files={"a.py": "import os\n\nprint(os.name)\nlog((\n"}))
    trace = played(ScriptedPolicy([broken], [SUBMIT]), task)
    assert trace.grade is not None
    assert trace.grade.reward == 0.0
    assert not trace.passed


def test_a_change_outside_the_goal_is_told() -> None:
    first = Action(name="rewrite", arguments={"pattern": "import os", "rewrite": "import sys", "language": "python"})
    goal = Goal(files={"a.py": POST}, digests={"changed_lines": {"a.py": [[2, 3]]}})
    both: Sequence[Action] = (REWRITE, first)
    grades = [played(ScriptedPolicy(turn, [SUBMIT]), log_task(goal=goal)).grade for turn in ((REWRITE,), both)]
    assert [grade.check("clean") for grade in grades if grade] == [True, False]
