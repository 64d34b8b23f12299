"""`replay` and `rejudge`: what agrees, what drifted, what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import tracewright
from tests.stocked import Stock, copy_of, export

DRIFT = {"trace", "step", "what"}


def test_all_stored_traces_agree(stocked: Stock) -> None:
    ran = tracewright("replay", "--home", stocked.home, "--json")
    count = sum(report["traces"] for report in stocked.reports.values())
    assert (ran.code, ran.json) == (0, {"traces": count, "equal": count, "drifted": []})


def test_traces_are_drawn_by_seed_or_named(stocked: Stock, tmp_path: Path) -> None:
    ids = sorted(record["id"] for record in export(stocked.home, tmp_path / "all.jsonl"))
    drawn = tracewright("replay", "--limit", 4, "--seed", 3, "--home", stocked.home)
    assert (drawn.code, drawn.out) == (0, "4 of 4 traces came out the same\n")
    named = tracewright("replay", ids[0], ids[1][:12], "--store", "sql", "--home", stocked.home, "--json")
    assert named.json == {"traces": 2, "equal": 2, "drifted": []}


def test_a_drift_is_exit_1_and_told_by_trace_step_and_part(stocked: Stock, tmp_path: Path) -> None:
    records = export(stocked.home, tmp_path / "all.jsonl")[:3]
    records[1]["steps"][0]["outcome"]["status"] = "killed"
    write(tmp_path / "some.jsonl", records)
    ran = tracewright("replay", "--input", tmp_path / "some.jsonl", "--home", stocked.home, "--json")
    assert (ran.code, ran.json["traces"], ran.json["equal"]) == (1, 3, 2)
    [drift] = ran.json["drifted"]
    assert drift == {"trace": records[1]["id"], "step": 0, "what": "outcome.status differs"}
    shown = tracewright("replay", "--input", tmp_path / "some.jsonl", "--home", stocked.home)
    assert shown.code == 1
    assert "outcome.status differs" in shown.out
    assert "2 of 3 traces came out the same" in shown.out


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_lines_that_are_no_traces_are_named_and_the_rest_is_replayed(stocked: Stock, tmp_path: Path) -> None:
    write(tmp_path / "some.jsonl", export(stocked.home, tmp_path / "all.jsonl")[:2])
    (tmp_path / "some.jsonl").write_text("{\n" + (tmp_path / "some.jsonl").read_text())
    ran = tracewright("replay", "--input", tmp_path / "some.jsonl", "--home", stocked.home, "--json")
    assert (ran.code, ran.json) == (1, {"traces": 2, "equal": 2, "drifted": []})
    assert f"{tmp_path / 'some.jsonl'}:1 is no JSON" in ran.err


def test_a_trace_of_an_environment_that_nobody_knows_loads_nothing(stocked: Stock, tmp_path: Path) -> None:
    record = export(stocked.home, tmp_path / "all.jsonl")[0]
    (tmp_path / "evil.py").write_text("raise SystemExit('loaded')\n")
    write(tmp_path / "one.jsonl", [{**record, "environment": str(tmp_path / "evil.py")}])
    ran = tracewright("replay", "--input", tmp_path / "one.jsonl", "--home", stocked.home)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no environment" in ran.err
    assert "loaded" not in ran.err


def test_today_s_judge_and_grader_agree_with_what_is_stored(stocked: Stock) -> None:
    count = sum(report["traces"] for report in stocked.reports.values())
    ran = tracewright("rejudge", "--home", stocked.home, "--json")
    assert (ran.code, ran.json) == (0, {"traces": count, "unknown": 0, "changed": []})
    rollout = stocked.reports["oracle"]["rollout"]
    told = tracewright("rejudge", "--rollout", rollout, "--home", stocked.home)
    assert told.out == "12 traces: 0 changed, 0 without a goal at hand\n"


def test_traces_from_elsewhere_are_graded_by_the_goals_of_a_file(stocked: Stock, jail: Path) -> None:
    export(stocked.home, Path("all.jsonl"))
    tracewright("traces", "import", "all.jsonl")
    count = sum(report["traces"] for report in stocked.reports.values())
    assert tracewright("rejudge", "--json").json == {"traces": count, "unknown": count, "changed": []}
    tasks = [*stocked.goals("oracle").values(), *stocked.goals("cards").values()]
    Path("tasks.jsonl").write_text("\n{\n" + "".join(task.to_json() + "\n" for task in tasks))
    ran = tracewright("rejudge", "--tasks", "tasks.jsonl", "--store", "sql", "--json")
    unknown = sum(stocked.reports[leg]["traces"] for leg in ("search", "drawn"))
    assert (ran.code, ran.json) == (1, {"traces": count, "unknown": unknown, "changed": []})
    assert "tasks.jsonl:2 is not a task" in ran.err


def test_a_changed_goal_regrades_and_keeps_both_where_it_is_asked_to(stocked: Stock, tmp_path: Path) -> None:
    home = copy_of(stocked, tmp_path / "copy")
    trace = next(t for t in stocked.traces(tmp_path) if t.policy.name == "oracle" and t.passed)
    task = stocked.goals("oracle")[trace.task.id]
    forged = task.model_copy(update={"goal": task.goal.model_copy(update={"files": {}})})
    # Only the goal of a task of that very id is taken, so a goal cannot be slipped under a trace.
    (tmp_path / "tasks.jsonl").write_text(forged.model_dump_json() + "\n")
    ran = tracewright("rejudge", "--tasks", tmp_path / "tasks.jsonl", "--home", home, "--json")
    assert (ran.code, ran.json["changed"]) == (1, [])
    assert "does not fit its content" in ran.err


def test_a_trace_with_an_older_verdict_is_judged_anew_and_kept_beside_the_old_one(
    stocked: Stock, tmp_path: Path
) -> None:
    home = copy_of(stocked, tmp_path / "copy")
    trace = next(t for t in stocked.traces(tmp_path) if t.policy.name == "oracle")
    verdict = trace.steps[0].verdict.model_copy(update={"judge": "astgrep-judge-0"})
    steps = (trace.steps[0].model_copy(update={"verdict": verdict}).sealed(), *trace.steps[1:])
    old = trace.model_copy(update={"steps": steps})
    old = old.model_copy(update={"id": old.content_id()})
    (tmp_path / "old.jsonl").write_text(old.to_json() + "\n")
    tracewright("traces", "import", tmp_path / "old.jsonl", "--home", home)
    shown = tracewright("rejudge", "--home", home)
    assert shown.code == 0
    assert "verdict of step 0" in shown.out
    [change] = tracewright("rejudge", "--write", "--home", home, "--json").json["changed"]
    assert (change["trace"], change["what"]) == (old.id, "verdict of step 0")
    kept = tracewright("traces", "show", change["now"], "--home", home, "--json").json
    assert kept["parent"] == old.id
    assert tracewright("traces", "show", old.id, "--home", home).code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("replay",), 2, "there are no traces to replay"),
        (("replay", "0" * 64), 2, "there is no trace"),
        (("replay", "--input", "absent.jsonl"), 1, "wanted traces as JSON lines at absent.jsonl"),
        (("replay", "--limt", "3"), 2, "--limit"),
        (("rejudge", "--tasks", "absent.jsonl"), 1, "wanted tasks as JSON lines at absent.jsonl"),
        (("rejudge", "--rolout", "x"), 2, "--rollout"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], code: int, told: str, jail: Path) -> None:
    ran = tracewright(*words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
