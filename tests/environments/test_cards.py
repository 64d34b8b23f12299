"""The card table asks questions that what is seen decides, and grades them exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.environments.cards.decisions import ASKED, best, regret, right, schemas, worth
from tracewright.environments.cards.environment import Cards
from tracewright.environments.cards.grader import CardsGrader
from tracewright.environments.cards.making import FORMS
from tracewright.environments.cards.rules import DECK, rank, unseen
from tracewright.environments.cards.seat import KINDS, Kind, Seat, Stakes
from tracewright.environments.cards.wordings import WORDINGS
from tracewright.errors import UsageError
from tracewright.records.action import Action
from tracewright.records.messages import prompt_text
from tracewright.records.task import Task, TaskRequest, side_of
from tracewright.records.trace import Grade, Step
from tracewright.registry import Parts, build, load

ENVIRONMENT = Cards(kinds=KINDS, max_open=5)
GRADER = CardsGrader()
PAGE = Path(__file__).parents[2] / "docs/environments/cards.md"
Choice = Callable[[Task], Action]


def tasks(limit: int = 400, seed: int = 7, environment: Cards = ENVIRONMENT) -> list[Task]:
    return list(environment.tasks((), TaskRequest(limit=limit, seed=seed)))


def of_kind(kind: Kind, limit: int = 60) -> list[Task]:
    return tasks(limit, environment=Cards(kinds=(kind,), max_open=5))


def play(task: Task, actions: Sequence[Action]) -> list[Step]:
    steps: list[Step] = []
    for action in actions:
        observation = ENVIRONMENT.observe(task.view(), steps)
        outcome = ENVIRONMENT.job(task.view(), steps, action)
        verdict = ENVIRONMENT.judge(task.view(), steps, action, outcome)
        index = len(steps)
        step = Step(index=index, turn=index, observation=observation, action=action, outcome=outcome, verdict=verdict)
        steps.append(step)
    return steps


def grade(task: Task, *actions: Action) -> Grade:
    return GRADER.grade(task, play(task, actions))


def mean_reward(made: Sequence[Task], choose: Choice) -> float:
    return sum(grade(task, choose(task)).reward for task in made) / len(made)


def options(task: Task) -> list[Action]:
    return list(ENVIRONMENT.candidates(task.view(), ()))


def worst(task: Task) -> Action:
    return min(options(task), key=lambda action: grade(task, action).reward)


def bet(stakes: Stakes, *cards: str) -> Seat:
    return Seat(kind="bet_or_fold", hand=cards[:1], open=cards[1:], stakes=stakes)


def test_the_oracle_passes_every_task_with_full_reward_for_being_right() -> None:
    for task in tasks():
        graded = grade(task, *task.goal.actions)
        assert graded.passed
        assert graded.reward == pytest.approx(1, abs=0.0001)


def test_doing_nothing_passes_no_task() -> None:
    for task in tasks(100):
        assert grade(task) == Grade(passed=False, reward=0.0, checks=grade(task).checks, grader="cards/1")


@pytest.mark.parametrize("kind", KINDS)
def test_the_oracle_beats_uniform_and_uniform_beats_the_worst(kind: Kind) -> None:
    made, rng = of_kind(kind), random.Random(1)  # noqa: S311 - a baseline, not a secret
    oracle = mean_reward(made, lambda task: task.goal.actions[0])
    uniform = mean_reward(made, lambda task: rng.choice(options(task)))
    assert oracle - 0.1 > uniform > mean_reward(made, worst) + 0.1


@pytest.mark.parametrize("kind", ["bet_or_fold", "win_probability", "winner"])
def test_no_constant_policy_is_near_the_oracle(kind: Kind) -> None:
    made = of_kind(kind)
    constants = options(made[0])[::5] if kind == "win_probability" else options(made[0])
    passes = [sum(grade(task, action).passed for task in made) / len(made) for action in constants]
    assert max(passes) < 0.8


def test_revealing_always_the_first_card_is_not_enough() -> None:
    made = of_kind("reveal")
    passed = [
        grade(task, Action(name="reveal", arguments={"card": Seat.of(task.data).hand[0]})).passed for task in made
    ]
    assert sum(passed) / len(made) < 0.8


def test_what_is_seen_determines_the_gold_answer() -> None:
    for task in tasks():
        assert task.goal.actions == best(Seat.of(task.view().data))[:1]


def test_another_hidden_card_changes_neither_pass_nor_reward() -> None:
    for task in tasks(60):
        fields = {name: getattr(task, name) for name in Task.model_fields if name not in {"id", "goal", "split"}}
        other = next(card for card in unseen(Seat.of(task.data).known) if card not in str(task.goal.answer))
        dealt = Task.of(goal=task.goal.model_copy(update={"answer": {"opponent": other}}), **fields)
        for action in options(task)[:4]:
            first, second = grade(task, action), grade(dealt, action)
            assert (first.passed, first.reward) == (second.passed, second.reward)


def test_the_opponents_card_appears_nowhere_in_a_trace_its_grade_included() -> None:
    for task in tasks(200):
        assert isinstance(task.goal.answer, dict)
        opponent = str(task.goal.answer["opponent"])
        steps = play(task, task.goal.actions)
        prompt = prompt_text(task.view(), ENVIRONMENT.observe(task.view(), steps), steps)
        graded = grade(task, *task.goal.actions)
        told = [prompt, task.view().to_json(), *(step.to_json() for step in steps), graded.to_json()]
        assert not any(opponent in text for text in told)
        assert graded.checks[-1].detail.startswith("returns ")


def test_the_cards_of_a_task_and_the_unseen_ones_make_one_deck() -> None:
    for task in tasks(200):
        seat = Seat.of(task.data)
        assert len(seat.hand) + len(seat.open) + len(unseen(seat.known)) == len(DECK)
        assert f"Unseen: {52 - len(seat.known)} cards" in ENVIRONMENT.observe(task.view(), ()).text
        assert isinstance(task.goal.answer, dict)
        assert task.goal.answer["opponent"] in unseen(seat.known)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first = [task.to_json() for task in tasks(50)]
    assert first == [task.to_json() for task in tasks(50)]
    assert first != [task.to_json() for task in tasks(50, seed=8)]


def test_the_first_task_of_seed_7_is_known_for_ever() -> None:
    assert tasks(1)[0].id == "e12f808166c8e063f20e3dae0393c3be026109daf13131b4889d838c5c1996f6"


def test_a_smaller_request_is_the_beginning_of_a_larger_one() -> None:
    assert tasks(20) == tasks(50)[:20]


def test_a_request_without_a_limit_goes_on() -> None:
    made = list(islice(ENVIRONMENT.tasks((), TaskRequest(seed=3)), 500))
    assert len({task.id for task in made}) == 500


def test_no_two_tasks_show_the_same_table_and_question() -> None:
    shown = [(task.instruction, ENVIRONMENT.observe(task.view(), ()).text) for task in tasks(1000)]
    assert len(set(shown)) == len(shown)


def test_a_game_with_few_deals_ends_when_they_are_all_made() -> None:
    small = Cards(kinds=("winner",), max_open=0)
    made = list(small.tasks((), TaskRequest(seed=7)))
    assert len(made) == 52 * len(WORDINGS["winner"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_tasks_on_every_side_of_the_split(kind: Kind) -> None:
    assert {task.split for task in of_kind(kind, 300)} == {"train", "dev", "test"}


def test_a_request_for_one_split_yields_that_split_only() -> None:
    made = list(ENVIRONMENT.tasks((), TaskRequest(split="test", limit=40, seed=7)))
    assert len(made) == 40
    assert {task.split for task in made} == {"test"}


def test_no_held_out_deal_form_or_wording_is_trained_on() -> None:
    trained = [task for task in tasks(1000) if task.split == "train"]
    assert {side_of(kind, name) for task in trained for kind, name in task.groups.items()} == {"train"}


def test_deals_of_the_same_ranks_are_one_origin() -> None:
    origins: dict[tuple[tuple[int, ...], ...], str] = {}
    for task in tasks(1000):
        seat = Seat.of(task.data)
        ranks = (tuple(sorted(map(rank, seat.hand))), tuple(sorted(map(rank, seat.open))))
        assert origins.setdefault(ranks, task.groups["origin"]) == task.groups["origin"]
    assert len(set(origins.values())) == len(origins)


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_and_wording_of_a_kind_is_drawn(kind: Kind) -> None:
    made = of_kind(kind, 300)
    assert {task.groups["template"] for task in made} == {f"{kind}/{form}" for form in FORMS[kind]}
    assert {task.groups["wording"] for task in made} == {f"{kind}/{wording}" for wording in WORDINGS[kind]}


def test_an_eight_is_indifferent_in_the_basic_game_and_both_decisions_are_right() -> None:
    seat = bet(Stakes(bet=3, pays=3), "8H")
    assert [action.name for action in best(seat)] == ["bet", "fold"]
    assert right(seat, Action(name="bet"))
    assert right(seat, Action(name="fold"))


def test_an_open_card_breaks_the_balance_of_an_eight() -> None:
    assert [action.name for action in best(bet(Stakes(bet=3, pays=3), "8H", "AS"))] == ["bet"]
    assert [action.name for action in best(bet(Stakes(bet=3, pays=3), "8H", "2S"))] == ["fold"]


def test_an_ante_makes_a_slightly_losing_bet_right() -> None:
    assert best(bet(Stakes(bet=1, pays=1), "7H")) == (Action(name="fold"),)
    assert best(bet(Stakes(ante=1, bet=1, pays=1), "7H")) == (Action(name="bet"),)


@given(
    st.lists(st.sampled_from(DECK), min_size=1, max_size=6, unique=True),
    st.builds(Stakes, ante=st.integers(0, 3), bet=st.integers(1, 9), pays=st.integers(1, 9)),
)
def test_the_worth_of_a_bet_is_its_mean_over_every_hidden_card(cards: list[str], stakes: Stakes) -> None:
    seat, rest = bet(stakes, *cards), unseen(cards)
    ranks = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"]
    own = ranks.index(cards[0][:-1])
    total = 0
    for other in rest:
        gap = own - ranks.index(other[:-1])
        total += stakes.ante + stakes.pays if gap > 0 else -(stakes.ante + stakes.bet) if gap < 0 else 0
    assert worth(seat, Action(name="bet")) == Fraction(total, len(rest))
    assert worth(seat, Action(name="fold")) == -stakes.ante
    assert all(0 <= regret(seat, Action(name=name)) <= 1 for name in ("bet", "fold"))


@given(st.floats(0, 1))
def test_a_probability_is_right_within_its_tolerance_and_wrong_beyond(probability: float) -> None:
    seat = Seat(kind="win_probability", hand=("QD",), tolerance="0.01")
    error = abs(Fraction(repr(probability)) - Fraction(40, 51))
    assert right(seat, Action(name="predict", arguments={"probability": probability})) == (error <= Fraction("0.01"))


def test_both_winners_are_right_for_an_eight_and_a_tie_never_is() -> None:
    seat = Seat(kind="winner", hand=("8C",))
    assert [action.arguments["winner"] for action in best(seat)] == ["you", "opponent"]
    assert not right(seat, Action(name="predict", arguments={"winner": "tie"}))


def test_the_ace_is_revealed_to_win_and_the_lowest_card_to_lose() -> None:
    hand = ("10S", "AH", "3D")
    assert best(Seat(kind="reveal", hand=hand))[0].arguments == {"card": "AH"}
    assert best(Seat(kind="reveal", hand=hand, aim="lose"))[0].arguments == {"card": "3D"}


def test_a_wrong_decision_is_accepted_but_not_passed() -> None:
    task = next(task for task in of_kind("winner") if len(best(Seat.of(task.data))) == 1)
    steps = play(task, [Action(name="predict", arguments={"winner": "tie"})])
    assert steps[0].verdict.accepted
    assert steps[0].verdict.done
    assert not GRADER.grade(task, steps).passed


@pytest.mark.parametrize(
    ("kind", "action", "code"),
    [
        ("bet_or_fold", Action(name="raise"), "unknown_action"),
        ("bet_or_fold", Action(name="reveal", arguments={"card": "AS"}), "not_asked"),
        ("bet_or_fold", Action(name="bet", arguments={"chips": 5}), "bad_arguments"),
        ("winner", Action(name="predict", arguments={"winner": "me"}), "bad_arguments"),
        ("winner", Action(name="predict"), "bad_arguments"),
        ("reveal", Action(name="reveal", arguments={"card": "JOKER"}), "bad_arguments"),
        ("reveal", Action(name="reveal", arguments={"card": ["AS"]}), "bad_arguments"),
        ("win_probability", Action(name="predict", arguments={"probability": 1.5}), "bad_arguments"),
        ("win_probability", Action(name="predict", arguments={"probability": float("nan")}), "bad_arguments"),
        ("win_probability", Action(name="predict", arguments={"probability": True}), "bad_arguments"),
        ("win_probability", Action(name="predict", arguments={"probability": "0.5"}), "bad_arguments"),
        ("win_probability", Action(name="predict", arguments={"probability": 0.5, "winner": "you"}), "bad_arguments"),
    ],
)
def test_an_invalid_action_says_why_and_costs_a_step(kind: Kind, action: Action, code: str) -> None:
    task = of_kind(kind, 1)[0]
    (step,) = play(task, [action])
    assert (step.outcome.status, step.outcome.code) == ("action_error", code)
    assert not step.verdict.accepted
    assert not step.verdict.done
    assert ENVIRONMENT.observe(task.view(), [step]).feedback == step.outcome.message != ""


def test_after_invalid_actions_the_right_one_still_passes() -> None:
    task = of_kind("reveal", 1)[0]
    assert grade(task, Action(name="bet"), task.goal.actions[0]).passed


def test_a_second_decision_is_refused_and_does_not_count() -> None:
    fold = (Action(name="fold"),)
    task = next(task for task in of_kind("bet_or_fold") if best(Seat.of(task.data)) == fold)
    steps = play(task, [Action(name="bet"), Action(name="fold")])
    assert steps[1].outcome.code == "hand_over"
    assert not GRADER.grade(task, steps).passed


@pytest.mark.parametrize("kind", ["bet_or_fold", "winner", "reveal"])
def test_the_legal_actions_are_listed_and_all_accepted(kind: Kind) -> None:
    for task in of_kind(kind, 20):
        listed = ENVIRONMENT.observe(task.view(), ()).legal_actions
        assert listed == tuple(options(task))
        assert all(play(task, [action])[0].verdict.accepted for action in listed)


def test_every_action_asked_for_is_declared() -> None:
    declared = {schema.name for schema in schemas()}
    assert {name for asked in ASKED.values() for name in asked} == declared


def test_an_option_that_does_not_exist_is_named() -> None:
    parts = Parts(home=Path("unused"))
    with pytest.raises(UsageError, match="max_open"):
        build("environments", "cards", {"max_open": 9}, parts)
    assert load("environments", "cards").build_grader(load("environments", "cards").Options(), parts) == GRADER
    assert build("environments", "cards", {}, parts) == ENVIRONMENT


def test_the_rules_page_lists_every_kind_with_its_forms() -> None:
    for kind in KINDS:
        assert f"| `{kind}` | {', '.join(FORMS[kind])} |" in PAGE.read_text()
