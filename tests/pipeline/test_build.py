"""The parts of a recipe: the first jail that holds, what a policy is handed, and what is said of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tracewright
from tests.builders import make_task
from tests.open_sandboxes import OpenSandbox
from tracewright import registry
from tracewright.environments.cards.environment import Cards
from tracewright.environments.cards.seat import KINDS
from tracewright.errors import MissingPartError, UsageError
from tracewright.pipeline import build
from tracewright.records.action import Action
from tracewright.records.recipe import EnvironmentPart, Recipe, SandboxPart, TasksPart
from tracewright.records.task import Deferred, Task

SANDBOX = '''"""A sandbox that {0}."""

from pathlib import Path

from tracewright.errors import MissingPartError
from tracewright.records.base import Record
from tracewright.records.job import Isolation

Options = Record


class Named:
    async def preflight(self):
        if {1!r}:
            raise MissingPartError({1!r})
        return Isolation(backend={0!r}, level="none")

    async def close(self):
        Path({0!r}).touch()


def build(options, parts):
    return Named()
'''


@pytest.fixture
def sandboxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let `auto` try these sandboxes: a name and why it does not hold."""
    monkeypatch.chdir(tmp_path)

    def offer(**found: str) -> None:
        for name, reason in found.items():
            Path(f"{name}.py").write_text(SANDBOX.format(name, reason))
        monkeypatch.setattr(build, "sandbox_names", lambda: [str(Path(f"{name}.py").resolve()) for name in found])

    return offer


def opened(home: Path, name: str = "auto") -> str:
    async def work() -> str:
        async with build.open_sandbox(SandboxPart(name=name), home) as sandbox:
            return (await sandbox.preflight()).backend

    return asyncio.run(work())


def test_where_no_sandbox_holds_each_says_why(sandboxes: Any, home: Path) -> None:
    sandboxes(paper="it tears; use tin", glass="it breaks; use tin")
    with pytest.raises(MissingPartError, match=r"nothing is run.*paper.py: it tears; use tin.*glass.py: it breaks"):
        opened(home)


def test_auto_takes_the_first_that_holds_and_closes_those_that_do_not(sandboxes: Any, home: Path) -> None:
    sandboxes(straw="it burns", stone="", steel="")
    assert opened(home) == "stone"
    assert (Path("straw").exists(), Path("stone").exists(), Path("steel").exists()) == (True, True, False)


def test_a_sandbox_that_is_named_is_the_only_one_tried(sandboxes: Any, home: Path) -> None:
    sandboxes(cork="it floats", slate="")
    with pytest.raises(MissingPartError, match=r"^it floats$"):
        opened(home, "./cork.py")


def test_ours_is_tried_before_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "names", lambda wing: ["aerogel", "bubblewrap", "clay"])
    assert build.sandbox_names() == ["bubblewrap", "aerogel", "clay"]


def test_options_for_a_source_that_there_is_none_of_are_refused(home: Path) -> None:
    recipe = Recipe(
        environment=EnvironmentPart(name="cards"), tasks=TasksPart.model_validate({"path": "x", "limit": 3})
    )
    with pytest.raises(UsageError, match=r"cards reads no records; drop \['path'\]"):
        build.source_of(recipe, build.environment_of(recipe.environment, home), home)


def test_a_slip_in_any_part_is_told_by_its_name(home: Path) -> None:
    for key in ("environment", "policy", "engine", "renderer", "sandbox", "store"):
        recipe = Recipe.model_validate({key: {"name": "absent"}})
        with pytest.raises(UsageError, match="there is no 'absent'"):
            build.check_parts(recipe, home)
    build.check_parts(Recipe(sandbox=SandboxPart(name="bubblewrap")), home)


def test_the_grader_s_candidates_are_worked_out_once_a_task(home: Path) -> None:
    asked: list[str] = []

    def candidates(task: Task) -> Sequence[Action] | Deferred[Sequence[Action]]:
        asked.append(task.id)
        return [Action(name="submit")]

    task = make_task()
    grader: Any = SimpleNamespace(candidates=candidates)
    proposed = build._privileged(grader, OpenSandbox(), {task.id: task})
    assert proposed is not None
    for _ in range(3):
        assert asyncio.run(_awaited(proposed(task.view(), ()))) == [Action(name="submit")]
    assert asked == [task.id]


async def _awaited(work: Any) -> Any:
    return await work


def test_who_offers_no_candidates_hands_none_on() -> None:
    mute: Any = SimpleNamespace()
    assert build._privileged(mute, OpenSandbox(), {}) is None
    assert build._legal(mute) is None


def test_an_environment_s_candidates_are_what_is_legal() -> None:
    table: Any = Cards(kinds=KINDS, max_open=3)  # a frozen one; the protocol's names are plain attributes
    task = next(iter(table.tasks((), SimpleNamespace(split=None, limit=1, seed=7))))
    legal = build._legal(table)
    assert legal is not None
    assert asyncio.run(_awaited(legal(task.view(), ()))) == list(table.candidates(task.view(), ()))


def test_the_tools_of_an_environment_are_found_by_its_name(home: Path) -> None:
    tools = build.parts(home).tools
    assert tools is not None
    assert {schema.name for schema in tools("astgrep")} >= {"rewrite", "submit"}


def test_a_trace_says_what_made_it() -> None:
    made = build.provenance("local", "one")
    assert (made.tracewright, made.engine, made.rollout) == (tracewright.__version__, "local", "one")
    assert len(made.lock) == 64
    assert build.provenance("local") == made.model_copy(update={"rollout": ""})


def test_the_commit_is_that_of_a_checkout_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "src" / "tracewright"
    monkeypatch.setattr(tracewright, "__file__", str(package / "__init__.py"))
    assert build._commit.__wrapped__() == ""
    (tmp_path / ".git").mkdir()
    assert build._commit.__wrapped__() == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build._commit.__wrapped__() == ""
