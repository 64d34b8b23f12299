"""The job `game` believes nothing of what it is asked and refuses with codes of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspiel", reason="OpenSpiel (extra `games`) is not installed")

from tracewright.jobs import Result
from tracewright.jobs.game import run  # loads pyspiel, which may be missing


def ask(inputs: Mapping[str, Path] | None = None, **request: Any) -> Result:
    return run({"game": "kuhn_poker", "seat": 0, "opponent": {}, **request}, {}, inputs or {})


@pytest.fixture
def chance(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "chance").write_text("key")
    return {"chance": tmp_path / "chance"}


def test_a_move_that_is_not_legal_is_refused(chance: dict[str, Path]) -> None:
    assert ask(chance, op="play", actions=[7]).code == "illegal_action"


def test_a_move_after_the_end_is_refused(chance: dict[str, Path]) -> None:
    assert ask(chance, op="play", actions=[1, 1, 1]).code == "game_over"


def test_an_operation_that_does_not_exist_is_refused() -> None:
    assert ask(op="cheat").code == "bad_field"


def test_a_seat_that_never_moves_has_no_decision_to_make() -> None:
    # In a heap of one the first player takes all and the second never moves.
    refused = ask(op="open", game="nim(pile_sizes=1;0)", seat=1, key="k")
    assert (refused.status, refused.code) == ("action_error", "no_decision")


def test_a_game_without_an_end_in_sight_is_not_solved() -> None:
    assert ask(op="values", game="pig", decisions=[]).result == {"solved": False, "regrets": []}


def test_the_key_decides_what_is_dealt_and_is_handed_out_as_an_artifact_only() -> None:
    opened = [ask(op="open", key=f"key {number}") for number in range(90)]
    dealt = Counter(str(one.result["opening"]["observation"]) for one in opened)
    assert set(dealt) == {"0", "1", "2"}
    assert min(dealt.values()) > 15
    assert [one.artifacts["chance"] for one in opened] == [f"key {number}".encode() for number in range(90)]
    assert not any("key" in str(one.result) for one in opened)


def test_a_stated_opponent_never_does_what_it_never_does(tmp_path: Path) -> None:
    passive = {f"{card}{moves}": {"0": "1", "1": "0"} for card in range(3) for moves in ("p", "b")}
    for number in range(20):
        (tmp_path / "chance").write_text(str(number))
        played = ask({"chance": tmp_path / "chance"}, op="play", actions=[1], opponent=passive)
        # The opponent folds to every bet, so a bet always wins the ante.
        assert (played.result["over"], played.result["returns"]) == (True, [1.0, -1.0])
