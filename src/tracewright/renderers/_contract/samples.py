"""Traces of every shape, to render: none, one or several steps, failed, unreadable, ungraded, without files."""

from __future__ import annotations

from collections.abc import Mapping

from tracewright.records.action import Action, Observation
from tracewright.records.job import Outcome
from tracewright.records.task import Origin, Task
from tracewright.records.trace import Grade, PolicyCard, Reward, Step, Trace, Verdict


def step(index: int = 0, turn: int = 0, text: str = "plain", *, accepted: bool = True, readable: bool = True) -> Step:
    """Return a step that says `text` wherever data can stand, and that changed the file a.py."""
    action = Action(name=text, arguments={"pattern": text, text: [text]})
    verdict = Verdict(accepted=accepted, reason=text, judge="sample-1")
    changed = {"a.py": f"{text} {index}\n"}
    return Step(
        index=index,
        turn=turn,
        observation=Observation(text=text, files=("a.py",), feedback=text, legal_actions=(action,)),
        thought=text,
        action=action if readable else None,
        outcome=Outcome(status="ok", message=text, stdout=text, files=changed, result={text: text}),
        verdict=verdict,
        state_update={"goals": [text]},
    )


def trace(*steps: Step, text: str = "plain", graded: bool = True, files: Mapping[str, str] | None = None) -> Trace:
    """Return a trace over a task that says `text` wherever data can stand."""
    origin = Origin(source=text, record=text, licence=text, licence_evidence=text, authors=(text,))
    content = {"a.py": text} if files is None else dict(files)
    task = Task.of(
        environment="sample", instruction=text, files=content, data={text: text}, tags={"language": text}, origin=origin
    )
    grade = Grade(passed=True, reward=0.5, rewards={text: Reward(value=0.5, weight=1)}, grader="sample-1")
    return Trace.of(
        task=task.view(),
        environment="sample",
        policy=PolicyCard(name=text, version="1", kind="scripted"),
        steps=steps,
        status="completed" if graded else "unresolved",
        grade=grade if graded else None,
    )


def shapes() -> dict[str, Trace]:
    """Return traces by what is special about them."""
    return {
        "one accepted step": trace(step()),
        "no steps": trace(),
        "a failed step": trace(step(accepted=False), step(1, 1)),
        "an unreadable reply": trace(step(accepted=False, readable=False)),
        "two actions in one turn": trace(step(), step(1)),
        "no grade": trace(step(), graded=False),
        "no files": trace(step(), files={}),
        "lines and letters": trace(step(text="größe\n\n“…” 李"), text="größe\n\n“…” 李"),
    }
