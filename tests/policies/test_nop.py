"""Doing nothing: a submit where there is one, silence elsewhere."""

from __future__ import annotations

from tests.policies.asking import SUBMIT, built, offering, play


def test_it_submits_at_once_where_that_is_offered() -> None:
    assert play(built("nop", tools=offering("rewrite", "submit"))) == SUBMIT


def test_it_is_silent_where_nothing_can_be_submitted() -> None:
    assert play(built("nop", tools=offering("fold"))) is None
    assert play(built("nop")) is None


def test_it_says_who_it_is() -> None:
    policy = built("nop")
    assert (policy.name, policy.kind, policy.privileged) == ("nop", "scripted", False)
