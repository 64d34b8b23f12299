"""Small traces to check a store with; the same number gives the same trace."""

from __future__ import annotations

from typing import Any

from tracewright.records.action import Action, Observation
from tracewright.records.job import Outcome
from tracewright.records.task import Origin, TaskView
from tracewright.records.trace import Grade, PolicyCard, Provenance, Step, Trace, Verdict

TASK = TaskView(id="0" * 64, environment="cards", instruction="Play.", origin=Origin(source="sample", licence="MIT"))


def sample(number: int, *, passed: bool | None = True, **fields: Any) -> Trace:
    """Return a whole trace of one step; `passed=None` leaves it without a grade, `fields` replace any of its own."""
    grade = None if passed is None else Grade(passed=passed, reward=float(passed), grader="1")
    policy = PolicyCard(name="oracle", version="1", kind="oracle")
    own = {"task": TASK, "environment": "cards", "policy": policy, "status": "completed", "steps": (_step(),)}
    return Trace.of(**{**own, "seed": number, "grade": grade, **fields})


def tagged(number: int, **tags: str) -> Trace:
    """Return a sample whose task carries these tags."""
    return sample(number, task=TASK.model_copy(update={"tags": tags}))


def varied() -> list[Trace]:
    """Return one plain sample and one more for every property that a query can ask for, each in only that one apart."""
    seer = PolicyCard(name="oracle", version="1", kind="oracle", privileged=True)
    other = PolicyCard(name="search", version="1", kind="search")
    licensed = TASK.model_copy(update={"origin": Origin(source="sample", licence="Apache-2.0 AND MIT")})
    return [
        sample(0),
        sample(1, environment="astgrep"),
        sample(2, policy=other),
        sample(3, task=TASK.model_copy(update={"id": "1" * 64})),
        sample(4, task=TASK.model_copy(update={"split": "test"})),
        sample(5, status="truncated"),
        sample(6, passed=False),
        sample(7, passed=None),
        sample(8, policy=seer),
        sample(9, provenance=Provenance(rollout="r1")),
        sample(10, group="g1"),
        sample(11, task=licensed),
        tagged(12, language="python"),
        tagged(13, kind="commit"),
        tagged(14, tier="mixed"),
    ]


def _step() -> Step:
    return Step(
        index=0,
        turn=0,
        observation=Observation(text="You hold 3♦."),
        action=Action(name="predict", arguments={"win": 0.25}),
        outcome=Outcome(status="ok", files={"naïve.txt": "line\n\ttab \u0000 nul \U0001f0c3\n", "gone.txt": None}),
        verdict=Verdict(accepted=True, done=True, reason="Predicted.", judge="1"),
    )
