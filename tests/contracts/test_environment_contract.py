"""Every environment that the registry lists keeps the promises of the shipped suite and is proved in the jail."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tracewright import registry
from tracewright.environments._contract.suite import CHECKS, Check
from tracewright.errors import MissingPartError
from tracewright.pipeline import scaffold
from tracewright.pipeline.build import environment_of, grader_of
from tracewright.pipeline.check import check
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.recipe import EnvironmentPart, Recipe, TasksPart
from tracewright.records.task import Task

STARTER = str(Path(scaffold.__file__).with_name("units.py"))
ENVIRONMENTS = [*registry.names("environments"), STARTER]
TASKS = 8

each_environment = pytest.mark.parametrize("name", ENVIRONMENTS, ids=lambda name: Path(name).stem)


@cache
def _tasks(name: str, home: Path, seed: int = 7) -> Sequence[Task]:
    recipe = Recipe(environment=EnvironmentPart(name=name), tasks=TasksPart(limit=TASKS, seed=seed))
    try:
        return asyncio.run(make_tasks(recipe, home, Drops()))
    except MissingPartError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@each_environment
@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
def test_an_environment_keeps_its_promises(promise: Check, name: str, shared_home: Path) -> None:
    part = EnvironmentPart(name=name)
    tasks = _tasks(name, shared_home)
    promise(environment_of(part, shared_home), grader_of(part, shared_home), tasks)


@each_environment
def test_the_oracle_passes_and_doing_nothing_fails(name: str, shared_home: Path) -> None:
    _tasks(name, shared_home)  # skips where there is no jail
    report = asyncio.run(check(name, shared_home, TASKS, 7))
    assert report.tasks == TASKS
    assert [finding for finding in report.findings if not finding.passed] == []


@each_environment
def test_another_seed_gives_other_tasks(name: str, shared_home: Path) -> None:
    one, other = ({task.id for task in _tasks(name, shared_home, seed)} for seed in (7, 8))
    assert one != other


@each_environment
def test_the_same_seed_gives_the_same_tasks_under_any_order_of_hashes(name: str, shared_home: Path) -> None:
    wanted = [task.id for task in _tasks(name, shared_home)]
    command = [sys.executable, "-c", PRINT_IDS, name, str(shared_home), str(TASKS)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "4242"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == wanted


PRINT_IDS = """
import asyncio, sys
from pathlib import Path
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.recipe import EnvironmentPart, Recipe, TasksPart
name, home, limit = sys.argv[1:]
recipe = Recipe(environment=EnvironmentPart(name=name), tasks=TasksPart(limit=int(limit), seed=7))
print(*[task.id for task in asyncio.run(make_tasks(recipe, Path(home), Drops()))])
"""
