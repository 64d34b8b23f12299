"""A seat at a game of OpenSpiel: exact values, sealed chances, grades by regret."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.environments.games import Options, build, build_grader
from tracewright.environments.games.environment import Games
from tracewright.environments.games.episode import Episode
from tracewright.environments.games.opponents import Opponent, kuhn_equilibrium
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.action import Action
from tracewright.records.job import Artifact, Job, Outcome
from tracewright.records.messages import prompt_text
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest
from tracewright.records.trace import Grade, Step
from tracewright.registry import Parts

pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel (extra `games`) is not installed")

from tracewright.jobs import game as game_job  # noqa: E402  # loads pyspiel, which may be missing

VALUE = Fraction(-1, 18)
"""What Kuhn poker is worth to player 0 (Kuhn 1950)."""

Choice = Callable[[Sequence[Action]], Action]


class InProcess:
    """Runs the job `game` right here and keeps its artifacts in a folder; it locks nothing up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, job: Job) -> Outcome:
        inputs = {name: self.folder / sha256 for name, sha256 in job.inputs.items()}
        result = game_job.run(job.request, job.files, inputs)
        artifacts = {name: self._keep(data) for name, data in result.artifacts.items()}
        return Outcome(
            status=result.status,
            code=result.code,
            message=result.message,
            result=dict(result.result),
            artifacts=artifacts,
        )

    def _keep(self, data: bytes) -> Artifact:
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / sha256).write_bytes(data)
        return Artifact(sha256=sha256, bytes=len(data))


