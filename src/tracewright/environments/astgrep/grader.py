"""Grades a refactoring by its final files: equal to the goal but for blank lines, or by hidden tests if there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from tracewright.environments.astgrep.actions import CHANGING
from tracewright.environments.astgrep.environment import Options
from tracewright.records.action import Action
from tracewright.records.job import Job, Limits, Outcome
from tracewright.records.task import Deferred, Task
from tracewright.records.trace import Check, Grade, Reward, Step
from tracewright.records.workspace import changes, effective, workspace
from tracewright.registry import Parts

GRADER = "astgrep-grader-2"
WEIGHTS = {"passed": 0.6, "exact": 0.2, "clean": 0.1, "generalises": 0.1}
STYLE = {"clean", "generalises"}
"""How a right result was come by; a wrong one earns nothing for it."""
GATES = ("changed", "parses", "evidence")
ABOUT_FILES = ("tree", "parse_errors", "changed_lines", "code_changed")
CANDIDATES = 8
SEARCH_SECONDS = 60.0


class AstGrepGrader:
    """Reads the goal; `grade` is pure but for hidden tests, which run in a jail of their own."""

    version = GRADER

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade | Deferred[Grade]:
        files = workspace(task, steps)
        if not task.goal.tests:
            return _grade(task, steps, files, evidence=True, passed=_same_but_blanks(task, files))
        request: dict[str, JsonValue] = {"paths": [*sorted(task.goal.tests)], "tests": {**task.goal.tests}}
        job = Job(kind="pytest", isolation="oneshot", files=files, request=request, limits=task.limits)

        def finish(outcome: Outcome) -> Grade:
            evidence = outcome.status in {"ok", "nonzero"} and bool(outcome.result.get("collected"))
            return _grade(task, steps, files, evidence=evidence, passed=outcome.status == "ok")

        return Deferred(job, finish)

    def candidates(self, task: Task) -> Sequence[Action] | Deferred[Sequence[Action]]:
        """Infer rules from the task's files and the goal's; only tasks that change one file can be searched."""
        changed = [path for path, text in task.goal.files.items() if text is not None and path in task.files]
        if len(changed) != 1 or len(task.goal.files) != 1:
            return ()
        path = changed[0]
        request: dict[str, JsonValue] = {
            "language": task.tags.get("language", ""),
            "path": path,
            "post": task.goal.files[path],
            "limit": CANDIDATES,
            "layout": "tidy",
        }
        limits = Limits(wall_seconds=SEARCH_SECONDS)
        return Deferred(
            Job(kind="infer_rules", files={path: task.files[path]}, request=request, limits=limits), _actions
        )


def build_grader(options: Options, parts: Parts) -> AstGrepGrader:
    """Return the grader; it keeps nothing."""
    return AstGrepGrader()


def _actions(outcome: Outcome) -> Sequence[Action]:
    found = outcome.result.get("candidates")
    if outcome.status != "ok" or not isinstance(found, list):
        return ()
    kept = ("rules", "passes", "layout")
    return [
        Action(name="apply_rules", arguments={name: candidate[name] for name in kept if name in candidate})
        for candidate in found
        if isinstance(candidate, dict)
    ]


def _grade(task: Task, steps: Sequence[Step], files: Mapping[str, str], *, evidence: bool, passed: bool) -> Grade:
    facts = _facts(steps)
    checks = {
        "changed": _changed(task, files, facts),
        "parses": not any(_counts(facts, "parse_errors").values()),
        "evidence": evidence,
        "passed": passed,
        "exact": _goal_files(task) == dict(files),
        "tree_equal": _tree_equal(task, files, facts),
        "clean": _clean(task, facts),
        "generalises": _generalises(steps),
    }
    open_gates = all(checks[gate] for gate in GATES)
    earned = {name: checks[name] and (passed or name not in STYLE) for name in WEIGHTS}
    rewards = {name: Reward(value=float(earned[name]), weight=weight) for name, weight in WEIGHTS.items()}
    reward = sum(part.value * part.weight for part in rewards.values()) if open_gates else 0.0
    return Grade(
        passed=passed and open_gates,
        reward=round(reward, 6),
        rewards=rewards,
        checks=tuple(Check(name=name, passed=value) for name, value in checks.items()),
        grader=GRADER,
    )


def _goal_files(task: Task) -> dict[str, str]:
    files = {**task.files}
    for path, text in task.goal.files.items():
        if text is None:
            files.pop(path, None)
        else:
            files[path] = text
    return files


def _same_but_blanks(task: Task, files: Mapping[str, str]) -> bool:
    goal = _goal_files(task)
    return set(goal) == set(files) and all(_lines(goal[path]) == _lines(files[path]) for path in goal)


def _lines(text: str) -> list[str]:
    """Return the lines that count: without blank ones and without trailing blanks."""
    # Other characters at which `splitlines` breaks may stand inside a literal.
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _facts(steps: Sequence[Step]) -> Mapping[str, JsonValue]:
    """Return what the jail found out about each file after the last change that stands and looked at it."""
    facts: dict[str, dict[str, JsonValue]] = {name: {} for name in ABOUT_FILES}
    for step in effective(steps):
        if step.action is None or step.action.name not in CHANGING:
            continue
        for name, found in facts.items():
            # A file that is as it was in the beginning is in `tree` only.
            for path in _counts(step.outcome.result, "tree"):
                found.pop(path, None)
            found.update(_counts(step.outcome.result, name))
    return {**facts}


def _changed(task: Task, files: Mapping[str, str], facts: Mapping[str, JsonValue]) -> bool:
    """Say whether the code changed: layout and comments alone do not count, but where they are the very goal."""
    changed, code = changes(task.files, files), _counts(facts, "code_changed")
    wanted = not task.goal.tests and _goal_files(task) == dict(files)
    return bool(changed) and (wanted or any(code.get(path, True) for path in changed))


def _counts(facts: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    value = facts.get(name)
    return value if isinstance(value, dict) else {}


def _tree_equal(task: Task, files: Mapping[str, str], facts: Mapping[str, JsonValue]) -> bool:
    """Compare digests of the code tokens; files that no step looked at must be byte-equal to the goal."""
    found, wanted = _counts(facts, "tree"), _counts(task.goal.digests, "tree")
    goal = _goal_files(task)
    return set(goal) == set(files) and all(
        files[path] == goal[path] or (path in wanted and found.get(path) == wanted[path]) for path in goal
    )


def _clean(task: Task, facts: Mapping[str, JsonValue]) -> bool:
    """Say whether every touched line of the task's files is one that the goal touches too."""
    found, wanted = _counts(facts, "changed_lines"), _counts(task.goal.digests, "changed_lines")
    return bool(found) and all(_covered(_spans(found[path]), _spans(wanted.get(path))) for path in found)


def _spans(value: JsonValue) -> list[tuple[int, int]]:
    spans = value if isinstance(value, list) else []
    return [(int(span[0]), int(span[1])) for span in spans if isinstance(span, list) and len(span) == 2]  # type: ignore[arg-type]  # JSON integers


def _covered(found: Sequence[tuple[int, int]], wanted: Sequence[tuple[int, int]]) -> bool:
    # An insertion touches no line, so a neighbouring line on either side is allowed.
    return all(any(low - 1 <= start and end <= high + 1 for low, high in wanted) for start, end in found)


def _generalises(steps: Sequence[Step]) -> bool:
    """Say whether every rule that stands has a metavariable or fired more than once: else it memorises one site."""
    rules = [rule for step in effective(steps) for rule in _rules(step)]
    return bool(rules) and all(rule.get("has_metavariable") or _above_one(rule.get("matches")) for rule in rules)


def _rules(step: Step) -> list[dict[str, JsonValue]]:
    found = step.outcome.result.get("per_rule")
    return [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []


def _above_one(matches: JsonValue) -> bool:
    return isinstance(matches, int) and matches > 1
