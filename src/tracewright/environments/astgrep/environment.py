"""Refactoring real code with ast-grep rules; pure, so it parses nothing: what code means is found out in the jail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from tracewright.environments.astgrep.actions import (
    ARGUMENTS,
    CHANGING,
    SCHEMAS,
    apply_request,
)
from tracewright.environments.astgrep.tasks import tasks as tasks_from
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.task import TaskRequest, TaskView
from tracewright.records.tools import read_arguments, refuse, unknown_action
from tracewright.records.trace import Check, Step, Verdict
from tracewright.records.workspace import effective, workspace
from tracewright.registry import Parts

if TYPE_CHECKING:
    from tracewright.environments import MadeTask
    from tracewright.records.task import Deferred

JUDGE = "astgrep-judge-1"
TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
QUOTED = re.compile(r"`([^`\n]{1,200})`")
IDENTIFIER = re.compile(r"\b[A-Za-z_]\w{2,}\b")
CANDIDATE_LIMIT = 64
WORD_LIMIT = 256


class Options(Record):
    """The refactoring world has no options: languages and layouts are the actions' business."""


class AstGrepEnvironment:
    """Rules in, changed files out; steps build on each other until `submit`."""

    name = "astgrep"
    version = "1"
    source = "synthetic"

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[MadeTask | Deferred[MadeTask]]:
        return tasks_from(records, request)

    def actions(self) -> Sequence[ActionSchema]:
        return SCHEMAS

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        files = tuple(sorted(workspace(task, steps)))
        language = task.tags.get("language", "")
        left = task.max_steps - len(steps)
        text = f"Language: {language}. Steps left: {left}." if language else f"Steps left: {left}."
        return Observation(text=text, files=files, feedback=_feedback(steps[-1]) if steps else "")

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Job | Outcome:
        if action.name not in ARGUMENTS:
            return unknown_action(action, list(ARGUMENTS))
        arguments = read_arguments(ARGUMENTS[action.name], action)
        if isinstance(arguments, Outcome):
            return arguments
        match action.name:
            case "submit":
                return Outcome(status="ok", message="Submitted.")
            case "undo":
                return _undo(steps)
            case "run_tests":
                return _tests(task, workspace(task, steps))
            case _:
                return _apply(task, steps, action)

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        """Accept a rule that parsed, matched and changed the workspace; looking actions by what they show."""
        submitted = action.name == "submit" and outcome.status == "ok"
        checks = _checks(action, outcome)
        return Verdict(
            accepted=all(check.passed for check in checks),
            done=submitted,
            checks=checks,
            reason=_reason(action, outcome, checks),
            judge=JUDGE,
        )

    def candidates(self, task: TaskView, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield rewrites of one name or expression that the instruction quotes into another that it quotes."""
        language = task.tags.get("language", "python")
        text = "\n".join(workspace(task, steps).values())
        quoted = list(dict.fromkeys(QUOTED.findall(task.instruction)))
        # An instruction of a megabyte must not cost minutes here.
        words = (quoted or list(dict.fromkeys(IDENTIFIER.findall(task.instruction))))[:WORD_LIMIT]
        there = [word for word in words if word in text]
        pairs = ((old, new) for old, new in product(there, words) if old != new)
        for index, (old, new) in enumerate(pairs):
            if index >= CANDIDATE_LIMIT:
                return
            yield Action(name="rewrite", arguments={"pattern": old, "rewrite": new, "language": language})


def build(options: Options, parts: Parts) -> AstGrepEnvironment:
    """Return the environment; it keeps nothing."""
    return AstGrepEnvironment()


def _apply(task: TaskView, steps: Sequence[Step], action: Action) -> Job:
    request = apply_request(action)
    if effective(steps):
        # The grader asks which lines of the task's own files were touched, not of the last step's.
        request["base"] = dict(task.files)
    return Job(kind="ast_grep", files=workspace(task, steps), request=request, limits=task.limits)


def _undo(steps: Sequence[Step]) -> Outcome:
    if not effective(steps):
        return refuse("nothing_to_undo", "There is no accepted change to take back.")
    return Outcome(status="ok", message="The last change was taken back.")


def _tests(task: TaskView, files: dict[str, str]) -> Job | Outcome:
    paths = sorted(path for path in files if TEST_FILE.search(path))
    if not paths:
        return refuse("no_tests", "The workspace holds no test files (test_*.py or *_test.py).")
    request = {"paths": list(paths)}
    return Job(kind="pytest", isolation="oneshot", files=files, request=request, limits=task.limits)


def _checks(action: Action, outcome: Outcome) -> tuple[Check, ...]:
    ran = Check(name="ran", passed=outcome.status == "ok", detail=outcome.code)
    if not ran.passed:
        return (ran,)
    if action.name in CHANGING:
        return (ran, Check(name="changed", passed=bool(outcome.files)))
    # A change counts by being accepted, and what tests write into the workspace is no refactoring.
    return (ran,) if not outcome.files else (ran, Check(name="unchanged", passed=False))


def _reason(action: Action, outcome: Outcome, checks: Sequence[Check]) -> str:
    if failed := next((check for check in checks if not check.passed), None):
        if failed.name == "changed":
            return "The rule matched, but its rewrite left every file as it was."
        if failed.name == "unchanged":
            return f"The tests passed, but they wrote files ({', '.join(sorted(outcome.files))[:200]}); these are gone."
        return outcome.message or f"The action ended as {outcome.status}."
    if action.name not in CHANGING:
        return outcome.message or "Done."
    edits = outcome.result.get("edits", 0)
    broken = outcome.result.get("parse_errors")
    errors = sum(count for count in broken.values() if isinstance(count, int)) if isinstance(broken, dict) else 0
    note = f" The result has {errors} syntax errors." if errors else ""
    return f"Made {edits} edits in {len(outcome.files)} files.{note}"


def _feedback(step: Step) -> str:
    output = (step.outcome.stdout or step.outcome.stderr)[-2000:] if step.outcome.status == "nonzero" else ""
    return f"{step.verdict.reason}\n{output}".strip()
