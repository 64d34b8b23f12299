"""The oracle plays the gold actions in their order, once, and says in every trace that it saw them."""

from __future__ import annotations

import pytest

from tests.builders import make_step
from tests.policies.asking import MOVES, TASK, ask, built, play
from tracewright.errors import PolicyError, UsageError


def test_it_plays_one_gold_action_a_turn_until_none_is_left() -> None:
    policy = built("oracle", gold=lambda task: MOVES[:2])
    assert play(policy) == MOVES[0]
    assert play(policy, [make_step()]) == MOVES[1]
    assert ask(policy, [make_step(), make_step(1)]) is None


def test_several_steps_of_one_turn_count_as_one() -> None:
    policy = built("oracle", gold=lambda task: MOVES[:2])
    assert play(policy, [make_step(0, turn=0), make_step(1, turn=0)]) == MOVES[1]


def test_it_has_nothing_to_try_twice() -> None:
    assert ask(built("oracle", gold=lambda task: MOVES), attempt=1) is None


def test_it_has_nothing_to_try_without_gold_actions() -> None:
    assert ask(built("oracle", gold=lambda task: ())) is None


def test_it_is_handed_the_view_of_the_task_that_it_plays() -> None:
    gold = {TASK.id: MOVES[3:4]}
    assert play(built("oracle", gold=lambda task: gold[task.id])) == MOVES[3]


def test_its_thought_is_the_task_until_the_last_turn() -> None:
    policy = built("oracle", gold=lambda task: MOVES[:2])
    first, last = ask(policy), ask(policy, [make_step()])
    assert first is not None
    assert TASK.instruction in first.thought
    assert last is not None
    assert last.thought == "The change is made; nothing is left to do."


def test_it_refuses_to_be_built_without_gold() -> None:
    with pytest.raises(PolicyError, match="handed none"):
        built("oracle")


def test_it_says_that_it_is_privileged_and_takes_no_option_that_hides_it() -> None:
    policy = built("oracle", gold=lambda task: MOVES)
    assert (policy.name, policy.kind, policy.privileged) == ("oracle", "oracle", True)
    with pytest.raises(UsageError, match="privileged"):
        built("oracle", {"privileged": False}, gold=lambda task: MOVES)
