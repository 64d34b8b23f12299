"""`dataset`: built by request, listed, shown, compared and rendered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ran, tracewright
from tests.stocked import Stock, copy_of

FIELDS = {"key", "build_id", "sha256", "traces", "dropped"}


@pytest.fixture
def played(stocked: Stock, tmp_path: Path) -> Path:
    """Return a home with traces that a test may build datasets in."""
    return copy_of(stocked, tmp_path / "played")


def built(home: Path, *words: object) -> Ran:
    return tracewright("dataset", "build", "--home", home, *words, "--json")


def manifest(home: Path, key: str) -> Any:
    return tracewright("dataset", "show", key, "--home", home, "--json").json


def test_the_answer_has_the_fields_that_are_documented_and_comes_out_again(played: Path) -> None:
    first = built(played, "--name", "all")
    assert (first.code, set(first.json)) == (0, FIELDS)
    assert first.json["key"] == "all-v1"
    assert first.json["dropped"]["not_passed"] > 0
    assert built(played, "--name", "all").json == first.json
    other = built(played, "--name", "all", "--version", "v2", "--seed", 1)
    assert (other.json["traces"], other.json["key"]) == (first.json["traces"], "all-v2")
    assert other.json["sha256"] != first.json["sha256"]


def test_every_option_stands_in_the_request(played: Path) -> None:
    words: tuple[object, ...] = (
        "--name",
        "few",
        "--limit",
        5,
        "--strategy",
        "stratified",
        "--seed",
        3,
        "--env",
        "astgrep",
    )
    words = (*words, "--split", "train", "--split", "test", "--split", "dev", "--dedupe", "near", "--max-tokens", 4000)
    words = (*words, "--licence", "MIT", "--licence", "Apache-2.0", "--tokenizer", "characters/4", "--policy", "search")
    ran = built(played, *words, "--set", "best_of_group=1", "--set", "filters.min_reward=0.5", "--set", "kind=srl")
    assert (ran.code, ran.json["traces"]) == (0, 5)
    request = manifest(played, "few-v1")["request"]
    assert (request["limit"], request["strategy"], request["seed"]) == (5, "stratified", 3)
    assert (request["splits"], request["licences"]) == (["dev", "test", "train"], ["Apache-2.0", "MIT"])
    assert (request["dedupe"], request["max_tokens"], request["best_of_group"]) == ("near", 4000, 1)
    assert (request["kind"], request["tokenizer"]) == ("srl", "characters/4")
    filters = request["filters"]
    assert (filters["environment"], filters["policy"], filters["min_reward"]) == ("astgrep", "search", 0.5)


def test_one_rollout_alone_can_be_taken(played: Path, stocked: Stock) -> None:
    rollout = stocked.reports["cards"]["rollout"]
    ran = built(played, "--rollout", rollout, "--split", "train", "--split", "dev", "--split", "test")
    assert 0 < ran.json["traces"] <= stocked.reports["cards"]["verified"]


def test_people_see_what_was_left_out_and_under_which_licences(played: Path) -> None:
    ran = tracewright("dataset", "build", "--home", played, "--name", "seen")
    assert ran.code == 0
    assert "dataset seen-v1: " in ran.out
    assert "not_passed" in ran.out
    assert "Apache-2.0" in ran.out


def test_datasets_are_listed_shown_and_compared(played: Path) -> None:
    answers = [built(played, "--name", name, *words).json for name, words in (("a", ()), ("b", ("--limit", 4)))]
    assert tracewright("dataset", "list", "--home", played, "--json").json == {"datasets": answers}
    assert "a-v1" in tracewright("dataset", "list", "--home", played).out
    assert "a-v1" in tracewright("dataset", "show", "a-v1", "--home", played).out
    same = tracewright("dataset", "diff", "a-v1", "a-v1", "--home", played)
    assert (same.code, same.out) == (0, "0 traces added, 0 removed, 0 changed\n")
    found = tracewright("dataset", "diff", "a-v1", "b-v1", "--home", played, "--json")
    assert (found.code, len(found.json["removed"])) == (1, answers[0]["traces"] - 4)
    shown = tracewright("dataset", "diff", "a-v1", "b-v1", "--home", played)
    assert shown.code == 1
    assert "limit" in shown.out


@pytest.mark.parametrize("renderer", ["edits", "messages", "prompt_completion", "steps", "trace", "training_example"])
def test_every_format_names_itself_its_trace_and_its_licence(renderer: str, played: Path, tmp_path: Path) -> None:
    built(played, "--env", "astgrep")
    out = tmp_path / "rows.jsonl"
    words = ("--renderer", renderer, "--home", played, "--json")
    answer = tracewright("dataset", "export", "dataset-v1", out, *words).json
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert set(answer) == {"out", "rows", "format", "renderer", "sha256"}
    assert answer["rows"] == len(rows) > 0
    assert {row["format"] for row in rows} == {renderer}
    order = [ref["id"] for ref in manifest(played, "dataset-v1")["traces"]]
    seen = list(dict.fromkeys(row["trace"] for row in rows))
    assert seen == [trace for trace in order if trace in set(seen)]
    assert all(row["licence"] for row in rows)


def test_tables_are_written_too(played: Path, tmp_path: Path) -> None:
    built(played)
    for form in ("csv", "parquet"):
        words = ("--format", form, "--renderer", "tunix_sft", "--home", played, "--store", "sql")
        ran = tracewright("dataset", "export", "dataset-v1", tmp_path / form, *words)
        assert ran.code == 0
        assert f"rows in {tmp_path / form}" in ran.out
    assert (tmp_path / "parquet").read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("build", "--env", "games"), 1, "no trace passes"),
        (("build", "--licence", "ZPL-2.1"), 1, "licence"),
        (("build", "--version", "v-1"), 2, "'version'"),
        (("build", "--set", "best_of_gruop=1"), 2, "best_of_gruop"),
        (("build", "--set", "filters.langauge=python"), 2, "filters.langauge"),
        (("build", "--strategy", "newest"), 2, "latest"),
        (("build", "--tokenizer", "absent.json"), 2, "absent.json"),
        (("build", "--lmit", "3"), 2, "--limit"),
        (("bulid",), 2, "build"),
        (("show", "absent-v1"), 2, "absent-v1"),
        (("show", "../absent-v1"), 2, "absent-v1"),
        (("export", "absent-v1", "rows"), 2, "absent-v1"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    words: tuple[str, ...], code: int, told: str, stocked: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = tracewright("dataset", *words, *(("--home", stocked.home) if len(words) > 1 else ()))
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert not (stocked.home / "datasets").exists()
    assert not Path("rows").exists()


def test_a_taken_key_is_refused(played: Path) -> None:
    built(played)
    ran = built(played, "--limit", 3)
    assert (ran.code, ran.out) == (1, "")
    assert "dataset-v1" in ran.err
    assert len(manifest(played, "dataset-v1")["traces"]) > 3
