"""Search: attempt number i plays candidate number i, then submits; nothing is left once all are played."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_step
from tests.policies.asking import MOVES, SUBMIT, ask, built, listing, offering, play
from tracewright.errors import PolicyError
from tracewright.policies import Policy
from tracewright.records.action import Action


def search(**parts: Any) -> Policy:
    return built("search", candidates=listing(*MOVES[:3]), **parts)


@pytest.mark.parametrize("attempt", range(3))
def test_each_attempt_plays_its_own_candidate(attempt: int) -> None:
    assert play(search(), attempt=attempt) == MOVES[attempt]


def test_it_submits_after_its_candidate_whatever_came_of_it() -> None:
    for accepted in (True, False):
        assert play(search(), [make_step(accepted=accepted)], attempt=1) == SUBMIT


@pytest.mark.parametrize("attempt", [3, 40])
def test_nothing_is_left_once_every_candidate_was_played(attempt: int) -> None:
    assert ask(search(), attempt=attempt) is None


def test_privileged_search_plays_the_grader_s_candidates_and_says_so() -> None:
    policy = search(legal=listing(MOVES[5]))
    assert (policy.kind, policy.privileged) == ("search", True)
    assert play(policy) == MOVES[0]


def test_unprivileged_search_plays_the_environment_s_and_needs_no_other() -> None:
    policy = built("search", {"privileged": False}, legal=listing(MOVES[5]))
    assert (policy.kind, policy.privileged) == ("search", False)
    assert play(policy) == MOVES[5]


@pytest.mark.parametrize(("privileged", "who"), [(True, "grader"), (False, "environment")])
def test_it_refuses_to_be_built_where_nobody_offers_candidates(privileged: bool, who: str) -> None:
    with pytest.raises(PolicyError, match=f"candidates of the {who}"):
        built("search", {"privileged": privileged})


def test_where_an_answer_ends_it_unprivileged_search_lets_what_came_out_say_what_is_next() -> None:
    answer = Action(name="answer")
    tools = offering("query", "answer")
    for offered in ((answer, MOVES[1]), (MOVES[1], answer)):
        policy = built("search", {"privileged": False}, legal=listing(*offered), tools=tools)
        assert play(policy, [make_step()]) == offered[0]


def test_where_an_answer_ends_it_privileged_search_answers_after_a_success_alone() -> None:
    policy = search(tools=offering("query", "answer"))
    assert play(policy, [make_step(accepted=True)]) == Action(name="answer")
    assert ask(policy, [make_step(accepted=False)]) is None
