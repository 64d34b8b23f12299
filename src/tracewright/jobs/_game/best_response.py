"""The exact best response to a stated opponent, by walking the whole tree of a small game.

Perfect recall is taken for granted, as in every game of OpenSpiel that gives information states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tracewright.jobs._game.match import Match

MAX_NODES = 60_000
MAX_LENGTH = 200


class TooLargeError(Exception):
    """The tree has more nodes than are walked."""


@dataclass
class Node:
    """A point of the tree: the seat's own where `information` is set, else drawn by chance or the opponent.

    `reach` is the probability of coming here when the seat plays towards it.
    """

    reach: Fraction
    information: str | None = None
    edges: list[tuple[int, Fraction, Node]] = field(default_factory=list)
    payoff: Fraction = Fraction(0)
    value: Fraction | None = None


@dataclass
class BestResponse:
    """Answers what each action of the seat is worth when all that follows is played best."""

    root: Node
    members: dict[str, list[Node]]
    _chosen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def to(cls, match: Match) -> BestResponse:
        """Grow the tree; raises TooLargeError beyond MAX_NODES nodes or MAX_LENGTH moves."""
        if match.game.max_game_length() > MAX_LENGTH:
            raise TooLargeError
        members: dict[str, list[Node]] = {}
        return cls(_grow(match, match.game.new_initial_state(), Fraction(1), members, [MAX_NODES]), members)

    def worth(self, information: str) -> dict[int, Fraction]:
        """Return action to expected return, in order of action; equal where the opponent never lets it come to this."""
        nodes = self.members[information]
        total = sum((node.reach for node in nodes), Fraction(0)) or Fraction(1)
        sums = {action: Fraction(0) for action, _, _ in nodes[0].edges}
        for node in nodes:
            for action, _, child in node.edges:
                sums[action] += node.reach * self.value(child)
        return {action: weighted / total for action, weighted in sums.items()}

    def action(self, information: str) -> int:
        """Return the best action, the lowest of several."""
        if information not in self._chosen:
            worth = self.worth(information)
            self._chosen[information] = max(worth, key=lambda action: (worth[action], -action))
        return self._chosen[information]

    def value(self, node: Node) -> Fraction:
        """Return the expected return from a node on."""
        if node.value is None:
            node.value = self._value(node)
        return node.value

    def _value(self, node: Node) -> Fraction:
        if node.information is not None:
            best = self.action(node.information)
            return next(self.value(child) for action, _, child in node.edges if action == best)
        if not node.edges:
            return node.payoff
        return sum((share * self.value(child) for _, share, child in node.edges), Fraction(0))


def _grow(match: Match, state: Any, reach: Fraction, members: dict[str, list[Node]], left: list[int]) -> Node:
    left[0] -= 1
    if left[0] < 0:
        raise TooLargeError
    node = Node(reach)
    if state.is_terminal():
        node.payoff = Fraction(state.returns()[match.seat])
        return node
    options = match.others(state) if state.current_player() != match.seat else []
    if not options:
        node.information = match.information(state, match.seat)
        members.setdefault(node.information, []).append(node)
        options = [(action, Fraction(1)) for action in sorted(state.legal_actions())]
    for action, share in options:
        node.edges.append((action, share, _grow(match, state.child(action), reach * share, members, left)))
    return node
