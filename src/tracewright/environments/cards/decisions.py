"""Which decisions a seat allows, and what each is worth exactly, over all cards that the opponent may hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from tracewright.environments.cards.odds import Odds, odds
from tracewright.environments.cards.seat import Kind, Seat
from tracewright.records.action import Action, ActionSchema
from tracewright.records.base import JsonObject
from tracewright.records.job import Outcome
from tracewright.records.tools import refuse, unknown_action

WINNERS = ("you", "opponent", "tie")
ASKED: dict[Kind, tuple[str, ...]] = {
    "bet_or_fold": ("bet", "fold"),
    "win_probability": ("predict",),
    "winner": ("predict",),
    "reveal": ("reveal",),
}


def schemas() -> tuple[ActionSchema, ...]:
    """Return the four actions of the table in OpenAI's tool form."""
    number: JsonObject = {"type": "number", "minimum": 0, "maximum": 1}
    prediction: JsonObject = {"probability": number, "winner": {"type": "string", "enum": list(WINNERS)}}
    return (
        ActionSchema(name="bet", description="Put the bet in and go to the showdown.", parameters=_object({})),
        ActionSchema(name="fold", description="Give up the ante and end the hand.", parameters=_object({})),
        ActionSchema(
            name="predict",
            description="Answer with the probability, or with the likeliest end of the showdown.",
            parameters=_object(prediction) | {"minProperties": 1, "maxProperties": 1},
        ),
        ActionSchema(
            name="reveal",
            description="Turn over one of your own cards.",
            parameters=_object({"card": {"type": "string"}}) | {"required": ["card"]},
        ),
    )


def _object(properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def legal(seat: Seat) -> tuple[Action, ...]:
    """Return the legal actions of a seat; none where any number between 0 and 1 is legal."""
    match seat.kind:
        case "bet_or_fold":
            return Action(name="bet"), Action(name="fold")
        case "winner":
            return tuple(Action(name="predict", arguments={"winner": winner}) for winner in WINNERS)
        case "reveal":
            return tuple(Action(name="reveal", arguments={"card": card}) for card in seat.hand)
        case "win_probability":
            return ()


def candidates(seat: Seat) -> Iterator[Action]:
    """Yield the legal actions in the order of the rules; for a probability its hundredths from 0 to 1."""
    yield from legal(seat)
    if seat.kind == "win_probability":
        for hundredths in range(101):
            yield Action(name="predict", arguments={"probability": hundredths / 100})


def refusal(seat: Seat, action: Action) -> Outcome | None:
    """Return the `action_error` that says why the action cannot be taken from this seat, or None if it can."""
    names = [schema.name for schema in schemas()]
    if action.name not in names:
        return unknown_action(action, names)
    if action.name not in (asked := ASKED[seat.kind]):
        return refuse("not_asked", f"This hand asks for {' or '.join(asked)}, not for {action.name}.")
    if seat.kind == "win_probability":
        return _no_probability(action)
    if action in legal(seat):
        return None
    return refuse("bad_arguments", f"Wanted {' or '.join(option.to_json() for option in legal(seat))}.")


def _no_probability(action: Action) -> Outcome | None:
    number = action.arguments.get("probability")
    fits = isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= 1
    if fits and len(action.arguments) == 1:
        return None
    return refuse("bad_arguments", 'Wanted {"probability": p} with a number p from 0 to 1 and nothing else.')


def worth(seat: Seat, action: Action) -> Fraction:
    """Return the exact expected value of a legal action: chips, a chance, or 1 less the error of a probability."""
    match seat.kind:
        case "bet_or_fold":
            return _chips(seat, action)
        case "win_probability":
            # The decimal that was written is meant, not the binary fraction nearest to it.
            predicted = Fraction(str(action.arguments["probability"]))
            return 1 - abs(predicted - _aimed(seat, odds(seat.hand[0], seat.known)))
        case "winner":
            showdown = odds(seat.hand[0], seat.known)
            ends = {"you": showdown.win, "opponent": showdown.lose, "tie": showdown.tie}
            return ends[str(action.arguments["winner"])]
        case "reveal":
            return _aimed(seat, odds(str(action.arguments["card"]), seat.known))


def _chips(seat: Seat, action: Action) -> Fraction:
    stakes, showdown = seat.stakes, odds(seat.hand[0], seat.known)
    if action.name == "fold":
        return Fraction(-stakes.ante)
    return showdown.win * (stakes.ante + stakes.pays) - showdown.lose * (stakes.ante + stakes.bet)


def _aimed(seat: Seat, showdown: Odds) -> Fraction:
    return showdown.win if seat.aim == "win" else showdown.lose


def best(seat: Seat) -> tuple[Action, ...]:
    """Return every legal action of the highest worth, in the order of the rules.

    Where a probability is asked it is the exact one to four decimals, far within every tolerance that is set.
    """
    if seat.kind == "win_probability":
        exact = _aimed(seat, odds(seat.hand[0], seat.known))
        return (Action(name="predict", arguments={"probability": float(round(exact, 4))}),)
    highest = max(worth(seat, action) for action in legal(seat))
    return tuple(action for action in legal(seat) if worth(seat, action) == highest)


def regret(seat: Seat, action: Action) -> Fraction:
    """Return how much worth a legal action gives away, from 0 to 1: chips are divided by all that is at stake."""
    if seat.kind == "win_probability":
        return 1 - worth(seat, action)
    highest = max(worth(seat, option) for option in legal(seat))
    stakes = seat.stakes
    scale = 2 * stakes.ante + stakes.bet + stakes.pays if seat.kind == "bet_or_fold" else 1
    return (highest - worth(seat, action)) / scale


def right(seat: Seat, action: Action) -> bool:
    """Say whether a legal action is as good as any: no regret, or an error within the stated tolerance."""
    return regret(seat, action) <= Fraction(seat.tolerance)
