"""Uniform draws among what is legal in view, else what the environment lists; by seed, task, attempt and step alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.builders import make_step, make_task
from tests.policies.asking import MOVES, SUBMIT, built, listing, offering, play
from tracewright.policies import Policy
from tracewright.records.action import Action


def drawn(policy: Policy, attempts: int, legal: Sequence[Action] = ()) -> list[int]:
    """Return which of the moves each attempt begins with."""
    return [MOVES.index(move) for i in range(attempts) if (move := play(policy, attempt=i, legal=legal))]


def test_it_draws_among_what_is_legal_in_view() -> None:
    policy = built("uniform", legal=listing(SUBMIT))
    assert set(drawn(policy, 40, MOVES[:3])) == {0, 1, 2}


def test_it_draws_among_what_the_environment_lists_where_none_is_in_view() -> None:
    policy = built("uniform", legal=listing(*MOVES[:2]))
    assert set(drawn(policy, 40)) == {0, 1}


def test_it_draws_evenly() -> None:
    counts = Counter(drawn(built("uniform"), 3000, MOVES))
    assert all(400 < counts[place] < 600 for place in range(len(MOVES)))


def test_the_same_question_gets_the_same_draw() -> None:
    one, other = built("uniform", seed=3), built("uniform", seed=3)
    draws = [play(one, attempt=attempt, legal=MOVES) for attempt in range(20)]
    assert [play(other, attempt=attempt, legal=MOVES) for attempt in reversed(range(20))] == draws[::-1]


def test_another_seed_task_attempt_or_step_is_another_draw() -> None:
    policy = built("uniform", seed=3)
    steps = [make_step(accepted=False)]
    other = make_task("Another").view()
    plain = [play(policy, attempt=attempt, legal=MOVES) for attempt in range(20)]
    assert [play(built("uniform", seed=4), attempt=attempt, legal=MOVES) for attempt in range(20)] != plain
    assert [play(policy, attempt=attempt, legal=MOVES, task=other) for attempt in range(20)] != plain
    assert [play(policy, steps, attempt=attempt, legal=MOVES) for attempt in range(20)] != plain
    assert [play(policy, attempt=attempt + 20, legal=MOVES) for attempt in range(20)] != plain


def test_what_steps_hold_does_not_sway_the_draw() -> None:
    policy = built("uniform")
    one, other = ([make_step(accepted=False, thought=thought)] for thought in ("a", "b"))
    draws = [[play(policy, steps, attempt=attempt, legal=MOVES) for attempt in range(20)] for steps in (one, other)]
    assert draws[0] == draws[1]


def test_it_submits_after_a_success() -> None:
    policy = built("uniform", legal=listing(*MOVES), tools=offering("move", "submit"))
    assert play(policy, [make_step(accepted=True)]) == SUBMIT
    assert play(policy, [make_step(accepted=False)]) in MOVES


def test_it_answers_after_a_success_where_an_answer_ends_it() -> None:
    policy = built("uniform", legal=listing(*MOVES), tools=offering("move", "answer"))
    assert play(policy, [make_step(accepted=True)]) == Action(name="answer")


def test_it_draws_on_after_a_success_where_nothing_can_be_submitted() -> None:
    policy = built("uniform", legal=listing(*MOVES), tools=offering("move"))
    assert play(policy, [make_step(accepted=True)]) in MOVES


def test_with_nothing_to_try_it_submits_or_is_silent() -> None:
    assert play(built("uniform", legal=listing(), tools=offering("submit"))) == SUBMIT
    assert play(built("uniform", tools=offering("move"))) is None
    assert play(built("uniform")) is None


def test_it_says_who_it_is() -> None:
    policy = built("uniform")
    assert (policy.name, policy.kind, policy.privileged) == ("uniform", "scripted", False)
