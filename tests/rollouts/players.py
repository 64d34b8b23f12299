"""Who takes part in an episode, for tests: real environments and graders, an unjailed sandbox, a still clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.builders import make_task
from tests.open_sandboxes import OpenSandbox
from tracewright.environments.astgrep.environment import AstGrepEnvironment
from tracewright.environments.astgrep.grader import AstGrepGrader
from tracewright.policies import Policy
from tracewright.records.action import Action, Observation, Turn
from tracewright.records.task import Goal, Task, TaskView
from tracewright.records.trace import PolicyKind, Step
from tracewright.rollouts.rollout import Players
from tracewright.sandboxes import Sandbox

PRE = "import os\n\nprint(os.name)\nprint(1)\n"
POST = "import os\n\nlog(os.name)\nlog(1)\n"
REWRITE = Action(name="rewrite", arguments={"pattern": "print($A)", "rewrite": "log($A)", "language": "python"})
SUBMIT = Action(name="submit")


def still_clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def log_task(**fields: object) -> Task:
    """Return the task to turn each print into a log."""
    goal = fields.pop("goal", Goal(files={"a.py": POST}, actions=(REWRITE, SUBMIT)))
    return make_task(files={"a.py": PRE}, goal=goal, **fields)  # type: ignore[arg-type]  # passed on as they are


class ScriptedPolicy:
    """Plays given turns one after the other; a turn may hold several actions or none."""

    name = "scripted"
    version = "1"
    kind: PolicyKind = "scripted"
    privileged = False

    def __init__(self, *turns: Sequence[Action]) -> None:
        self._turns = turns
        self.asked = 0

    async def act(self, task: TaskView, observation: Observation, steps: Sequence[Step], attempt: int) -> Turn | None:
        number = len({step.turn for step in steps})
        self.asked += 1
        if number >= len(self._turns):
            return None
        return Turn(
            thought=f"turn {number}", actions=tuple(self._turns[number]), state_update={"goals": [f"g{number}"]}
        )


def make_players(policy: Policy, sandbox: Sandbox | None = None, max_retries: int = 3) -> Players:
    return Players(
        environment=AstGrepEnvironment(),
        grader=AstGrepGrader(),
        policy=policy,
        sandbox=sandbox or OpenSandbox(),
        clock=still_clock,
        seed=7,
        max_retries=max_retries,
    )
