"""Actions are declared by records: what does not fit is an outcome that tells the policy why."""

from __future__ import annotations

import pytest
from pydantic import Field

from tracewright.records.action import Action
from tracewright.records.base import Record
from tracewright.records.job import Outcome
from tracewright.records.tools import read_arguments, refuse, schema_of, unknown_action


class Bet(Record):
    """Put coins on your card."""

    coins: int = Field(ge=1, description="how many")


def test_the_schema_is_that_of_the_record() -> None:
    schema = schema_of("bet", Bet)
    assert schema.description == "Put coins on your card."
    assert schema.parameters["required"] == ["coins"]
    assert schema.parameters["additionalProperties"] is False
    assert schema.tool()["type"] == "function"


def test_fitting_arguments_become_the_record() -> None:
    assert read_arguments(Bet, Action(name="bet", arguments={"coins": 2})) == Bet(coins=2)


@pytest.mark.parametrize("arguments", [{}, {"coins": 0}, {"coins": "two"}, {"coins": 1, "more": 1}])
def test_arguments_that_do_not_fit_are_an_action_error(arguments: dict[str, int | str]) -> None:
    outcome = read_arguments(Bet, Action(name="bet", arguments={**arguments}))
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == ("action_error", "bad_arguments")


def test_an_unknown_action_names_those_that_exist() -> None:
    outcome = unknown_action(Action(name="raise"), ["bet", "fold"])
    assert outcome == refuse("unknown_action", "There is no action 'raise'; there are: bet, fold.")
