"""`traces`: look, compare, convert, delete, and sweep up after."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tests.cli.command import tracewright
from tests.stocked import Stock, copy_of
from tracewright.blobs import Blobs

LINE = {"trace", "task", "environment", "policy", "steps", "reward", "status", "instruction"}


def listed(home: Path, *words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tracewright("traces", "list", "--home", home, "--limit", 1000, *words, "--json").json[
        "traces"
    ]
    return found


def test_the_list_is_filtered_by_each_option(stocked: Stock) -> None:
    every = listed(stocked.home)
    assert len(every) == sum(report["traces"] for report in stocked.reports.values())
    assert all(set(line) == LINE for line in every)
    by_env = {env: len(listed(stocked.home, "--env", env)) for env in ("cards", "astgrep", "games")}
    assert by_env["cards"] == stocked.reports["cards"]["traces"]
    assert by_env["cards"] + by_env["astgrep"] == len(every)
    assert by_env["games"] == 0
    assert len(listed(stocked.home, "--policy", "search")) == stocked.reports["search"]["traces"]
    assert len(listed(stocked.home, "--rollout", stocked.reports["drawn"]["rollout"])) == 12
    passed, failed = listed(stocked.home, "--passed"), listed(stocked.home, "--not-passed")
    assert len(passed) + len(failed) == len(every)
    assert all(line["reward"] > 0 for line in passed)


def test_pages_follow_each_other_without_gap_or_repetition(stocked: Stock) -> None:
    cursor, seen = "", []
    while True:
        page = tracewright("traces", "list", "--home", stocked.home, "--limit", 40, "--cursor", cursor, "--json").json
        seen += [line["trace"] for line in page["traces"]]
        if not (cursor := page["cursor"]):
            break
    assert seen == [line["trace"] for line in listed(stocked.home)]


def test_people_see_whole_ids_and_how_to_go_on(stocked: Stock) -> None:
    ran = tracewright("traces", "list", "--home", stocked.home, "--limit", 2)
    assert all(line["trace"] in ran.out for line in listed(stocked.home)[:2])
    assert "more: --cursor" in ran.err


def test_a_trace_is_shown_by_a_beginning_of_its_id(stocked: Stock) -> None:
    line = listed(stocked.home, "--policy", "search")[0]
    trace = tracewright("traces", "show", line["trace"], "--home", stocked.home, "--json").json
    assert trace["id"].startswith(line["trace"])
    assert "goal" not in trace["task"]
    told = tracewright("traces", "show", trace["id"], "--home", stocked.home).out
    assert f"trace {trace['id']}" in told
    assert "search 1 (privileged), completed" in told
    assert "step 0: " in told
    assert "\n+" in told
    assert "passed, reward 1" in told


def test_a_difference_is_exit_1_and_sameness_0(stocked: Stock) -> None:
    one, two = (line["trace"] for line in listed(stocked.home, "--policy", "search")[:2])
    same = tracewright("traces", "diff", one, one, "--home", stocked.home)
    assert (same.code, same.out) == (0, "no difference\n")
    found = tracewright("traces", "diff", one, two, "--home", stocked.home, "--json")
    assert (found.code, found.json["differences"][0]["where"]) == (1, "task")
    shown = tracewright("traces", "diff", one, two, "--home", stocked.home)
    assert shown.code == 1
    assert "step 0 action" in shown.out


def test_a_trace_with_more_steps_differs_in_each_of_them(stocked: Stock) -> None:
    lines = listed(stocked.home, "--policy", "uniform", "--env", "astgrep")
    longest, shortest = (pick(lines, key=lambda line: line["steps"])["trace"] for pick in (max, min))
    found = tracewright("traces", "diff", longest, shortest, "--home", stocked.home, "--json").json["differences"]
    assert {"step 7 action", "step 7 verdict"} <= {one["where"] for one in found}
    assert next(one for one in found if one["where"] == "step 7 action")["right"] == ""


def test_exports_of_every_kind_of_file_hold_the_same_rows(stocked: Stock, tmp_path: Path) -> None:
    kinds = ("jsonl", "csv", "parquet")
    words = ("--env", "cards", "--passed", "--renderer", "steps", "--home", stocked.home, "--json")
    answers = [tracewright("traces", "export", tmp_path / kind, "--format", kind, *words).json for kind in kinds]
    rows = [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()]
    assert answers == [
        {"out": str(tmp_path / kind), "rows": len(rows), "format": kind, "renderer": "steps"} for kind in kinds
    ]
    with (tmp_path / "csv").open(newline="") as file:
        assert [row["trace"] for row in csv.DictReader(file)] == [row["trace"] for row in rows]
    table: Any = pyarrow.parquet
    assert table.read_table(tmp_path / "parquet").column("trace").to_pylist() == [row["trace"] for row in rows]


def test_an_export_is_filtered_by_each_option(stocked: Stock, tmp_path: Path) -> None:
    rollout = stocked.reports["drawn"]["rollout"]
    words = ("--policy", "uniform", "--rollout", rollout, "--not-passed", "--home", stocked.home)
    assert tracewright("traces", "export", tmp_path / "rows.jsonl", *words).code == 0
    rows = [json.loads(line)["record"] for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    wanted = listed(stocked.home, "--rollout", rollout, "--not-passed")
    assert {row["id"][:12] for row in rows} == {line["trace"] for line in wanted}


def test_an_import_takes_in_what_holds_and_names_what_does_not(stocked: Stock, tmp_path: Path, home: Path) -> None:
    out = tmp_path / "all.jsonl"
    tracewright("traces", "export", out, "--home", stocked.home)
    lines = out.read_text().splitlines()
    forged = json.loads(lines[0])
    forged["record"]["status"] = "truncated"
    adopted = json.loads(lines[0])
    adopted["record"]["provenance"]["commit"] = "of somebody else"
    huge = json.loads(lines[1])
    huge["record"]["seed"] = 2**60 + 1
    faulty = [
        "{",
        "[" * 100_000,
        json.dumps({"record": {"id": "x"}}),
        json.dumps(forged),
        json.dumps(huge),
        "7",
        json.dumps(adopted),
    ]
    out.write_text("\n".join([*lines[:3], "", *faulty, *lines[3:]]) + "\n")
    ran = tracewright("traces", "import", out, "--json")
    assert (ran.code, set(ran.json)) == (1, {"added", "known", "faults"})
    assert (ran.json["added"], ran.json["known"], len(ran.json["faults"])) == (len(lines), 0, len(faulty))
    for number, why in (
        (5, "no JSON"),
        (6, "no JSON"),
        (7, "no trace"),
        (8, "was changed"),
        (9, "no id"),
        (10, "no tr"),
        (11, "sha256 does not fit"),
    ):
        assert any(f"{out}:{number}" in fault and why in fault for fault in ran.json["faults"]), number
        assert f"left out: {out}:{number}" in ran.err
    again = tracewright("traces", "import", out)
    assert again.out == f"0 traces added, {len(lines)} known, {len(faulty)} left out\n"
    assert listed(home)[-1]["trace"] == json.loads(lines[0])["record"]["id"][:12]


def test_a_stored_line_is_taken_in_as_well_as_an_exported_one(stocked: Stock, tmp_path: Path) -> None:
    trace = stocked.traces(tmp_path)[0]
    (tmp_path / "one.jsonl").write_text(trace.to_json() + "\n")
    ran = tracewright("traces", "import", tmp_path / "one.jsonl", "--store", "jsonl", "--json")
    assert (ran.code, ran.json["added"]) == (0, 1)
    shown = tracewright("traces", "show", trace.id, "--store", "jsonl", "--json")
    assert shown.json["id"] == trace.id


def test_what_is_deleted_is_not_taken_in_again(stocked: Stock, tmp_path: Path) -> None:
    traces = stocked.traces(tmp_path)[:2]
    (tmp_path / "two.jsonl").write_text("".join(trace.to_json() + "\n" for trace in traces))
    tracewright("traces", "import", tmp_path / "two.jsonl")
    assert tracewright("traces", "delete", traces[0].id[:10], "--json").json == {"deleted": traces[0].id}
    assert tracewright("traces", "delete", traces[1].id).out == f"deleted {traces[1].id}\n"
    assert tracewright("traces", "import", tmp_path / "two.jsonl", "--json").json["added"] == 0
    assert tracewright("traces", "list", "--json").json["traces"] == []


def test_the_sweep_spares_what_is_young(stocked: Stock, tmp_path: Path) -> None:
    home = copy_of(stocked, tmp_path / "copy")
    blobs = Blobs(home / "blobs")
    young, old = (blobs.put(data).sha256 for data in (b"young", b"old"))
    os.utime(blobs.path(old), (0, 0))
    ran = tracewright("traces", "gc", "--home", home, "--json")
    assert (ran.code, ran.json) == (0, {"removed": 1, "bytes": 3, "kept": 1})
    assert blobs.get(young) == b"young"
    swept = tracewright("traces", "gc", "--older-than", 0, "--home", home)
    assert swept.out == "1 blobs removed (5 bytes), 0 kept\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("list", "--polcy", "search"), "--policy"),
        (("list", "--cursor", "elsewhere"), "cursor"),
        (("list", "--store", "slq"), "did you mean 'sql'?"),
        (("list", "--limit", "0"), "--limit"),
        (("shwo", "0" * 64), "show"),
        (("show", "0" * 64), "there is no trace"),
        (("show", "abc"), "there is no trace"),
        (("delete", "0" * 64), "there is no trace"),
        (("export", "rows", "--renderer", "mesages"), "did you mean 'messages'?"),
        (("export", "rows", "--format", "xml"), "jsonl"),
        (("gc", "--older-than", "-1"), "--older-than"),
    ],
)
def test_wrong_use_is_exit_2_with_a_hint(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = tracewright("traces", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert not Path("rows").exists()


def test_a_file_that_is_not_there_is_exit_1(tmp_path: Path) -> None:
    ran = tracewright("traces", "import", tmp_path / "absent.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert "wanted traces as JSON lines" in ran.err
