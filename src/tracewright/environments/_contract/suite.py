"""The promises of an environment, one check each: `check_environment(environment, grader, tasks)` runs them all.

Nothing is run here, so no jail is needed; that the oracle passes and doing nothing fails is proved in one by
`tracewright tasks check`. `tasks` are some of the environment's own, a dozen will do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tracewright.environments import Environment, Grader
from tracewright.environments._contract.leaks import leaks
from tracewright.records.action import Action
from tracewright.records.base import canonical
from tracewright.records.job import Job, Outcome
from tracewright.records.task import Task
from tracewright.records.trace import Grade

Check = Callable[[Environment, Grader, Sequence[Task]], None]
ACTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What OpenAI's tool form allows as a function's name."""


def check_environment(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """Run every check; raises AssertionError that says which promise was broken, and by which task."""
    _holds(bool(tasks), "there are tasks to check with")
    for check in CHECKS:
        check(environment, grader, tasks)


def it_says_what_it_is(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """Name and version stand in every trace; the version changes with what the environment does."""
    _holds(bool(environment.name and environment.version), "an environment has a name and a version")
    _holds(isinstance(environment.source, str), "`source` names a source, or is empty where none is read")


def its_tasks_are_its_own(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """Each task names its environment, comes back from JSON with its id, and is told from the others by it."""
    _holds(len({task.id for task in tasks}) == len(tasks), "no two tasks are the same")
    for task in tasks:
        _holds(task.environment == environment.name, "a task names its environment", task)
        _holds(Task.from_json(task.to_json()) == task, "a task comes back from JSON as it was", task)


def its_actions_are_tools(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """The schemas fit OpenAI's tool form, and gold actions are among them."""
    schemas = environment.actions()
    names = [schema.name for schema in schemas]
    _holds(bool(names) and len(set(names)) == len(names), "actions have names of their own")
    for schema in schemas:
        _holds(ACTION_NAME.fullmatch(schema.name) is not None, f"{schema.name!r} is a name of a tool")
        _holds(bool(schema.description), f"{schema.name!r} says what it does")
        _holds(schema.parameters.get("type") == "object", f"the parameters of {schema.name!r} are an object's schema")
        canonical(schema.parameters)
    for task in tasks:
        _holds({action.name for action in task.goal.actions} <= set(names), "gold actions are declared", task)


def it_keeps_nothing(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """The same arguments give the same answer, however often and whatever was asked in between."""
    first = [_answers(environment, task) for task in tasks]
    again = [_answers(environment, task) for task in reversed(tasks)][::-1]
    for task, one, other in zip(tasks, first, again, strict=True):
        _holds(one == other, "the same question gets the same answer", task)


def what_it_lists_is_declared(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """Legal actions in view, and candidates where there are any, are actions that the environment takes."""
    declared = {schema.name for schema in environment.actions()}
    for task in tasks:
        listed = {action.name for action in _listed(environment, task)}
        _holds(listed <= declared, f"only declared actions are listed, found {sorted(listed - declared)}", task)


def what_does_not_exist_is_an_action_error(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """An unknown action, or an argument that a closed schema does not have, is told to the policy and not accepted."""
    wrong = [Action(name="no-such-action")]
    closed = (schema for schema in environment.actions() if schema.parameters.get("additionalProperties") is False)
    wrong += [Action(name=schema.name, arguments={"no such argument": 1}) for schema in closed]
    for task in tasks:
        for action in wrong:
            _refuses(environment, task, action)


def the_view_does_not_hold_the_goal(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """What a policy is handed has no goal, and none of its long texts or gold actions elsewhere."""
    for task in tasks:
        _holds(not hasattr(task.view(), "goal"), "a view has no goal", task)
        _holds(not leaks(task), "no text of the goal stands in the view", task)


def an_episode_without_a_step_fails(environment: Environment, grader: Grader, tasks: Sequence[Task]) -> None:
    """Where the grader can tell at once, it says that nothing was done; where it needs a job, `tasks check` tells."""
    for task in tasks:
        grade = grader.grade(task, ())
        if isinstance(grade, Grade):
            _holds(not grade.passed and grade.reward == 0, "doing nothing earns nothing", task)


CHECKS: tuple[Check, ...] = (
    it_says_what_it_is,
    its_tasks_are_its_own,
    its_actions_are_tools,
    it_keeps_nothing,
    what_it_lists_is_declared,
    what_does_not_exist_is_an_action_error,
    the_view_does_not_hold_the_goal,
    an_episode_without_a_step_fails,
)


def _answers(environment: Environment, task: Task) -> list[object]:
    jobs = [environment.job(task.view(), (), action) for action in task.goal.actions[:1]]
    for asked in jobs:
        if isinstance(asked, Job):
            canonical(asked.model_dump(mode="json"))
    return [environment.observe(task.view(), ()), _listed(environment, task), jobs, list(environment.actions())]


def _listed(environment: Environment, task: Task) -> list[Action]:
    candidates = getattr(environment, "candidates", None)
    listed = [] if candidates is None else list(candidates(task.view(), ()))
    return [*environment.observe(task.view(), ()).legal_actions, *listed]


def _refuses(environment: Environment, task: Task, action: Action) -> None:
    asked = environment.job(task.view(), (), action)
    refused = isinstance(asked, Outcome) and asked.status == "action_error" and bool(asked.code and asked.message)
    _holds(refused, f"{action.name!r} with {dict(action.arguments)} is an action_error with a code and a message", task)
    if isinstance(asked, Outcome):
        verdict = environment.judge(task.view(), (), action, asked)
        _holds(not verdict.accepted, "an action_error is not accepted", task)
        _holds(bool(verdict.reason), "the verdict tells the policy why", task)


def _holds(kept: bool, promise: str, task: Task | None = None) -> None:
    if not kept:
        raise AssertionError(f"{promise}; broken by task {task.id[:12]}" if task else f"promised: {promise}")
