"""The agent's structured memory: what it is after, what it decided, what happened last; folded over the steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from tracewright.records.base import Record

TEXT_LIMIT = 256
LIST_LIMIT = 16
HISTORY_LIMIT = 3
TOKEN_BUDGET = 800
CHARACTERS_PER_TOKEN = 4
LISTS = ("goals", "constraints", "decisions", "hypotheses", "open_issues")


def _clip(text: Any) -> Any:
    if not isinstance(text, str) or len(text) <= TEXT_LIMIT:
        return text
    return text[: TEXT_LIMIT - 1] + "…"


def _cap(items: Any) -> Any:
    """Drop repetitions (the first stays) and all but the newest entries."""
    if not isinstance(items, list | tuple):
        return items
    return tuple(dict.fromkeys(_clip(item) for item in items if item not in ("", None)))[-LIST_LIMIT:]


Text = Annotated[str, BeforeValidator(_clip)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_cap)]


class Event(Record):
    """One line of history."""

    step: int
    action: Text
    summary: Text = ""
    outcome: Text = ""


class State(Record):
    """The memory at one moment; texts hold at most 256 characters and lists at most 16 entries."""

    goals: Texts = ()
    constraints: Texts = ()
    decisions: Texts = ()
    hypotheses: Texts = ()
    open_issues: Texts = ()
    history: tuple[Event, ...] = ()
    earlier_steps: int = 0
    next_focus: Text = ""


class StateUpdate(Record):
    """What a turn adds to the memory; unknown keys are refused."""

    goals: Texts = ()
    constraints: Texts = ()
    decisions: Texts = ()
    hypotheses: Texts = ()
    open_issues: Texts = ()
    next_focus: Text = ""


def read_update(raw: Mapping[str, Any]) -> StateUpdate | None:
    """Read what a policy wrote as its state update; None when it does not fit."""
    try:
        return StateUpdate.model_validate(raw)
    except ValidationError:
        return None


def merge(state: State, update: StateUpdate, event: Event | None = None, budget: int = TOKEN_BUDGET) -> State:
    """Add an update and one event of history; merging the same update twice changes nothing.

    The result stays within `budget` tokens (characters / 4): the oldest entries of the longest list go first.
    """
    fields: dict[str, Any] = {name: (*getattr(state, name), *getattr(update, name)) for name in LISTS}
    for name in LISTS:
        fields[name] = _cap(fields[name])
    history = (*state.history, event) if event is not None else state.history
    fields["history"] = history[-HISTORY_LIMIT:]
    fields["earlier_steps"] = state.earlier_steps + max(0, len(history) - HISTORY_LIMIT)
    fields["next_focus"] = update.next_focus or state.next_focus
    return _fit(State(**fields), budget)


def fold(updates: Iterable[tuple[Mapping[str, Any], Event]]) -> State:
    """Return the memory after all steps; an update that does not fit is passed over, its event is kept."""
    state = State()
    for raw, event in updates:
        state = merge(state, read_update(raw) or StateUpdate(), event)
    return state


def render(state: State) -> str:
    """Write the memory as the lines that stand in a prompt; empty parts are left out."""
    lines = [f"{name}: {'; '.join(getattr(state, name))}" for name in LISTS if getattr(state, name)]
    if state.earlier_steps:
        lines.append(f"history: {state.earlier_steps} earlier steps")
    lines += [f"step {e.step}: {e.action} -> {e.outcome} {e.summary}".rstrip() for e in state.history]
    if state.next_focus:
        lines.append(f"next_focus: {state.next_focus}")
    return "\n".join(lines)


def tokens(state: State) -> int:
    """Return the size of the rendered memory in tokens, taken as characters / 4, rounded up."""
    return -(-len(render(state)) // CHARACTERS_PER_TOKEN)


def _fit(state: State, budget: int) -> State:
    while tokens(state) > budget:
        longest = max(LISTS, key=lambda name: sum(map(len, getattr(state, name))))
        if getattr(state, longest):
            state = state.model_copy(update={longest: getattr(state, longest)[1:]})
        elif state.history:
            dropped = {"history": state.history[1:], "earlier_steps": state.earlier_steps + 1}
            state = state.model_copy(update=dropped)
        else:
            return state.model_copy(update={"next_focus": ""})
    return state