@pytest.fixture
def jail(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


def games(game: str = "kuhn_poker", opponent: Opponent = "uniform") -> Games:
    return build(Options(game=game, opponent=opponent), Parts(home=Path("unused")))


def finish(jail: InProcess, draft: Deferred[Task | Dropped]) -> Task | Dropped:
    made = draft.finish(jail.run(draft.job))
    assert not isinstance(made, Deferred)
    return made


def tasks(jail: InProcess, environment: Games, limit: int = 20) -> list[Task]:
    drafts = environment.tasks((), TaskRequest(limit=limit, seed=7))
    return [made for made in (finish(jail, draft) for draft in drafts) if isinstance(made, Task)]


def step(jail: InProcess, environment: Games, task: Task, steps: Sequence[Step], action: Action) -> Step:
    view, index = task.view(), len(steps)
    asked = environment.job(view, steps, action)
    outcome = asked if isinstance(asked, Outcome) else jail.run(asked)
    return Step(
        index=index,
        turn=index,
        observation=environment.observe(view, steps),
        action=action,
        outcome=outcome,
        verdict=environment.judge(view, steps, action, outcome),
    )


def play(jail: InProcess, environment: Games, task: Task, choose: Choice) -> list[Step]:
    steps: list[Step] = []
    while not (steps and steps[-1].verdict.done):
        action = choose(list(environment.candidates(task.view(), steps)))
        steps.append(step(jail, environment, task, steps, action))
    return steps


def oracle(jail: InProcess, environment: Games, task: Task) -> list[Step]:
    gold = iter(task.goal.actions)
    return play(jail, environment, task, lambda legal: next(gold))


def grade(jail: InProcess, task: Task, steps: Sequence[Step]) -> Grade:
    graded = build_grader(Options(), Parts(home=Path("unused"))).grade(task, steps)
    while isinstance(graded, Deferred):
        graded = graded.finish(jail.run(graded.job))
    return graded


def numbered(number: int) -> Choice:
    return lambda legal: next((action for action in legal if action.arguments["action"] == number), legal[0])


def expected(state: Any, policy: Mapping[str, Mapping[str, str]]) -> Fraction:
    """Return player 0's expected return when both follow the policy, by walking every course of the game."""
    if state.is_terminal():
        return Fraction(state.returns()[0])
    if state.is_chance_node():
        shares = {action: Fraction(share).limit_denominator(100) for action, share in state.chance_outcomes()}
    else:
        stated = policy[state.information_state_string()]
        shares = {action: Fraction(stated[str(action)]) for action in state.legal_actions()}
    return sum((share * expected(state.child(action), policy) for action, share in shares.items()), Fraction(0))


def values(seat: int, opponent: Mapping[str, Any], game: str = "kuhn_poker", **request: Any) -> Mapping[str, Any]:
    asked = {"op": "values", "game": game, "seat": seat, "opponent": opponent, "decisions": [], **request}
    return game_job.run(asked, {}, {}).result


@given(st.fractions(0, Fraction(1, 3), max_denominator=60))
def test_kuhn_poker_is_worth_a_minus_eighteenth_under_every_equilibrium(jack_bet: Fraction) -> None:
    state = pyspiel.load_game("kuhn_poker").new_initial_state()
    assert expected(state, kuhn_equilibrium(jack_bet)) == VALUE


@given(st.fractions(0, Fraction(1, 3), max_denominator=60))
def test_no_reply_to_the_equilibrium_earns_more_than_the_game_is_worth(jack_bet: Fraction) -> None:
    policy = kuhn_equilibrium(jack_bet)
    assert Fraction(values(0, policy)["value"]) == VALUE
    assert Fraction(values(1, policy)["value"]) == -VALUE


def test_every_action_that_an_equilibrium_takes_has_no_regret_and_others_do() -> None:
    policy = kuhn_equilibrium(Fraction(1, 6))
    for where, shares in policy.items():
        seat = (len(where) - 1) % 2
        regrets = values(seat, policy, decisions=[[where, 0], [where, 1]])["regrets"]
        assert [Fraction(regret) == 0 for regret in regrets] == [Fraction(shares[move]) > 0 for move in ("0", "1")]


def test_the_best_reply_to_a_random_player_is_worth_what_counting_gives() -> None:
    # Seat 0 bets every king and queen and passes every jack, or does as well: 1/2 chip a game on average.
    assert max(_pure_value(bits) for bits in range(64)) == Fraction(values(0, {})["value"]) == Fraction(1, 2)


def _pure_value(bits: int) -> Fraction:
    own = {where: bits >> index & 1 for index, where in enumerate(("0", "1", "2", "0pb", "1pb", "2pb"))}
    pure = {where: {str(move): "1" if move == bet else "0" for move in (0, 1)} for where, bet in own.items()}
    random_reply = {f"{card}{move}": {"0": "1/2", "1": "1/2"} for card in range(3) for move in "pb"}
    return expected(pyspiel.load_game("kuhn_poker").new_initial_state(), pure | random_reply)


@pytest.mark.parametrize("opponent", ["uniform", "equilibrium"])
def test_the_oracle_passes_every_episode(jail: InProcess, opponent: Opponent) -> None:
    environment = games(opponent=opponent)
    for task in tasks(jail, environment):
        assert grade(jail, task, oracle(jail, environment, task)).passed


@pytest.mark.parametrize("game", ["leduc_poker", "nim(pile_sizes=1;2;3)"])
def test_other_small_games_are_solved_too(jail: InProcess, game: str) -> None:
    environment = games(game)
    for task in tasks(jail, environment, 4):
        assert grade(jail, task, oracle(jail, environment, task)).passed


def test_the_oracle_beats_uniform_and_uniform_beats_the_worst(jail: InProcess) -> None:
    environment, rng = games(), random.Random(1)  # noqa: S311 - a baseline, not a secret
    made = tasks(jail, environment, 80)

    def mean(plays: Sequence[Sequence[Step]]) -> float:
        graded = [grade(jail, task, steps) for task, steps in zip(made, plays, strict=True)]
        return sum(one.rewards["decisions"].value for one in graded) / len(graded)

    best = mean([oracle(jail, environment, task) for task in made])
    uniform = mean([play(jail, environment, task, rng.choice) for task in made])
    worst = mean([_worst(jail, environment, task) for task in made])
    assert best == 1
    assert best - 0.03 > uniform > worst + 0.03


def _worst(jail: InProcess, environment: Games, task: Task) -> list[Step]:
    played = [play(jail, environment, task, numbered(number)) for number in (0, 1)]
    return min(played, key=lambda steps: grade(jail, task, steps).rewards["decisions"].value)


@pytest.mark.parametrize("number", [0, 1])
def test_no_constant_policy_is_optimal(jail: InProcess, number: int) -> None:
    environment = games()
    made = tasks(jail, environment, 40)
    passed = [grade(jail, task, play(jail, environment, task, numbered(number))).passed for task in made]
    assert sum(passed) / len(passed) < 0.9


def test_what_is_seen_determines_the_gold_answer(jail: InProcess) -> None:
    first: dict[str, Action] = {}
    for task in tasks(jail, games(), 60):
        seen = task.tags["seat"] + Episode.of(task.data).opening.information
        assert first.setdefault(seen, task.goal.actions[0]) == task.goal.actions[0]


def test_an_episode_that_is_not_played_to_its_end_earns_nothing(jail: InProcess) -> None:
    task = tasks(jail, games(), 1)[0]
    graded = grade(jail, task, ())
    assert (graded.passed, graded.reward) == (False, 0.0)


def test_the_key_and_the_hidden_cards_are_not_in_what_a_policy_sees(jail: InProcess) -> None:
    environment = games()
    for task in tasks(jail, environment):
        key = (jail.folder / task.inputs["chance"]).read_text()
        steps = oracle(jail, environment, task)
        before = steps[:-1]
        told = [task.view().to_json(), *(one.to_json() for one in steps)]
        assert not any(key in text for text in told)
        own = Episode.of(task.data).opening.observation[0]
        seen = [environment.observe(task.view(), before[:count]).text for count in range(len(before) + 1)]
        assert all(f"You see:\n{own}" in text for text in seen)
        assert all("returns" not in one.outcome.result or not one.outcome.result["returns"] for one in before)


def test_two_episodes_that_look_alike_have_views_that_differ_in_the_seal_alone(jail: InProcess) -> None:
    views: dict[str, set[str]] = {}
    for task in tasks(jail, games(), 60):
        view = task.view()
        views.setdefault(prompt_text(view, games().observe(view, ()), ()), set()).add(str(view.data))
    assert all(len(found) == 1 for found in views.values())


def test_the_same_seed_gives_the_same_bytes(jail: InProcess) -> None:
    assert [task.to_json() for task in tasks(jail, games())] == [task.to_json() for task in tasks(jail, games())]
    assert len({task.id for task in tasks(jail, games())}) == 20


def test_the_same_moves_lead_to_the_same_outcomes(jail: InProcess) -> None:
    environment = games("leduc_poker")
    task = tasks(jail, environment, 1)[0]
    assert oracle(jail, environment, task) == oracle(jail, environment, task)


def test_both_seats_are_played_in_turn(jail: InProcess) -> None:
    assert [task.tags["seat"] for task in tasks(jail, games(), 4)] == ["0", "1", "0", "1"]


def test_a_request_for_one_split_yields_that_split_only(jail: InProcess) -> None:
    drafts = games().tasks((), TaskRequest(split="test", limit=5, seed=7))
    made = [finish(jail, draft) for draft in drafts]
    assert [task.split for task in made if isinstance(task, Task)] == ["test"] * 5


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (Action(name="bet"), "unknown_action"),
        (Action(name="play"), "bad_arguments"),
        (Action(name="play", arguments={"action": "all in"}), "bad_arguments"),
        (Action(name="play", arguments={"action": 17}), "illegal_action"),
    ],
)
def test_an_invalid_action_says_why_costs_a_step_and_runs_nothing(jail: InProcess, action: Action, code: str) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    outcome = environment.job(task.view(), (), action)
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == ("action_error", code)
    verdict = environment.judge(task.view(), (), action, outcome)
    assert (verdict.accepted, verdict.done, verdict.reason) == (False, False, outcome.message)


