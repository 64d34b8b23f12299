"""Promises of the whole, kept through the command line: order does not count, replays tell, goals stay hidden."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import make_task
from tests.cli.command import tracewright
from tests.stocked import Stock, export
from tracewright import registry
from tracewright.environments.astgrep.environment import AstGrepEnvironment
from tracewright.pipeline.build import open_sandbox
from tracewright.records.action import Action
from tracewright.records.job import Outcome
from tracewright.records.recipe import SandboxPart
from tracewright.records.task import Goal, Task
from tracewright.records.trace import Trace
from tracewright.sandboxes import Sandbox

SAMPLE = 100
SECRET = "zq7v-not-for-anyone-zq7v"

Json = dict[str, Any]


def test_the_same_traces_in_two_orders_make_the_same_manifest(stocked: Stock, tmp_path: Path) -> None:
    export(stocked.home, tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text().splitlines(keepends=True)
    hashes = set()
    for seed, strategy in ((1, "random"), (2, "random"), (1, "latest"), (2, "latest")):
        home = tmp_path / f"{strategy}-{seed}"
        shuffled = random.Random(seed).sample(lines, len(lines))  # noqa: S311 -- a seeded order
        (tmp_path / "shuffled.jsonl").write_text("".join(shuffled))
        assert tracewright("traces", "import", tmp_path / "shuffled.jsonl", "--home", home).code == 0
        words = ("--strategy", strategy, "--limit", 30, "--dedupe", "near", "--home", home, "--json")
        ran = tracewright("dataset", "build", *words)
        assert (ran.code, ran.json["traces"]) == (0, 30)
        hashes.add((strategy, ran.json["sha256"]))
    assert len(hashes) == 2


def test_a_hundred_random_traces_are_replayed_as_they_were(stocked: Stock) -> None:
    ran = tracewright("replay", "--limit", SAMPLE, "--seed", 42, "--home", stocked.home, "--json")
    assert (ran.code, ran.json) == (0, {"traces": SAMPLE, "equal": SAMPLE, "drifted": []})


def rename_action(step: Json, rng: random.Random) -> None:
    old = (step["action"] or {}).get("name")
    names = [name for name in ("rewrite", "apply_rules", "submit", "undo", "fold", "predict") if name != old]
    step["action"] = {**(step["action"] or {}), "name": rng.choice(names)}


def change_argument(step: Json, rng: random.Random) -> None:
    action = step["action"] or {"name": "rewrite"}
    arguments = action.get("arguments", {})
    name = rng.choice([*sorted(arguments), "invented"])
    step["action"] = {**action, "arguments": {**arguments, name: f"{arguments.get(name, '')} "}}


def change_status(step: Json, rng: random.Random) -> None:
    statuses = ("ok", "no_match", "action_error", "nonzero", "timeout", "oom", "killed")
    step["outcome"]["status"] = rng.choice([one for one in statuses if one != step["outcome"]["status"]])


def change_fact(step: Json, rng: random.Random) -> None:
    result = step["outcome"].setdefault("result", {})
    name = rng.choice([*sorted(result), "invented"])
    result[name] = [result.get(name), "changed"]


def change_text(step: Json, rng: random.Random) -> None:
    files = step["outcome"].setdefault("files", {})
    path = rng.choice([*sorted(files), "invented.py"])
    files[path] = (files.get(path) or "") + "# changed\n"


def change_artifact(step: Json, rng: random.Random) -> None:
    artifact = {"sha256": f"{rng.getrandbits(256):064x}", "bytes": rng.randrange(1000)}
    step["outcome"].setdefault("artifacts", {})["report.xml"] = artifact


MUTATIONS: list[Callable[[Json, random.Random], None]] = [
    rename_action,
    change_argument,
    change_status,
    change_fact,
    change_text,
    change_artifact,
]


def test_of_a_hundred_traces_changed_in_one_step_each_is_told_at_that_step(stocked: Stock, tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311 -- a seeded draw
    chosen = rng.sample(sorted(export(stocked.home, tmp_path / "all.jsonl"), key=lambda one: str(one["id"])), SAMPLE)
    wanted, kinds = {}, Counter[str]()
    for trace in chosen:
        step, mutate = rng.choice(trace["steps"]), rng.choice(MUTATIONS)
        mutate(step, rng)
        kinds[mutate.__name__] += 1
        wanted[trace["id"]] = step["index"]
    (tmp_path / "changed.jsonl").write_text("".join(json.dumps(trace) + "\n" for trace in chosen))
    ran = tracewright("replay", "--input", tmp_path / "changed.jsonl", "--home", stocked.home, "--json")
    assert (ran.code, ran.json["traces"], ran.json["equal"]) == (1, SAMPLE, 0)
    assert {drift["trace"]: drift["step"] for drift in ran.json["drifted"]} == wanted
    assert len(kinds) == len(MUTATIONS)
    assert len(set(wanted.values())) > 2


def test_every_exact_success_of_the_search_is_the_goal_to_the_byte_when_its_actions_run_again(
    stocked: Stock, tmp_path: Path
) -> None:
    goals = stocked.goals("search")
    claimed = [
        trace
        for trace in stocked.traces(tmp_path)
        if trace.policy.name == "search" and trace.grade and trace.grade.check("exact")
    ]
    tallies = stocked.reports["search"]["by"]["tier"].values()
    assert len(claimed) == sum(tally["exact"] for tally in tallies) > 50

    async def work() -> list[dict[str, str]]:
        async with open_sandbox(SandboxPart(), stocked.home) as sandbox:
            return [await _files_after(trace, goals[trace.task.id], sandbox) for trace in claimed]

    for trace, files in zip(claimed, asyncio.run(work()), strict=True):
        goal = goals[trace.task.id]
        assert files == {**goal.files, **goal.goal.files}, trace.id


async def _files_after(trace: Trace, task: Task, sandbox: Sandbox) -> dict[str, str]:
    """Return the workspace after the trace's actions, each run anew on what the ones before it really left."""
    environment, files = AstGrepEnvironment(), dict(task.files)
    for step in trace.steps:
        assert step.action is not None
        view = task.view().model_copy(update={"files": files})
        job = environment.job(view, (), step.action)
        outcome = job if isinstance(job, Outcome) else await sandbox.run(job)
        for path, text in outcome.files.items():
            assert text is not None
            files[path] = text
    return files


