"""One seat of a two-player game against a stated opponent; chance and the opponent draw from a key."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Policy = Mapping[str, Mapping[str, str]]
"""Information state to action to probability (`1/3`); an information state that is not named is played uniformly."""

LARGEST_DENOMINATOR = 10**9
"""OpenSpiel gives chances as doubles; the fraction meant is the one with a small denominator."""


class Refusal(Exception):  # noqa: N818 - it refuses an action, nothing broke
    """What was asked for cannot be played; carries a stable code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Match:
    """A game of OpenSpiel, the seat that is played, and how the other seat plays."""

    game: Any
    seat: int
    perfect: bool
    opponent: Policy = field(default_factory=dict)

    def information(self, state: Any, player: int) -> str:
        """Return all that a player knows: the moves so far where everything is open."""
        found: str = state.history_str() if self.perfect else state.information_state_string(player)
        return found

    def others(self, state: Any) -> list[tuple[int, Fraction]]:
        """Return what chance or the opponent may do next, with exact probabilities above 0, in order of action."""
        if state.is_chance_node():
            drawn = [(int(action), Fraction(share)) for action, share in state.chance_outcomes()]
            return [(action, share.limit_denominator(LARGEST_DENOMINATOR)) for action, share in sorted(drawn)]
        legal = sorted(state.legal_actions())
        stated = self.opponent.get(self.information(state, 1 - self.seat))
        if stated is None:
            return [(action, Fraction(1, len(legal))) for action in legal]
        shares = [(action, Fraction(stated.get(str(action), "0"))) for action in legal]
        return [(action, share) for action, share in shares if share > 0]


def replay(match: Match, key: str, actions: Sequence[int]) -> Any:
    """Return the state in which the seat is to move, or the game is over, after its `actions`.

    The same key and actions give the same state; more actions change nothing of what was drawn before them.
    """
    state, rng = match.game.new_initial_state(), random.Random(key)  # noqa: S311 - it must be drawn again alike
    _go_on(match, state, rng)
    for action in actions:
        if state.is_terminal():
            raise Refusal("game_over", "The game is over.")
        if action not in state.legal_actions():
            legal = ", ".join(map(str, state.legal_actions()))
            raise Refusal("illegal_action", f"Action {action} is not legal here; legal are: {legal}.")
        state.apply_action(action)
        _go_on(match, state, rng)
    return state


def _go_on(match: Match, state: Any, rng: random.Random) -> None:
    while not state.is_terminal() and state.current_player() != match.seat:
        state.apply_action(_drawn(match.others(state), Fraction(rng.random())))


def _drawn(options: Sequence[tuple[int, Fraction]], point: Fraction) -> int:
    for action, share in options:
        point -= share
        if point < 0:
            return action
    # Shares that were read from doubles may sum to a hair less than 1.
    return options[-1][0]


def sight(match: Match, state: Any) -> dict[str, Any]:
    """Return what the seat may see of a state; what the game hides stays hidden until it is over."""
    over = bool(state.is_terminal())
    legal = [] if over else sorted(state.legal_actions())
    return {
        "observation": str(state) if over or match.perfect else state.information_state_string(match.seat),
        "information": "" if over else match.information(state, match.seat),
        "legal": [{"action": action, "text": state.action_to_string(match.seat, action)} for action in legal],
        "over": over,
        "returns": [float(value) for value in state.returns()] if over else [],
    }
