"""Plays one seat of a two-player game of OpenSpiel, and works out what its decisions were worth.

Every request names `op`, `game`, `seat` and the `opponent`'s policy (empty: uniform). `open` begins an episode from a
`key`, which it hands out as the artifact `chance` and nowhere else; `play` goes on from the input `chance` with the
seat's `actions`; `values` returns the regrets of `decisions` against the opponent, exact, as fractions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyspiel  # type: ignore[import-not-found]  # a native module without stubs

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._game.best_response import BestResponse, TooLargeError
from tracewright.jobs._game.match import Match, Refusal, replay, sight

ISOLATION: IsolationNeed = "worker"
NAME = re.compile(r"([a-z0-9_]{1,60})(\([a-z0-9_=,.;-]{0,200}\))?")


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Do what `op` says; a game or action that does not fit is an `action_error` with a code of its own."""
    try:
        match = _match(request)
        match request["op"]:
            case "open":
                return _open(match, str(request["key"]))
            case "play":
                return _play(match, inputs["chance"].read_text(), list(request["actions"]))
            case "values":
                return _values(match, [(str(where), int(action)) for where, action in request["decisions"]])
            case other:
                raise Refusal("bad_field", f"`op` must be open, play or values, found {str(other)[:40]!r}.")
    except Refusal as refusal:
        return Result(status="action_error", code=refusal.code, message=refusal.message)


def _match(request: Mapping[str, Any]) -> Match:
    game = _load(str(request["game"]))
    kind = game.get_type()
    if game.num_players() != 2:
        raise Refusal("not_two_players", f"Wanted a game of two, found one of {game.num_players()} players.")
    if kind.dynamics != pyspiel.GameType.Dynamics.SEQUENTIAL:
        raise Refusal("not_in_turns", "Wanted a game in which the players move in turn.")
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise Refusal("hidden_chances", "Wanted a game that states the chances of what it draws.")
    perfect = kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION
    if not perfect and not kind.provides_information_state_string:
        raise Refusal("no_information_state", "Wanted a game that says in text what a player knows.")
    return Match(game=game, seat=int(request["seat"]), perfect=perfect, opponent=request.get("opponent", {}))


def _load(name: str) -> Any:
    named = NAME.fullmatch(name)
    if named is None or named[1] not in pyspiel.registered_names():
        raise Refusal("unknown_game", f"OpenSpiel has no game {name[:80]!r}.")
    try:
        return pyspiel.load_game(name)
    except pyspiel.SpielError as error:
        raise Refusal("unknown_game", f"OpenSpiel refuses {name[:80]!r}: {str(error)[:300]}") from error


def _open(match: Match, key: str) -> Result:
    state = replay(match, key, [])
    if state.is_terminal():
        raise Refusal("no_decision", "The game ended before the seat had anything to decide.")
    facts = {
        "name": match.game.get_type().long_name,
        "utility": [float(match.game.min_utility()), float(match.game.max_utility())],
        "length": int(match.game.max_game_length()),
        "opening": sight(match, state),
        "gold": _gold(match, key),
    }
    return Result(result=facts, artifacts={"chance": key.encode()})


def _gold(match: Match, key: str) -> list[int]:
    """Return the best actions on the course that this episode takes; none where the game is too large to solve."""
    try:
        best = BestResponse.to(match)
    except TooLargeError:
        return []
    actions: list[int] = []
    while not (state := replay(match, key, actions)).is_terminal():
        actions.append(best.action(match.information(state, match.seat)))
    return actions


def _play(match: Match, key: str, actions: list[int]) -> Result:
    return Result(result=sight(match, replay(match, key, actions)))


def _values(match: Match, decisions: list[tuple[str, int]]) -> Result:
    try:
        best = BestResponse.to(match)
    except TooLargeError:
        return Result(result={"solved": False, "regrets": []})
    regrets: list[Fraction] = []
    for information, action in decisions:
        worth = best.worth(information)
        regrets.append(max(worth.values()) - worth[action])
    return Result(result={"solved": True, "regrets": list(map(str, regrets)), "value": str(best.value(best.root))})
