"""The refactoring world: what is seen, what is run, what is accepted; nothing of it parses or runs by itself."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from tests.builders import make_step, make_task
from tracewright.environments.astgrep.actions import SCHEMAS
from tracewright.environments.astgrep.environment import CANDIDATE_LIMIT, WORD_LIMIT, AstGrepEnvironment
from tracewright.records.action import Action
from tracewright.records.job import Job, Outcome
from tracewright.records.trace import Verdict

WORLD = AstGrepEnvironment()
REWRITE = Action(name="rewrite", arguments={"pattern": "a", "rewrite": "b", "language": "python"})


def job(action: Action, files: dict[str, str] | None = None) -> Job | Outcome:
    return WORLD.job(make_task(files=files or {"a.py": "a\n"}).view(), [], action)


def judged(action: Action, outcome: Outcome) -> Verdict:
    return WORLD.judge(make_task().view(), [], action, outcome)


def test_every_action_is_declared_with_its_arguments() -> None:
    assert [schema.name for schema in SCHEMAS] == ["rewrite", "apply_rules", "run_tests", "undo", "submit"]
    assert SCHEMAS[0].parameters["required"] == ["pattern", "rewrite", "language"]


def test_the_policy_sees_language_files_steps_left_and_the_last_verdict() -> None:
    task = make_task(max_steps=5)
    first = WORLD.observe(task.view(), [])
    assert (first.text, first.files, first.feedback) == ("Language: python. Steps left: 5.", ("a.py",), "")
    failing = make_step(
        action=Action(name="run_tests"),
        outcome=Outcome(status="nonzero", stdout="E assert 1 == 2\n"),
        verdict=Verdict(accepted=False, reason="1 test failed.", judge="unit-1"),
    )
    assert WORLD.observe(task.view(), [failing]).feedback == "1 test failed.\nE assert 1 == 2"


def test_a_rewrite_becomes_a_data_only_job_over_the_workspace() -> None:
    asked = job(REWRITE)
    assert isinstance(asked, Job)
    assert (asked.kind, asked.isolation, asked.files) == ("ast_grep", "worker", {"a.py": "a\n"})
    assert asked.request == {"op": "apply", "pattern": "a", "rewrite": "b", "language": "python"}


def test_a_later_rewrite_carries_the_tasks_own_files_for_comparison() -> None:
    asked = WORLD.job(make_task(files={"a.py": "a\n"}).view(), [make_step(files={"a.py": "b\n"})], REWRITE)
    assert isinstance(asked, Job)
    assert asked.files == {"a.py": "b\n"}
    assert asked.request["base"] == {"a.py": "a\n"}


@pytest.mark.parametrize("extra", [{"flags": "--custom-languages"}, {"passes": 99}, {"strictness": "none"}])
def test_arguments_that_are_not_declared_never_reach_a_job(extra: dict[str, JsonValue]) -> None:
    refused = job(Action(name="rewrite", arguments={**REWRITE.arguments, **extra}))
    assert isinstance(refused, Outcome)
    assert refused.code == "bad_arguments"


def test_tests_run_in_a_jail_of_their_own_where_there_are_any() -> None:
    asked = job(Action(name="run_tests"), {"pkg/test_a.py": "", "b_test.py": "", "test.py": ""})
    assert isinstance(asked, Job)
    assert (asked.kind, asked.isolation, asked.request) == (
        "pytest",
        "oneshot",
        {"paths": ["b_test.py", "pkg/test_a.py"]},
    )
    none = job(Action(name="run_tests"))
    assert isinstance(none, Outcome)
    assert none.code == "no_tests"


def test_a_change_is_accepted_and_its_size_told() -> None:
    verdict = judged(
        REWRITE, Outcome(status="ok", files={"a.py": "b"}, result={"edits": 2, "parse_errors": {"a.py": 1}})
    )
    assert (verdict.accepted, verdict.done) == (True, False)
    assert verdict.reason == "Made 2 edits in 1 files. The result has 1 syntax errors."


@pytest.mark.parametrize("status", ["no_match", "action_error", "timeout", "oom", "killed", "no_evidence"])
def test_whatever_did_not_run_to_its_end_is_not_accepted(status: str) -> None:
    verdict = judged(REWRITE, Outcome.model_validate({"status": status}))
    assert not verdict.accepted
    assert verdict.reason == f"The action ended as {status}."


def test_what_tests_write_into_the_workspace_does_not_count() -> None:
    verdict = judged(Action(name="run_tests"), Outcome(status="ok", files={"a.py": "forged\n"}))
    assert not verdict.accepted
    assert "a.py" in verdict.reason


def test_only_a_submit_ends_the_episode() -> None:
    assert judged(Action(name="submit"), Outcome(status="ok")).done
    assert not judged(REWRITE, Outcome(status="ok", files={"a.py": "b"})).done


def test_unprivileged_candidates_turn_quoted_names_into_each_other() -> None:
    task = make_task(instruction="Rename `old` to `new`.", files={"a.py": "old()\n"})
    found = list(WORLD.candidates(task.view(), []))
    assert found == [
        Action(name="rewrite", arguments={"pattern": "old", "rewrite": "new", "language": "python"}),
    ]


def test_candidates_are_bounded() -> None:
    words = " ".join(f"word{number}" for number in range(100))
    task = make_task(instruction=words, files={"a.py": words})
    assert len(list(WORLD.candidates(task.view(), []))) == CANDIDATE_LIMIT


def test_only_so_many_words_of_an_instruction_are_looked_for() -> None:
    words = " ".join(f"word{number}" for number in range(WORD_LIMIT))
    task = make_task(instruction=f"{words} late", files={"a.py": "late"})
    assert not list(WORLD.candidates(task.view(), []))
