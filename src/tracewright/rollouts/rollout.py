"""The core loop: observe, act, run, judge, append; at the end, and only there, the goal is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from tracewright.environments import Environment, Grader
from tracewright.errors import PolicyError, RecordError, SandboxError
from tracewright.policies import Policy
from tracewright.records.action import Action, Generation, Observation, Turn
from tracewright.records.base import JsonObject, canonical, digest
from tracewright.records.job import Isolation, Job, Outcome
from tracewright.records.task import Deferred, Task
from tracewright.records.tools import refuse
from tracewright.records.trace import Check, Grade, PolicyCard, Provenance, Step, Trace, Verdict
from tracewright.sandboxes import Sandbox

T = TypeVar("T")
Journal = Callable[[Step], None]


@dataclass(frozen=True)
class Players:
    """Everyone who takes part in an episode, and what is written into each of its traces."""

    environment: Environment
    grader: Grader
    policy: Policy
    sandbox: Sandbox
    clock: Callable[[], datetime]
    seed: int = 0
    max_retries: int = 3
    policy_parameters: JsonObject = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    privileged: bool = False
    """Whether the policy was handed goals, whatever it says of itself."""

    def card(self) -> PolicyCard:
        """Return who acts, as it stands in each trace."""
        return PolicyCard(
            name=self.policy.name,
            version=self.policy.version,
            kind=self.policy.kind,
            privileged=self.privileged or self.policy.privileged,
            parameters=self.policy_parameters,
        )

    def now(self) -> str:
        """Return the time in ISO 8601, UTC."""
        return self.clock().isoformat(timespec="milliseconds")


async def play(
    players: Players, task: Task, attempt: int, done: Sequence[Step] = (), journal: Journal | None = None
) -> Trace | None:
    """Play one attempt, going on after the steps already `done`; None when the policy has nothing to try.

    Each new step is handed to `journal` at once. Where the jail stays broken, or the policy cannot act (PolicyError),
    the trace is `unresolved` and has no grade.
    """
    steps = list(done)
    started = done[0].at if done else players.now()
    try:
        if not await _episode(players, task, attempt, steps, journal):
            return None
        grade = await settle(players.sandbox, players.grader.grade(task, steps), players.max_retries)
    except (PolicyError, SandboxError) as error:
        return _trace(players, task, attempt, steps, started, None, str(error))
    return _trace(players, task, attempt, steps, started, grade)


async def _episode(players: Players, task: Task, attempt: int, steps: list[Step], journal: Journal | None) -> bool:
    environment, view = players.environment, task.view()
    while not finished(steps, task):
        observation = environment.observe(view, steps)
        told = await players.policy.act(view, observation, steps, attempt)
        if told is None:
            return bool(steps)
        turn = _legible(told)
        number = steps[-1].turn + 1 if steps else 0
        for action in turn.actions or (None,):
            outcome = await _outcome(players, task, steps, action)
            verdict = judge(environment, task, steps, action, outcome)
            steps.append(_step(players, steps, number, observation, turn, action, outcome, verdict))
            if journal:
                journal(steps[-1])
            if finished(steps, task):
                break
    return True


def _legible(turn: Turn) -> Turn:
    """Return a turn that can be stored: without actions where it holds half a character or a number that JSON lacks."""
    try:
        canonical(turn.model_dump(mode="json"))
    except RecordError as error:
        return Turn(generation=Generation(parse_error=str(error)))
    return turn


def finished(steps: Sequence[Step], task: Task) -> bool:
    """Say whether the episode is over: the last verdict says so, or the task allows no further step."""
    return bool(steps) and (steps[-1].verdict.done or len(steps) >= task.max_steps)


async def settle(sandbox: Sandbox, value: T | Deferred[T], retries: int = 3) -> T:
    """Run what a deferred value asks for, until it is a value."""
    while isinstance(value, Deferred):
        value = value.finish(await run_again(sandbox, value.job, retries))
    return value


async def run_again(sandbox: Sandbox, job: Job, retries: int) -> Outcome:
    """Run a job, again when the jail breaks; raises the last SandboxError once `retries` are used up.

    A sandbox that does not say what it held back is taken to have held back nothing.
    """
    for _ in range(retries):
        try:
            return _isolated(await sandbox.run(job))
        except SandboxError:
            continue
    return _isolated(await sandbox.run(job))


def _isolated(outcome: Outcome) -> Outcome:
    if outcome.observed.isolation is not None:
        return outcome
    unknown = Isolation(backend="unknown", level="none")
    return outcome.model_copy(update={"observed": outcome.observed.model_copy(update={"isolation": unknown})})


async def _outcome(players: Players, task: Task, steps: Sequence[Step], action: Action | None) -> Outcome:
    if action is None:
        return refuse("no_action", "The reply held no action that could be read.")
    job = players.environment.job(task.view(), steps, action)
    return job if isinstance(job, Outcome) else await run_again(players.sandbox, job, players.max_retries)


def judge(
    environment: Environment, task: Task, steps: Sequence[Step], action: Action | None, outcome: Outcome
) -> Verdict:
    """Return the verdict on a step; a turn without an action is judged here, for no environment saw one."""
    if action is None:
        check = Check(name="ran", passed=False, detail=outcome.code)
        return Verdict(accepted=False, checks=(check,), reason=outcome.message, judge="rollout-1")
    return environment.judge(task.view(), steps, action, outcome)


def _step(
    players: Players,
    steps: Sequence[Step],
    number: int,
    observation: Observation,
    turn: Turn,
    action: Action | None,
    outcome: Outcome,
    verdict: Verdict,
) -> Step:
    return Step(
        index=len(steps),
        turn=number,
        observation=observation,
        thought=turn.thought,
        action=action,
        outcome=outcome,
        verdict=verdict,
        state_update=turn.state_update,
        generation=turn.generation,
        at=players.now(),
    ).sealed()


def group_of(task_id: str, card: PolicyCard, seed: int) -> str:
    """Return the group that all attempts of one policy at one task share."""
    return digest({"task": task_id, "policy": card.model_dump(mode="json"), "seed": seed})[:32]


def _trace(
    players: Players,
    task: Task,
    attempt: int,
    steps: Sequence[Step],
    started: str,
    grade: Grade | None,
    message: str = "",
) -> Trace:
    submitted = bool(steps) and steps[-1].verdict.done
    card = players.card()
    return Trace.of(
        task=task.view(),
        environment=task.environment,
        policy=card,
        seed=players.seed,
        group=group_of(task.id, card, players.seed),
        attempt=attempt,
        steps=tuple(steps),
        status="unresolved" if grade is None else "completed" if submitted else "truncated",
        message=message,
        grade=grade,
        provenance=players.provenance,
        started_at=started,
        finished_at=players.now(),
    )
