"""High Card Duel is dealt and scored by its published rules, and its odds are exact."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.environments.cards.odds import Odds, odds
from tracewright.environments.cards.rules import DECK, RANKS, deal, rank, returns, shuffled, unseen

GOLDEN = {
    0: ("3D", "KS"),
    1: ("JC", "10S"),
    2: ("3H", "4D"),
    3: ("AH", "3D"),
    4: ("QD", "10H"),
    7: ("5H", "AC"),
    42: ("10S", "JH"),
    123: ("QD", "JC"),
}
PAGE = Path(__file__).parents[2] / "docs/environments/cards.md"

known_cards = st.lists(st.sampled_from(DECK), min_size=1, max_size=10, unique=True)


@pytest.mark.parametrize("seed", GOLDEN)
def test_a_seed_deals_its_golden_cards(seed: int) -> None:
    assert deal(seed) == GOLDEN[seed]


def test_the_deck_is_suit_major_from_ace_to_king_without_jokers() -> None:
    assert len(set(DECK)) == 52
    assert DECK[:3] == ("AS", "2S", "3S")
    assert DECK[12:14] == ("KS", "AH")
    assert DECK[-1] == "KC"


def test_a_thousand_seeds_give_the_known_totals() -> None:
    ends = [returns(*deal(seed))[0] for seed in range(1000)]
    assert (ends.count(1), ends.count(-1), ends.count(0)) == (476, 463, 61)


def test_the_ace_is_high_and_suits_do_not_count() -> None:
    assert returns("AS", "KH") == (1, -1)
    assert returns("2C", "AD") == (-1, 1)
    assert returns("10S", "9C") == (1, -1)
    assert returns("QS", "QD") == (0, 0)


def test_seed_42_is_lost_by_player_0() -> None:
    assert returns(*deal(42)) == (-1, 1)


@pytest.mark.parametrize("text", ["", "1S", "JOKER", "AX", "11H", "as"])
def test_what_is_no_card_has_no_rank(text: str) -> None:
    with pytest.raises(ValueError, match="wanted a card"):
        rank(text)


def test_a_card_known_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="different cards"):
        unseen(["AS", "AS"])


@given(st.integers(0, 2**32 - 1))
def test_a_shuffle_keeps_every_card(seed: int) -> None:
    assert sorted(shuffled(seed)) == sorted(DECK)


@given(known_cards)
def test_known_and_unseen_cards_make_one_deck_of_52(known: list[str]) -> None:
    assert len(known) + len(unseen(known)) == 52
    assert {*known, *unseen(known)} == {*DECK}


@given(known_cards)
def test_the_closed_form_equals_counting_every_card_the_opponent_may_hold(known: list[str]) -> None:
    own, rest = known[0], unseen(known)
    ends = [returns(own, other)[0] for other in rest]
    counted = [Fraction(ends.count(end), len(rest)) for end in (1, 0, -1)]
    assert odds(own, known) == Odds(*counted)


@given(st.sampled_from(DECK))
def test_the_basic_game_has_the_published_odds(card: str) -> None:
    r, found = rank(card), odds(card, [card])
    assert found == Odds(Fraction(4 * (r - 2), 51), Fraction(3, 51), Fraction(4 * (14 - r), 51))
    assert found.expected_return == Fraction(8 * (r - 8), 51)


def test_before_the_deal_both_players_have_the_same_odds() -> None:
    each = [odds(card, [card]) for card in DECK]
    assert sum(one.win for one in each) / 52 == Fraction(24, 51)
    assert sum(one.lose for one in each) / 52 == Fraction(24, 51)
    assert sum(one.tie for one in each) / 52 == Fraction(3, 51)


def test_the_rules_page_states_the_golden_deals() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (\w+) \| (-?\d), (-?\d) \|$", PAGE.read_text(), re.MULTILINE)
    stated = {int(seed): (own, other, int(won), int(lost)) for seed, own, other, won, lost in rows}
    assert stated == {seed: (*deal(seed), *returns(*deal(seed))) for seed in GOLDEN}


def test_the_rules_page_states_the_odds_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| (\S+/51) \| (\S+/51) \| (\S+/51) \| (\S+/51) \|$", PAGE.read_text(), re.MULTILINE)
    stated = {label: tuple(map(Fraction, numbers)) for label, *numbers in rows}
    exact = {label: odds(f"{label}S", [f"{label}S"]) for label in RANKS}
    assert stated == {label: (one.win, one.tie, one.lose, one.expected_return) for label, one in exact.items()}


def test_the_rules_page_states_the_size_of_the_deck() -> None:
    assert re.search(r"One deck of (\d+) cards, no jokers", PAGE.read_text(), re.MULTILINE) is not None
    assert f"deck of {len(DECK)} cards" in PAGE.read_text()
