"""Two-player games of OpenSpiel by name (extra `games`): one seat, a stated opponent, sealed chances."""

from __future__ import annotations

from importlib.util import find_spec

from pydantic import Field

from tracewright.environments.games.environment import Games
from tracewright.environments.games.grader import GamesGrader
from tracewright.environments.games.opponents import Opponent, policy_of
from tracewright.errors import MissingPartError
from tracewright.records.base import Record
from tracewright.registry import EXTRAS, Parts

LIBRARY = "pyspiel"


class Options(Record):
    """A `game` by its OpenSpiel name, parameters in brackets where it takes some, and who sits across."""

    game: str = Field(default="kuhn_poker", pattern=r"^[a-z0-9_]{1,60}(\([a-z0-9_=,.;-]{0,200}\))?$")
    opponent: Opponent = "uniform"


def build(options: Options, parts: Parts) -> Games:
    """Return the game; raises MissingPartError without OpenSpiel, UsageError where no equilibrium is known."""
    if find_spec(LIBRARY) is None:
        wanted = f"pip install 'tracewright[{EXTRAS[LIBRARY]}]'"
        raise MissingPartError(f"environments.games needs {LIBRARY}, which is not installed; run: {wanted}")
    policy_of(options.opponent, options.game)
    return Games(game=options.game, opponent=options.opponent)


def build_grader(options: Options, parts: Parts) -> GamesGrader:
    """Return the games' grader."""
    return GamesGrader()