def test_true_is_not_taken_for_the_number_1(jail: InProcess) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    asked = environment.job(task.view(), (), Action(name="play", arguments={"action": True}))
    assert isinstance(asked, Outcome)
    assert asked.code == "bad_arguments"


def test_after_the_end_nothing_can_be_played(jail: InProcess) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    steps = oracle(jail, environment, task)
    again = environment.job(task.view(), steps, steps[-1].action or Action(name="play"))
    assert isinstance(again, Outcome)
    assert again.code == "game_over"
    assert "The game is over." in environment.observe(task.view(), steps).text


def test_an_invalid_action_in_between_does_not_spoil_the_episode(jail: InProcess) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    wrong = step(jail, environment, task, (), Action(name="play", arguments={"action": 17}))
    steps = [wrong]
    for action in task.goal.actions:
        steps.append(step(jail, environment, task, steps, action))
    assert grade(jail, task, steps).passed


@pytest.mark.parametrize(
    ("game", "reason"),
    [
        ("no_such_game", "unknown_game"),
        ("kuhn_poker(colour=1)", "unknown_game"),
        ("hearts", "not_two_players"),
        ("matrix_mp", "not_in_turns"),
        ("negotiation", "hidden_chances"),
        ("gin_rummy", "no_information_state"),
    ],
)
def test_a_game_that_does_not_fit_is_dropped_once_with_its_reason(jail: InProcess, game: str, reason: str) -> None:
    made = [finish(jail, draft) for draft in islice(games(game).tasks((), TaskRequest(seed=7)), 10)]
    assert [drop.reason for drop in made if isinstance(drop, Dropped)] == [reason]
    assert len(made) == 1


def test_a_game_too_large_to_solve_is_graded_by_its_return(jail: InProcess) -> None:
    environment = games("connect_four")
    task = tasks(jail, environment, 1)[0]
    assert task.goal.actions == ()
    graded = grade(jail, task, play(jail, environment, task, numbered(3)))
    assert set(graded.rewards) == {"return"}
    assert graded.passed == graded.check("won") == (graded.reward > 0.5)


def test_a_jail_that_cannot_value_an_episode_is_no_reward_of_nothing(jail: InProcess) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    graded = build_grader(Options(), Parts(home=Path("unused"))).grade(task, oracle(jail, environment, task))
    assert isinstance(graded, Deferred)
    with pytest.raises(SandboxError, match="could not value"):
        graded.finish(Outcome(status="timeout", message="ran longer than 30 s"))


def test_the_moves_of_one_episode_never_share_a_jail_with_another(jail: InProcess) -> None:
    environment = games()
    task = tasks(jail, environment, 1)[0]
    asked = environment.job(task.view(), (), task.goal.actions[0])
    assert isinstance(asked, Job)
    assert (asked.isolation, asked.inputs) == ("oneshot", task.inputs)


def test_an_equilibrium_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="kuhn_poker"):
        games("leduc_poker", "equilibrium")


def test_without_openspiel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracewright.environments.games.find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"tracewright\[games\]"):
        games()


def test_the_rules_page_states_the_limits_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs/environments/games.md").read_text()
    assert "60,000 nodes" in page
    assert "-1/18" in page
