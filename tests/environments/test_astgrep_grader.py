"""The grader of refactorings: by the final files or by hidden tests, behind gates, with each part named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.builders import make_step, make_task
from tracewright.environments.astgrep.environment import Options
from tracewright.environments.astgrep.grader import WEIGHTS, AstGrepGrader, build_grader
from tracewright.records.action import Action
from tracewright.records.job import Outcome, OutcomeStatus
from tracewright.records.task import Deferred, Goal, Task
from tracewright.records.trace import Grade, Step
from tracewright.registry import Parts

PRE, POST = "a = 1\nb = 2\n", "a = 1\nc = 2\n"


def task(goal: Goal, files: Mapping[str, str] | None = None) -> Task:
    return make_task(files=files or {"a.py": PRE}, goal=goal)


def rewrite(files: Mapping[str, str | None], **result: JsonValue) -> Step:
    rule: JsonValue = {"id": "r0", "matches": 2, "has_metavariable": False}
    facts: dict[str, JsonValue] = {"per_rule": [rule], **result}
    return make_step(outcome=Outcome(status="ok", files=dict(files), result=facts))


def graded(goal: Goal, *steps: Step, files: Mapping[str, str] | None = None) -> Grade:
    grade = AstGrepGrader().grade(task(goal, files), steps)
    assert isinstance(grade, Grade)
    return grade


def test_the_weights_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_a_byte_equal_and_clean_result_earns_all() -> None:
    goal = Goal(files={"a.py": POST}, digests={"changed_lines": {"a.py": [[1, 1]]}})
    grade = graded(goal, rewrite({"a.py": POST}, changed_lines={"a.py": [[1, 1]]}))
    assert (grade.passed, grade.reward) == (True, 1.0)


def test_trailing_blanks_and_blank_lines_pass_without_being_exact() -> None:
    grade = graded(Goal(files={"a.py": POST}), rewrite({"a.py": "a = 1  \n\nc = 2\n"}))
    assert grade.passed
    assert not grade.check("exact")


def test_another_result_earns_nothing_however_neatly_it_was_come_by() -> None:
    goal = Goal(files={"a.py": POST}, digests={"changed_lines": {"a.py": [[1, 1]]}})
    grade = graded(goal, rewrite({"a.py": "a = 1\nd = 2\n"}, changed_lines={"a.py": [[1, 1]]}))
    assert grade.check("clean")
    assert grade.check("generalises")
    assert (grade.passed, grade.reward) == (False, 0.0)


def test_syntax_errors_close_the_gate() -> None:
    grade = graded(Goal(files={"a.py": POST}), rewrite({"a.py": POST}, parse_errors={"a.py": 1}))
    assert (grade.passed, grade.reward) == (False, 0.0)


def test_only_what_a_change_found_out_about_files_counts() -> None:
    outcome = Outcome(status="ok", files={"a.pyc": "x"}, result={"parse_errors": {"a.py": 1}})
    ran = make_step(1, action=Action(name="run_tests"), outcome=outcome)
    assert graded(Goal(files={"a.py": POST}), rewrite({"a.py": POST}), ran).check("parses")


def test_an_equal_tree_is_told_by_the_digests_of_the_jail() -> None:
    goal = Goal(files={"a.py": POST}, digests={"tree": {"a.py": "same"}})
    step = rewrite({"a.py": "a = 1\nc = 2  # note\n"}, tree={"a.py": "same"})
    grade = graded(goal, step)
    assert grade.check("tree_equal")
    assert not grade.passed


def test_a_file_that_nobody_digested_has_no_equal_tree() -> None:
    grade = graded(Goal(files={"a.py": POST}), rewrite({"a.py": "a = 1\nd = 2\n"}))
    assert not grade.check("tree_equal")


def test_a_deleted_file_is_part_of_the_goal() -> None:
    goal = Goal(files={"b.py": None})
    files = {"a.py": PRE, "b.py": "x\n"}
    assert graded(goal, rewrite({"b.py": None}), files=files).passed
    assert not graded(goal, rewrite({"a.py": None}), files=files).passed


@pytest.mark.parametrize(
    ("found", "clean"), [([[1, 1]], True), ([[0, 2]], True), ([[4, 5]], False), ([["x"]], True), ("none", True)]
)
def test_touched_lines_must_be_lines_of_the_goal(found: JsonValue, clean: bool) -> None:
    goal = Goal(files={"a.py": POST}, digests={"changed_lines": {"a.py": [[1, 1]]}})
    assert graded(goal, rewrite({"a.py": POST}, changed_lines={"a.py": found})).check("clean") is clean


@pytest.mark.parametrize(
    ("rule", "general"),
    [
        ({"matches": 1, "has_metavariable": False}, False),
        ({"matches": 1, "has_metavariable": True}, True),
        ({"matches": 2, "has_metavariable": False}, True),
        ({"matches": "many"}, False),
        ("no rule", False),
    ],
)
def test_a_rule_generalises_by_a_metavariable_or_a_second_site(rule: JsonValue, general: bool) -> None:
    grade = graded(Goal(files={"a.py": POST}), rewrite({"a.py": POST}, per_rule=[rule]))
    assert grade.check("generalises") is general


def test_an_episode_without_a_change_has_nothing_that_generalises() -> None:
    looked = make_step(action=Action(name="run_tests"), outcome=Outcome(status="ok"))
    grade = graded(Goal(files={"a.py": POST}), looked)
    assert not grade.check("changed")
    assert not grade.check("generalises")


HIDDEN = Goal(tests={"test_a.py": "def test_c(): ...\n"})


def deferred() -> Deferred[Grade]:
    found = AstGrepGrader().grade(task(HIDDEN), [rewrite({"a.py": POST})])
    assert isinstance(found, Deferred)
    return found


def test_hidden_tests_run_in_a_fresh_jail_over_the_final_files() -> None:
    job = deferred().job
    assert (job.kind, job.isolation) == ("pytest", "oneshot")
    assert job.files == {"a.py": POST}
    assert job.request["tests"] == dict(HIDDEN.tests)


@pytest.mark.parametrize(
    ("status", "collected", "passed"),
    [("ok", 1, True), ("nonzero", 1, False), ("ok", 0, False), ("no_evidence", 1, False), ("timeout", 1, False)],
)
def test_hidden_tests_decide_and_a_run_without_evidence_earns_nothing(
    status: OutcomeStatus, collected: int, passed: bool
) -> None:
    grade = deferred().finish(Outcome(status=status, result={"collected": collected}))
    assert isinstance(grade, Grade)
    assert grade.passed is passed
    if not collected or status not in {"ok", "nonzero"}:
        assert grade.reward == 0.0


@pytest.mark.parametrize("code", [True, False])
def test_a_change_of_layout_and_comments_alone_earns_nothing_whatever_the_tests_say(code: bool) -> None:
    step = rewrite({"a.py": POST}, tree={"a.py": "t"}, code_changed={"a.py": code})
    found = AstGrepGrader().grade(task(HIDDEN), [step])
    assert isinstance(found, Deferred)
    grade = found.finish(Outcome(status="ok", result={"collected": 1}))
    assert isinstance(grade, Grade)
    assert (grade.passed, grade.reward > 0) == (code, code)


def test_a_goal_of_blanks_alone_must_be_met_to_the_byte() -> None:
    pre, post = "s = '''a\nb'''\nc = 1\n", "s = '''a\n\nb'''\nc = 1\n"
    elsewhere = rewrite({"a.py": f"{pre}\n"}, tree={"a.py": "t"}, code_changed={"a.py": False})
    assert graded(Goal(files={"a.py": post}), elsewhere, files={"a.py": pre}).reward == 0.0
    there = rewrite({"a.py": post}, tree={"a.py": "t"}, code_changed={"a.py": False})
    assert graded(Goal(files={"a.py": post}), there, files={"a.py": pre}).passed


def test_a_line_separator_inside_a_literal_is_no_end_of_a_line() -> None:
    assert not graded(Goal(files={"a.js": "s = `a\nb`\n"}), rewrite({"a.js": "s = `a\u2028b`\n"})).passed


def test_a_file_stays_broken_while_another_language_is_changed() -> None:
    broken = rewrite({"a.py": "f((\n"}, tree={"a.py": "t"}, parse_errors={"a.py": 1})
    sound = rewrite({"b.js": "g();\n"}, tree={"b.js": "t"}, parse_errors={"b.js": 0})
    assert not graded(Goal(files={"a.py": POST}), broken, sound).check("parses")


def candidates(found: Task, outcome: Outcome) -> list[Action]:
    proposed = AstGrepGrader().candidates(found)
    assert isinstance(proposed, Deferred)
    actions = proposed.finish(outcome)
    assert not isinstance(actions, Deferred)
    return list(actions)


def test_candidates_are_the_rules_that_the_jail_inferred_best_first() -> None:
    rows: list[JsonValue] = [{"rules": "id: a", "passes": 1, "layout": "tidy", "cost": 1}, "noise", {"rules": "id: b"}]
    outcome = Outcome(status="ok", result={"candidates": rows})
    found = candidates(task(Goal(files={"a.py": POST})), outcome)
    assert found == [
        Action(name="apply_rules", arguments={"rules": "id: a", "passes": 1, "layout": "tidy"}),
        Action(name="apply_rules", arguments={"rules": "id: b"}),
    ]


@pytest.mark.parametrize("outcome", [Outcome(status="timeout"), Outcome(status="ok", result={"candidates": None})])
def test_a_search_that_found_nothing_proposes_nothing(outcome: Outcome) -> None:
    assert candidates(task(Goal(files={"a.py": POST})), outcome) == []


@pytest.mark.parametrize("goal", [Goal(), Goal(files={"a.py": None}), Goal(files={"a.py": POST, "b.py": "x"})])
def test_only_tasks_that_change_one_file_are_searched(goal: Goal) -> None:
    assert AstGrepGrader().candidates(task(goal)) == ()


def test_the_grader_is_built_with_the_options_of_its_environment(home: Path) -> None:
    assert build_grader(Options(), Parts(home=home)).version == "astgrep-grader-2"
