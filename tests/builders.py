"""Small traces for tests: each builder takes only what the test is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.records.action import Action, Observation
from tracewright.records.job import Isolation, Observed, Outcome
from tracewright.records.task import Origin, Split, Task
from tracewright.records.trace import Grade, PolicyCard, Reward, Step, Trace, Verdict

FILES = {"a.py": "print(x)\n"}
REWRITE = Action(name="rewrite", arguments={"pattern": "print($A)", "rewrite": "log($A)", "language": "python"})


def make_task(
    instruction: str = "Log instead of printing",
    files: Mapping[str, str] = FILES,
    environment: str = "astgrep",
    licence: str = "MIT",
    split: Split = "train",
    **fields: Any,
) -> Task:
    """Return a task; `origin`, `tags`, `focus` and the like may be given as they are."""
    fields.setdefault("origin", Origin(source="unit", licence=licence))
    fields.setdefault("tags", {"language": "python", "kind": "synthetic", "tier": "uniform"})
    return Task.of(environment=environment, instruction=instruction, files=dict(files), split=split, **fields)


def make_step(
    index: int = 0,
    turn: int | None = None,
    action: Action | None = REWRITE,
    files: Mapping[str, str | None] | None = None,
    accepted: bool = True,
    done: bool = False,
    level: str = "namespaces",
    **fields: Any,
) -> Step:
    """Return a step that ran in a jail of `level` and changed `files`."""
    observed = Observed(isolation=Isolation.model_validate({"backend": "unit", "level": level}))
    fields.setdefault("outcome", Outcome(status="ok", files=dict(files or {}), observed=observed))
    fields.setdefault("observation", Observation(text="Steps left: 3.", files=("a.py",)))
    fields.setdefault("verdict", Verdict(accepted=accepted, done=done, reason="Made 1 edits.", judge="unit-1"))
    return Step(index=index, turn=index if turn is None else turn, action=action, **fields)


def make_grade(reward: float = 1.0, passed: bool = True) -> Grade:
    """Return a grade with one named reward."""
    return Grade(passed=passed, reward=reward, rewards={"exact": Reward(value=reward, weight=1.0)}, grader="unit-1")


def make_trace(
    task: Task | None = None,
    steps: tuple[Step, ...] | None = None,
    passed: bool = True,
    reward: float | None = None,
    policy: str = "search",
    privileged: bool = False,
    **fields: Any,
) -> Trace:
    """Return a trace whose id is that of its content: by default one accepted rewrite that passed."""
    task = task or make_task()
    fields.setdefault("grade", make_grade(float(passed) if reward is None else reward, passed))
    fields.setdefault("status", "completed")
    fields.setdefault("finished_at", "2026-01-01T00:00:00.000+00:00")
    return Trace.of(
        task=task.view(),
        environment=task.environment,
        policy=PolicyCard(name=policy, version="1", kind="search", privileged=privileged),
        steps=(make_step(files={"a.py": "log(x)\n"}),) if steps is None else steps,
        **fields,
    )
