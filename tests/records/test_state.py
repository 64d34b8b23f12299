"""The agent's memory: merging is idempotent, everything is capped, the token budget holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracewright.records.state import (
    HISTORY_LIMIT,
    LIST_LIMIT,
    TEXT_LIMIT,
    Event,
    State,
    StateUpdate,
    fold,
    merge,
    read_update,
    render,
    tokens,
)

TEXTS = st.lists(st.text(max_size=400), max_size=25)
UPDATES = st.builds(
    StateUpdate,
    goals=TEXTS,
    constraints=TEXTS,
    decisions=TEXTS,
    hypotheses=TEXTS,
    open_issues=TEXTS,
    next_focus=st.text(max_size=400),
)


@given(UPDATES)
def test_merging_the_same_update_twice_changes_nothing(update: StateUpdate) -> None:
    once = merge(State(), update)
    assert merge(once, update) == once


@given(st.lists(UPDATES, max_size=4), st.integers(50, 800))
def test_lists_texts_and_the_whole_stay_within_their_limits(updates: list[StateUpdate], budget: int) -> None:
    state = State()
    for step, update in enumerate(updates):
        state = merge(state, update, Event(step=step, action="rewrite", summary="s" * 300), budget)
    assert tokens(state) <= budget
    assert len(state.history) <= HISTORY_LIMIT
    for name in ("goals", "constraints", "decisions", "hypotheses", "open_issues"):
        texts = getattr(state, name)
        assert len(texts) <= LIST_LIMIT
        assert len(set(texts)) == len(texts)
        assert all(len(text) <= TEXT_LIMIT for text in texts)


def test_the_oldest_history_is_summed_up() -> None:
    state = fold(({}, Event(step=step, action="rewrite", outcome="ok")) for step in range(5))
    assert [event.step for event in state.history] == [2, 3, 4]
    assert "history: 2 earlier steps" in render(state)


def test_an_update_that_does_not_fit_is_passed_over_and_its_event_kept() -> None:
    assert read_update({"golas": ["typo"]}) is None
    state = fold([({"golas": ["typo"]}, Event(step=0, action="rewrite"))])
    assert state.goals == ()
    assert len(state.history) == 1


def test_empty_parts_are_left_out_of_the_prompt() -> None:
    assert render(State()) == ""
    assert render(State(goals=("rename",), next_focus="b.py")) == "goals: rename\nnext_focus: b.py"


def test_lists_that_are_none_do_not_fit() -> None:
    assert read_update({"goals": "one text"}) is None
    assert read_update({"goals": {"a": "b"}}) is None
    assert read_update({"goals": ["a", 7]}) is None


def test_where_nothing_else_is_left_the_focus_goes() -> None:
    update = StateUpdate(goals=("a goal",), next_focus="look at the tests")
    event = Event(step=0, action="rewrite")
    assert merge(State(), update, event, budget=6) == State(earlier_steps=1, next_focus="")
