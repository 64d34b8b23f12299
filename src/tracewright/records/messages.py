"""The one map between steps and chat messages: policies act on it and renderers train on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from tracewright.records.action import Action, Observation, Turn
from tracewright.records.base import Record
from tracewright.records.state import render
from tracewright.records.task import TaskView
from tracewright.records.trace import Step, state_before
from tracewright.records.turn_text import escape, format_turn
from tracewright.records.workspace import workspace

REPLY_FORM = (
    'Answer with <think>…</think>, then <action>{"name": …, "arguments": {…}}</action>, '
    "then, where there is something to remember, <state_update>{…}</state_update>."
)


class Message(Record):
    """One chat message; `trained` says whether its tokens count in the loss."""

    role: Literal["system", "user", "assistant"]
    content: str
    trained: bool = False


def turns(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of each turn in order."""
    group: list[Step] = []
    for step in steps:
        if group and group[0].turn != step.turn:
            yield tuple(group)
            group = []
        group.append(step)
    if group:
        yield tuple(group)


def prompt(task: TaskView, observation: Observation, steps: Sequence[Step]) -> list[Message]:
    """Return what a policy is shown before its next turn; data in it cannot open a turn of its own."""
    return [Message(role="user", content=prompt_text(task, observation, steps))]


def prompt_text(task: TaskView, observation: Observation, steps: Sequence[Step]) -> str:
    """Return the user's text: the task, the files in view, the memory, the feedback on the last step."""
    parts = [f"Task: {escape(task.instruction)}", escape(observation.text)]
    parts += _files(workspace(task, steps), observation, task.focus)
    if observation.legal_actions:
        parts.append("Legal actions:\n" + "\n".join(escape(_call(action)) for action in observation.legal_actions))
    if memory := render(state_before(steps, len(steps))):
        parts.append(f"State:\n{escape(memory)}")
    if observation.feedback:
        parts.append(f"Feedback: {escape(observation.feedback)}")
    parts.append(REPLY_FORM)
    return "\n\n".join(part for part in parts if part)


def reply_text(group: Sequence[Step]) -> str:
    """Return the text that a model should have written for the steps of one turn."""
    first = group[0]
    actions = tuple(step.action for step in group if step.action is not None)
    return format_turn(Turn(thought=first.thought, actions=actions, state_update=first.state_update))


def _files(files: Mapping[str, str], observation: Observation, focus: str) -> list[str]:
    shown = [name for name in observation.files if name in files]
    if focus and len(shown) == 1:
        return [f"File {escape(shown[0])} (the part in focus):\n{escape(focus)}"]
    return [f"File {escape(name)}:\n{escape(files[name])}" for name in shown]


def _call(action: Action) -> str:
    return action.to_json()
