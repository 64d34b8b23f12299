"""How a seat is put into words: several wordings a question, and the table as the player sees it."""

from __future__ import annotations

from collections.abc import Mapping

from tracewright.environments.cards.rules import unseen
from tracewright.environments.cards.seat import Kind, Seat

RULES = (
    "High Card Duel: one deck of 52 cards without jokers. You and your opponent each bring one card to the "
    "showdown; the higher rank wins, ace is high, suits do not count, equal ranks tie."
)

WORDINGS: Mapping[Kind, Mapping[str, str]] = {
    "bet_or_fold": {
        "plain": "Decide whether to bet or to fold, so that your expected return is as high as it can be.",
        "question": "Is this hand worth a bet? Bet if it returns more on average than folding, else fold.",
        "coach": "Play this hand for the most chips in the long run: bet or fold.",
        "short": "Bet or fold? Maximise your expected chips.",
    },
    "win_probability": {
        "plain": "Predict the probability that you {aim} the showdown. An error of up to {tolerance} is accepted.",
        "question": "How likely are you to {aim}? Answer with a number from 0 to 1, at most {tolerance} off.",
        "count": "Count the unseen cards and give your chance to {aim}, to within {tolerance}.",
        "short": "Your probability to {aim}, within {tolerance}?",
    },
    "winner": {
        "plain": "Predict the most likely end of the showdown: you win, your opponent wins, or a tie.",
        "question": "Who is most likely to win this showdown?",
        "coach": "Name the likeliest winner of this hand from what you can see.",
        "short": "Likeliest winner?",
    },
    "reveal": {
        "plain": "Reveal the one of your cards that is most likely to {aim} the showdown.",
        "question": "Which of your cards gives you the best chance to {aim}? Reveal it.",
        "coach": "You want to {aim} this showdown. Pick the card for it and reveal it.",
        "short": "Reveal the card that will most likely {aim}.",
    },
}


def instruction(seat: Seat, wording: str) -> str:
    """Return the question in one of the wordings of its kind."""
    return WORDINGS[seat.kind][wording].format(aim=seat.aim, tolerance=seat.tolerance)


def table(seat: Seat) -> str:
    """Return all that the player sees: the rules, their cards, the open ones, how many are unseen, the stakes."""
    own = "Your card" if len(seat.hand) == 1 else "Your cards"
    lines = [
        RULES,
        f"{own}: {', '.join(seat.hand)}",
        f"Open cards, out of play: {', '.join(seat.open) or 'none'}",
        f"Unseen: {len(unseen(seat.known))} cards; your opponent holds one of them, each equally likely.",
    ]
    return "\n".join([*lines, *_stakes(seat)])


def _stakes(seat: Seat) -> list[str]:
    if seat.kind != "bet_or_fold":
        return []
    ante, bet, pays = seat.stakes.ante, seat.stakes.bet, seat.stakes.pays
    fold = f"Stakes: folding returns {-ante} chips."
    return [f"{fold} Betting returns {ante + pays} if you win, {-ante - bet} if you lose, 0 on a tie."]
