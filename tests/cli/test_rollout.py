"""`rollout`, `run`, `resume` and `recipes`: what they answer, what they refuse, and where they go on."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tests.stocked import EDITS, Stock
from tracewright.records.trace import Trace
from tracewright.rollouts.journal import Journal

CARDS = ("rollout", "--env", "cards", "--policy", "oracle", "--jobs", 1)
FIELDS = {"tasks", "traces", "verified", "failed", "pass_at", "by", "seconds", "steps_per_second"}
OURS = {"rollout", "dropped", "bounds"}
BROKEN_JAIL = '''"""A jail whose worker dies on every job."""

from tracewright.errors import SandboxError
from tracewright.records.base import Record
from tracewright.records.job import Isolation

Options = Record


class Broken:
    async def preflight(self):
        return Isolation(backend="broken", level="none")

    async def run(self, job):
        raise SandboxError("the worker died")

    async def close(self):
        return


def build(options, parts):
    return Broken()
'''


@pytest.mark.parametrize("leg", ["cards", "oracle", "search", "drawn"])
def test_the_answer_has_the_fields_that_are_documented(leg: str, stocked: Stock) -> None:
    report = stocked.reports[leg]
    assert set(report) == FIELDS | OURS
    assert set(report["by"]) == {"tier", "language", "kind"}
    assert report["verified"] <= report["tasks"] <= report["traces"]
    assert (report["failed"], report["seconds"] > 0, report["steps_per_second"] > 0) == (0, True, True)
    for slices in report["by"].values():
        assert all(set(tally) == {"tasks", "exact", "tree_equal", "verified", "memo"} for tally in slices.values())


def test_a_search_reports_each_tier_and_the_share_passed_within_k_attempts(stocked: Stock) -> None:
    report = stocked.reports["search"]
    assert list(report["pass_at"]) == ["1", "2", "4", "8"]
    assert {tier: tally["tasks"] for tier, tally in report["by"]["tier"].items()} == {
        "uniform": 36,
        "mixed": 12,
        "generic": 12,
    }


def test_people_see_a_table_and_programs_nothing_else_on_standard_output(jail: Path) -> None:
    ran = tracewright(*CARDS, "--limit", 3, "--split", "train", "--seed", 5, "--attempts", 2)
    assert ran.code == 0
    assert "3 of 3 tasks verified (pass@1 100.0%, pass@2 100.0%)" in ran.out
    assert "3 traces, 0 failed by infrastructure" in ran.out
    assert "tasks: 3 of 3" in ran.err


def test_settings_reach_every_part_of_the_recipe(jail: Path, home: Path) -> None:
    words = ("--set", "policy.stop_at_pass=false", "--set", "attempts=2", "--set", "store.name=jsonl")
    ran = tracewright(*CARDS, "--limit", 2, *words, "--json")
    assert (ran.code, ran.json["traces"]) == (0, 2)  # the oracle has nothing to try twice
    recipe = Journal(home, ran.json["rollout"]).load().recipe
    assert (recipe.policy.attempts, recipe.policy.stop_at_pass, recipe.store.name) == (2, False, "jsonl")
    listed = tracewright("traces", "list", "--store", "jsonl", "--json")
    assert len(listed.json["traces"]) == 2


def test_what_is_stopped_by_the_clock_is_resumed_by_its_recipe_alone(jail: Path) -> None:
    stopped = tracewright(*CARDS, "--limit", 6, "--max-seconds", 0, "--json")
    rollout = stopped.json["rollout"]
    assert (stopped.code, stopped.json["traces"]) == (0, 0)
    assert f"go on with: tracewright resume {rollout}" in stopped.err
    refused = tracewright("resume", rollout, "--recipe", "cards")
    assert (refused.code, refused.out) == (2, "")
    assert "made by another recipe" in refused.err
    assert tracewright("resume", rollout, "--max-seconds", 0.0001, "--json").json["traces"] == 0
    resumed = tracewright("resume", rollout, "--json")
    assert (resumed.code, resumed.json["rollout"], resumed.json["verified"]) == (0, rollout, 6)


def test_a_recipe_collects_and_builds_its_dataset(jail: Path, home: Path) -> None:
    Path("mine.toml").write_text(
        'environment = { name = "cards" }\ntasks = { split = "train" }\n'
        'dataset = { name = "hands" }\nrenderer = { name = "steps" }\n'
    )
    ran = tracewright("run", "mine.toml", "--set", "limit=1", "--set", "tasks.limit=3", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "tasks.limit or dataset.limit" in ran.err
    ran = tracewright("run", "mine.toml", "--set", "tasks.limit=3", "--json")
    assert (ran.code, set(ran.json)) == (0, FIELDS | OURS | {"dataset"})
    dataset = ran.json["dataset"]
    assert set(dataset) == {"key", "build_id", "sha256", "traces", "dropped", "out", "rows"}
    assert (dataset["key"], dataset["traces"]) == ("hands-v1", 3)
    assert len((home / "datasets" / "hands-v1" / "steps.jsonl").read_text().splitlines()) == dataset["rows"]
    told = tracewright("run", "mine.toml", "--set", "tasks.limit=3")
    assert told.code == 0
    assert "dataset hands-v1" in told.out


def test_a_shipped_recipe_is_run_by_its_name(jail: Path) -> None:
    ran = tracewright("run", "cards", "--set", "tasks.limit=2", "--max-seconds", 60, "--json")
    assert (ran.code, ran.json["verified"], ran.json["dataset"]) == (0, 2, None)


def test_shipped_recipes_are_listed_with_what_they_are_about() -> None:
    found = tracewright("recipes", "--json").json["recipes"]
    assert {"wheel", "search", "cards", "baseline"} <= {one["name"] for one in found}
    assert all(one["about"] for one in found)
    assert "wheel" in tracewright("recipes").out


def test_edits_come_through_standard_input_and_bad_lines_are_named(jail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EDITS.read_bytes().splitlines()[0]
    piped = io.TextIOWrapper(io.BytesIO(b'{"torn": \n' + first + b"\n\xff\n"))
    monkeypatch.setattr(sys, "stdin", piped)
    ran = tracewright("rollout", "--policy", "search", "--input", "-", "--attempts", 1, "--json")
    assert (ran.code, ran.json["tasks"], ran.json["dropped"]) == (0, 1, {"corrupt_line": 2})
    assert "stdin:1: not JSON" in ran.err
    assert "stdin:3: not UTF-8" in ran.err


def test_what_infrastructure_ends_is_exit_1_and_no_reward_ever(jail: Path, home: Path, stocked: Stock) -> None:
    Path("broken.py").write_text(BROKEN_JAIL)
    Path("tasks.jsonl").write_text("".join(task.to_json() + "\n" for task in stocked.goals("oracle").values()))
    settings = ("--set", "sandbox.name=./broken.py", "--set", "policy.max_retries=0")
    ran = tracewright("rollout", "--input", "tasks.jsonl", "--limit", 2, *settings, "--json")
    assert (ran.code, ran.json["failed"], ran.json["verified"]) == (1, 2, 0)
    assert ran.json["bounds"] == [0.0, 1.0]
    shown = [tracewright("traces", "show", line["trace"], "--json").json for line in _listed()]
    assert {(trace["status"], trace["grade"], trace["message"]) for trace in shown} == {
        ("unresolved", None, "the worker died")
    }
    assert "no grade the worker died" in tracewright("traces", "show", shown[0]["id"]).out
    assert tracewright("rejudge", "--json").json == {"traces": 2, "unknown": 0, "changed": []}
    assert tracewright("resume", ran.json["rollout"], "--json").code == 1


def _listed() -> list[dict[str, str]]:
    found: list[dict[str, str]] = tracewright("traces", "list", "--json").json["traces"]
    return found


def test_the_same_rollout_in_another_home_has_the_same_traces(jail: Path, tmp_path: Path) -> None:
    ids = []
    for home in (tmp_path / "one", tmp_path / "two"):
        home.mkdir()
        (home / "preflight").symlink_to(jail.parent / "home" / "preflight")
        assert tracewright(*CARDS, "--limit", 4, "--home", home).code == 0
        tracewright("traces", "export", home / "all.jsonl", "--home", home)
        lines = (home / "all.jsonl").read_text().splitlines()
        ids.append({Trace.model_validate(json.loads(line)["record"]).id for line in lines})
    assert ids[0] == ids[1]
    assert len(ids[0]) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rollout", "--polciy", "nop"), "--policy"),
        (("rollot",), "rollout"),
        (("rollout", "--env", "crads"), "did you mean 'cards'?"),
        (("rollout", "--policy", "orcale"), "did you mean 'oracle'?"),
        (("rollout", "--set", "attempts"), "wanted --set key=value"),
        (("rollout", "--set", "polcy.attempts=2"), "polcy"),
        (("rollout", "--set", "engine.wrokers=2"), "its options are: workers"),
        (("rollout", "--split", "tarin"), "train"),
        (("rollout", "--limit", "0"), "--limit"),
        (("rollout", "--env", "cards", "--input", str(EDITS)), "wanted tasks for environment cards, found none"),
        (("run", "wheeel"), "shipped are"),
        (("run", "absent.toml"), "wanted a recipe in TOML"),
        (("resume", "20200101-000000-00000000"), "there is no rollout"),
        (("resume", "../x"), "is no rollout id"),
    ],
)
def test_wrong_use_is_exit_2_with_a_hint_and_leaves_no_rollout(
    words: tuple[str, ...], told: str, jail: Path, home: Path
) -> None:
    ran = tracewright(*words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert not (home / "rollouts").exists()


def test_an_input_that_is_not_there_is_exit_1_with_a_sentence(jail: Path) -> None:
    ran = tracewright("rollout", "--input", "absent.jsonl", "--policy", "search")
    assert (ran.code, ran.out) == (1, "")
    assert "wanted JSON lines at absent.jsonl" in ran.err


def test_without_a_jail_nothing_is_played_and_the_exit_code_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = tracewright(*CARDS, "--limit", 1, "--json")
    assert (ran.code, ran.out) == (3, "")
    assert "no sandbox holds on this machine" in ran.err