@pytest.fixture(scope="module")
def secretive(proved_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a home with traces of tasks whose goals hold a secret everywhere, and all that was printed on the way."""
    home = tmp_path_factory.mktemp("secretive")
    (home / "preflight").symlink_to(proved_home / "preflight")
    tasks = [hidden(f"f{number}") for number in range(4)]
    (home / "tasks.jsonl").write_text("".join(task.to_json() + "\n" for task in tasks))
    printed = []
    for policy, store in (("oracle", "sql"), ("uniform", "sql"), ("nop", "sql"), ("oracle", "jsonl")):
        words = ("--input", home / "tasks.jsonl", "--policy", policy, "--set", f"store.name={store}", "--jobs", 1)
        ran = tracewright("rollout", *words, "--home", home, "--json")
        assert (ran.code, ran.json["verified"]) == (0, len(tasks) if policy == "oracle" else 0)
        printed += [ran.out, ran.err]
    (home / "tasks.jsonl").unlink()
    return home, "".join(printed)


def hidden(name: str) -> Task:
    pattern = {"pattern": "return 0", "rewrite": "return 1", "language": "python"}
    test = f"from a import {name}\n\n\ndef test_it():\n    assert {name}() == 1, '{SECRET}'\n"
    return make_task(
        f"Let `{name}` return one",
        files={"a.py": f"def {name}():\n    return 0\n"},
        goal=Goal(
            files={"a.py": f"def {name}():\n    return 1  # {SECRET}\n", f"{SECRET}.py": SECRET},
            tests={"test_a.py": test},
            actions=(Action(name="rewrite", arguments=pattern), Action(name="submit")),
            answer=SECRET,
            digests={SECRET: SECRET},
        ),
    )


def texts_in(home: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a home but the one that holds the goals, bodies of stored traces unpacked."""
    found = {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and (path.parent.parent.name, path.name) != ("rollouts", "tasks.jsonl")
    }
    with sqlite3.connect(home / "traces.db") as database:
        bodies = database.execute("select id, body from traces").fetchall()
    return found | {f"traces.db/{name}": zlib.decompress(body) for name, body in bodies}


def test_goals_are_stored_apart_from_all_else(secretive: tuple[Path, str]) -> None:
    home, printed = secretive
    apart = list(home.glob("rollouts/*/tasks.jsonl"))
    assert len(apart) == 4
    assert all(SECRET in path.read_text() for path in apart)
    texts = texts_in(home)
    assert sum(name.startswith("traces.db/") for name in texts) == 12
    assert any(b"Let `f0` return one" in text for name, text in texts.items() if name.startswith("traces.db/"))
    assert not [name for name, text in texts.items() if SECRET.encode() in text or SECRET in name]
    assert SECRET not in printed


@pytest.mark.parametrize("renderer", registry.names("renderers"))
def test_no_format_prints_a_goal(renderer: str, secretive: tuple[Path, str], tmp_path: Path) -> None:
    home, _ = secretive
    built = tracewright("dataset", "build", "--name", renderer, "--home", home, "--json")
    assert built.code == 0, built.err
    words = ("--renderer", renderer, "--home", home)
    ran = [
        tracewright("traces", "export", tmp_path / "traces.jsonl", *words),
        tracewright("traces", "export", tmp_path / "traces.csv", "--format", "csv", *words),
        tracewright("dataset", "export", built.json["key"], tmp_path / "dataset.jsonl", *words),
    ]
    assert [one.code for one in ran] == [0, 0, 0]
    written = "".join(path.read_text() for path in tmp_path.glob("*.*")) + "".join(one.out + one.err for one in ran)
    assert "return one" in written
    assert SECRET not in written
    assert not [name for name, text in texts_in(home).items() if SECRET.encode() in text]


def test_showing_and_checking_prints_no_goal(secretive: tuple[Path, str]) -> None:
    home, _ = secretive
    listed = tracewright("traces", "list", "--home", home, "--json").json["traces"]
    shown = [
        tracewright("traces", "show", line["trace"], "--home", home, *words)
        for line in listed[:3]
        for words in ((), ("--json",))
    ]
    again = [tracewright(noun, "--home", home) for noun in ("replay", "rejudge")]
    memory = tracewright("state", "dump", listed[0]["task"], "--home", home)
    assert [one.code for one in (*again, memory)] == [0, 0, 0]
    assert SECRET not in "".join(one.out + one.err for one in (*shown, *again, memory))
