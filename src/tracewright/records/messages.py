"""The one map between steps and chat messages: policies act on it and renderers train on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tracewright.errors import RecordError
from tracewright.records.action import Action, ActionSchema, Observation, Turn
from tracewright.records.base import JsonObject, Record, canonical
from tracewright.records.state import render
from tracewright.records.task import TaskView
from tracewright.records.trace import Step, state_before
from tracewright.records.turn_text import call_text, escape, escape_json, format_turn
from tracewright.records.workspace import workspace

REPLY_FORM = (
    'Answer with <think>…</think>, then <action>{"name": …, "arguments": {…}}</action>, '
    "then, where there is something to remember, <state_update>{…}</state_update>."
)


class ToolCall(Record):
    """A call of an assistant's message; `arguments` is JSON text, as OpenAI has it."""

    id: str
    name: str
    arguments: str


class Message(Record):
    """One chat message; `trained` says whether its tokens count in the loss."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    trained: bool = False

    def chat(self) -> JsonObject:
        """Return the message in OpenAI's form."""
        chat: JsonObject = {"role": self.role, "content": self.content}
        if self.tool_calls:
            calls = [(call.id, {"name": call.name, "arguments": call.arguments}) for call in self.tool_calls]
            chat["tool_calls"] = [{"id": key, "type": "function", "function": {**call}} for key, call in calls]
        if self.tool_call_id:
            chat["tool_call_id"] = self.tool_call_id
        return chat


@dataclass(frozen=True)
class Exchange:
    """One turn as its policy lived it: what it was shown, and the steps that came of its reply."""

    task: TaskView
    before: tuple[Step, ...]
    steps: tuple[Step, ...]

    @property
    def turn(self) -> int:
        """Return the number of the turn."""
        return self.steps[0].turn

    @property
    def accepted(self) -> bool:
        """Say whether every step of the turn was accepted."""
        return all(step.verdict.accepted for step in self.steps)

    def prompt(self) -> str:
        """Return the user's text where the actions are given as tools."""
        return prompt_text(self.task, self.steps[0].observation, self.before)

    def guided_prompt(self, tools: Sequence[ActionSchema]) -> str:
        """Return the user's text where the reply is text: it also says which actions there are, and in what form."""
        return f"{self.prompt()}\n\n{guide(tools)}"

    def reply(self) -> str:
        """Return the text that a model should have written."""
        return reply_text(self.steps)


def exchanges(task: TaskView, steps: Sequence[Step]) -> Iterator[Exchange]:
    """Yield the turns of an episode in order; raises RecordError where the steps do not stand in theirs."""
    if [step.index for step in steps] != list(range(len(steps))):
        raise RecordError(f"wanted steps 0 to {len(steps) - 1} in order, found {[step.index for step in steps][:20]}")
    before: tuple[Step, ...] = ()
    for group in turns(steps):
        yield Exchange(task, before, group)
        before += group


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


def prompt_text(task: TaskView, observation: Observation, steps: Sequence[Step]) -> str:
    """Return the user's text: the task, the files in view, the memory, the feedback on the last step."""
    parts = [f"Task: {escape(task.instruction)}", escape(observation.text)]
    parts += _files(workspace(task, steps), observation, task.focus)
    if observation.legal_actions:
        parts.append("Legal actions:\n" + "\n".join(call_text(action) for action in observation.legal_actions))
    if memory := render(state_before(steps, len(steps))):
        parts.append(f"State:\n{escape(memory)}")
    if observation.feedback:
        parts.append(f"Feedback: {escape(observation.feedback)}")
    return "\n\n".join(part for part in parts if part)


def guide(tools: Sequence[ActionSchema]) -> str:
    """Return what a policy that answers in text must know: the actions, their arguments, the form of a reply."""
    lines = [f"- {schema.name}({', '.join(_parameters(schema))}): {schema.description}" for schema in tools]
    return "\n".join(["Actions (? marks what may be left out):", *lines, "", REPLY_FORM]) if lines else REPLY_FORM


def _parameters(schema: ActionSchema) -> Iterator[str]:
    properties, required = schema.parameters.get("properties"), schema.parameters.get("required")
    for name in properties if isinstance(properties, dict) else ():
        yield name if isinstance(required, list) and name in required else f"{name}?"


def reply_text(group: Sequence[Step]) -> str:
    """Return the text that a model should have written for the steps of one turn."""
    first = group[0]
    actions = tuple(step.action for step in group if step.action is not None)
    return format_turn(Turn(thought=first.thought, actions=actions, state_update=first.state_update))


def call_message(group: Sequence[Step], *, trained: bool) -> Message:
    """Return the assistant's message for one turn with its actions as tool calls, which lie outside the content."""
    first = group[0]
    content = format_turn(Turn(thought=first.thought, state_update=first.state_update))
    calls = tuple(_tool_call(step, step.action) for step in group if step.action is not None)
    return Message(role="assistant", content=content, tool_calls=calls, trained=trained)


def result_messages(group: Sequence[Step]) -> list[Message]:
    """Return what the tools answered in one turn: the reason of each verdict."""
    acted = (step for step in group if step.action is not None)
    return [Message(role="tool", content=escape(step.verdict.reason), tool_call_id=_call_id(step)) for step in acted]


def _tool_call(step: Step, action: Action) -> ToolCall:
    arguments = escape_json(canonical(action.arguments).decode())
    return ToolCall(id=_call_id(step), name=escape(action.name), arguments=arguments)


def _call_id(step: Step) -> str:
    return f"call_{step.index}"


def _files(files: Mapping[str, str], observation: Observation, focus: str) -> list[str]:
    shown = [name for name in observation.files if name in files]
    if focus and len(shown) == 1:
        return [f"File {escape(shown[0])} (the part in focus):\n{escape(focus)}"]
    return [f"File {escape(name)}:\n{escape(files[name])}" for name in shown]
