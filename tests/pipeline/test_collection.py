"""A rollout can be interrupted anywhere, by Ctrl-C or `kill -9`, and goes on without redoing or losing anything."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.jail import needs_jail
from tracewright.errors import UsageError
from tracewright.pipeline.again import all_traces
from tracewright.pipeline.build import store_of
from tracewright.pipeline.collection import begin, load, run
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.recipe import EnvironmentPart, PolicyPart, Recipe, StorePart, TasksPart
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Journal
from tracewright.stores import Query

pytestmark = needs_jail

TASKS = 40
ATTEMPTS = 20
"""On each of 64 tasks: so many that a rollout can be stopped on its way, on a fast machine too."""


def cards(**policy: object) -> Recipe:
    return Recipe(
        environment=EnvironmentPart(name="cards"),
        tasks=TasksPart(limit=TASKS, seed=3),
        policy=PolicyPart.model_validate({"name": "oracle", **policy}),
    )


def collected(recipe: Recipe, home: Path) -> list[Trace]:
    async def work() -> list[Trace]:
        tasks = await make_tasks(recipe, home, Drops())
        await run(begin(recipe, home, tasks, Drops()), home, lambda done, total: None)
        return await stored(home)

    return asyncio.run(work())


async def stored(home: Path) -> list[Trace]:
    return [trace async for trace in all_traces(store_of(StorePart(), home), Query())]


def start_cli(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tracewright.cli.main", "rollout", "--env", "cards", "--policy", "uniform"]
    return subprocess.Popen(
        [*command, "--attempts", str(ATTEMPTS), "--limit", "64", "--set", "stop_at_pass=false"],
        env={**os.environ, "TRACEWRIGHT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_steps(home: Path) -> str:
    """Return the rollout's id once some steps are on disk."""
    for _ in range(600):
        written = list(
            (home / "rollouts").glob("*/????????????????????????????????????????????????????????????????.jsonl")
        )
        if written:
            return written[0].parent.name
        time.sleep(0.05)
    raise AssertionError("no step was written in 30 s")


def resumed(home: Path, rollout: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tracewright.cli.main", "resume", rollout, "--json"]
    environment = {**os.environ, "TRACEWRIGHT_HOME": str(home)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def test_the_same_recipe_gives_the_same_traces(tmp_path: Path) -> None:
    one, two = collected(cards(), tmp_path / "one"), collected(cards(), tmp_path / "two")
    assert sorted(trace.id for trace in one) == sorted(trace.id for trace in two)
    assert len(one) == TASKS
    assert all(trace.passed for trace in one)


def test_goals_are_not_stored_with_the_traces(home: Path) -> None:
    for trace in collected(cards(), home):
        assert "goal" not in json.loads(trace.to_json())["task"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_rollout_goes_on_where_it_stopped(home: Path, how: signal.Signals) -> None:
    process = start_cli(home)
    rollout = wait_for_steps(home)
    time.sleep(0.5)
    process.send_signal(how)
    _, told = process.communicate(timeout=30)
    if how == signal.SIGINT:
        assert process.returncode == 130, told
        assert f"tracewright resume {rollout}" in told
    before = {path.name: path.read_bytes() for path in Journal(home, rollout).folder.glob("*.jsonl")}
    report = resumed(home, rollout)
    assert (report["tasks"], report["traces"], report["failed"]) == (64, 64 * ATTEMPTS, 0)
    traces = asyncio.run(stored(home))
    assert len({(trace.task.id, trace.attempt) for trace in traces}) == len(traces) == 64 * ATTEMPTS
    # What was on disk was not played again: the old lines still stand where they stood (a torn last one aside).
    for name, old in before.items():
        whole = old[: old.rfind(b"\n") + 1]
        assert (Journal(home, rollout).folder / name).read_bytes().startswith(whole), name


def test_a_finished_rollout_that_is_resumed_plays_nothing(home: Path) -> None:
    collected(cards(), home)
    rollout = next((home / "rollouts").iterdir()).name
    before = sorted((path.name, path.stat().st_size) for path in Journal(home, rollout).folder.glob("*.jsonl"))
    resumed(home, rollout)
    assert sorted((path.name, path.stat().st_size) for path in Journal(home, rollout).folder.glob("*.jsonl")) == before


def test_a_changed_recipe_or_task_list_is_refused(home: Path) -> None:
    collected(cards(), home)
    rollout = next((home / "rollouts").iterdir()).name
    with pytest.raises(UsageError, match="another recipe"):
        load(home, rollout, cards().changed({"tasks.seed": 4}))
    tasks = Journal(home, rollout).folder / "tasks.jsonl"
    tasks.write_text("".join(tasks.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UsageError, match=r"tasks of rollout .* were changed"):
        load(home, rollout)


def test_an_oracle_without_gold_actions_is_refused_before_anything_runs(home: Path, tmp_path: Path) -> None:
    row = {
        "instruction": "rename",
        "pre": "def old():\n    pass\n",
        "post": "def new():\n    pass\n",
        "language": "python",
    }
    (tmp_path / "edits.jsonl").write_text(json.dumps(row) + "\n")
    part = TasksPart.model_validate({"source": "edits", "path": str(tmp_path / "edits.jsonl")})
    recipe = Recipe(tasks=part)
    tasks = asyncio.run(make_tasks(recipe, home, Drops()))
    with pytest.raises(UsageError, match="use search"):
        begin(recipe, home, tasks, Drops())
