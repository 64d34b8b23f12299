"""Kept queries on the command line: shown, verified, replayed, compared, sent and taken in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.capsules import FIRST, kept, refused
from tests.cli.command import tracewright
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.making import Asked, ask
from tracewright.records.capsule import Capsule


def answered(
    home: Path, sql: str = "select priority, count(*) as tickets from tickets group by 1 order by 1"
) -> Capsule:
    return asyncio.run(ask(home, Asked(data="support", sql=sql, question="tickets by priority?", ordered=True))).capsule


def test_capsules_are_listed_by_data_and_outcome(home: Path) -> None:
    capsule = kept(home, question="how many?")
    shelf.keep(home, refused(), {}, FIRST)
    found = tracewright("capsule", "list", "--json").json["capsules"]
    assert {one["id"] for one in found} == {capsule.id, refused().id}
    assert tracewright("capsule", "list", "--status", "ok", "--json").json["capsules"] == [
        {"id": capsule.id, "data": "shop", "outcome": "ok", "rows": "2", "asked": "how many?"}
    ]
    assert tracewright("capsule", "list", "--data", "other", "--json").json == {"capsules": []}
    by_code = tracewright("capsule", "list", "--code", "TABLE_DENIED", "--json").json["capsules"]
    assert [one["id"] for one in by_code] == [refused().id]
    day = FIRST.at[:10]
    assert len(tracewright("capsule", "list", "--since", day, "--json").json["capsules"]) == 2
    assert tracewright("capsule", "list", "--since", "9999-12-31", "--json").json == {"capsules": []}
    assert capsule.id[:12] in tracewright("capsule", "list").out


def test_a_capsule_is_shown_with_its_rows(home: Path) -> None:
    capsule = kept(home, question="how \x1b[2Jmany?")
    ran = tracewright("capsule", "show", capsule.id[:10])
    assert ran.code == 0
    assert "question: how �[2Jmany?" in ran.out
    assert "20" in ran.out
    assert tracewright("capsule", "show", capsule.id, "--json").json["request"]["sql"] == "SELECT 1"


def test_a_refusal_is_shown_with_its_code(home: Path) -> None:
    shelf.keep(home, refused(), {}, FIRST)
    shown = tracewright("capsule", "show", refused().id).out
    assert "rejected TABLE_DENIED There is no table 'secrets' here." in shown
    assert "policy: refused" in shown


@pytest.mark.parametrize("verb", ["show", "verify", "replay", "export"])
def test_an_id_that_is_none_is_wrong_use(home: Path, verb: str) -> None:
    ran = tracewright("capsule", verb, "abc")
    assert (ran.code, ran.out) == (2, "")
    assert "none begins with 'abc'" in ran.err


def test_a_changed_file_is_named_without_a_jail(home: Path) -> None:
    capsule = kept(home)
    assert (
        "holds (its result was not read); unsigned" in tracewright("capsule", "verify", capsule.id, "--files-only").out
    )
    (shelf.folder(home, capsule.id) / "result.parquet").write_bytes(b"PAR1")
    ran = tracewright("capsule", "verify", capsule.id, "--files-only", "--json")
    assert (ran.code, [fault["file"] for fault in ran.json["faults"]]) == (1, ["result.parquet"])
    assert "result.parquet" in tracewright("capsule", "verify", capsule.id, "--files-only").out


@pytest.mark.parametrize("since", ["2026-13-45", "yesterday"])
def test_a_day_that_is_none_is_refused(home: Path, since: str) -> None:
    ran = tracewright("capsule", "list", "--since", since)
    assert (ran.code, ran.out) == (2, "")
    assert f"wanted --since as a day such as 2026-01-31, found {since!r}" in ran.err


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_what_was_changed_is_not_shown(home: Path, words: tuple[str, ...]) -> None:
    capsule = kept(home)
    (shelf.folder(home, capsule.id) / "preview.json").write_text("{")
    ran = tracewright("capsule", "show", capsule.id, *words)
    assert (ran.code, ran.out) == (1, "")
    assert "preview.json" in ran.err
    assert "was changed since it was kept" in ran.err


def test_a_query_is_verified_replayed_and_compared(jail: Path, home: Path) -> None:
    one = answered(home)
    other = answered(home, "select priority, count(*) + 1 as tickets from tickets group by 1 order by 1")
    assert tracewright("capsule", "verify", one.id).out == f"{one.id} holds; unsigned\n"
    assert tracewright("capsule", "verify", one.id, "--json").json["contents"]
    assert tracewright("capsule", "replay", one.id, "--exact").out == "identical\n"
    assert tracewright("capsule", "replay", one.id, "--json").json == {
        "id": one.id,
        "answer": "identical",
        "detail": "",
        "capsule": "",
    }
    ran = tracewright("capsule", "diff", one.id, other.id)
    assert ran.code == 1
    assert "0 rows only left, 0 only right, 4 changed" in ran.out
    assert tracewright("capsule", "diff", one.id, other.id, "--json").json["rows"]["changed"] == 4
    assert tracewright("capsule", "diff", one.id, one.id).out == "no difference\n"


def test_a_capsule_of_other_data_is_drift_and_exit_1(jail: Path, home: Path) -> None:
    capsule = kept(home)
    ran = tracewright("capsule", "replay", capsule.id)
    assert ran.code == 1
    assert ran.out.startswith("drift:data there is no set 'shop'")


def test_a_capsule_is_sent_and_taken_in_elsewhere(jail: Path, home: Path, proved_home: Path) -> None:
    capsule = answered(home)
    ran = tracewright("capsule", "export", capsule.id, "--json")
    assert ran.json["id"] == capsule.id
    assert Path(ran.json["out"]).stat().st_size == ran.json["bytes"]
    assert capsule.id in tracewright("capsule", "export", capsule.id, "--out", "same.zip").out
    assert Path("same.zip").read_bytes() == Path(ran.json["out"]).read_bytes()
    there = jail / "there"
    there.mkdir()
    (there / "preflight").symlink_to(proved_home / "preflight")
    taken = tracewright("capsule", "import", "same.zip", "--home", there, "--json").json
    assert (taken["id"], taken["new"]) == (capsule.id, True)
    assert tracewright("capsule", "import", "same.zip", "--home", there).out == f"{capsule.id} was here already\n"
    assert tracewright("capsule", "replay", capsule.id, "--home", there, "--exact").code == 0


def test_a_capsule_sent_without_its_question_is_another(jail: Path, home: Path) -> None:
    capsule = kept(home, question="what does Ada owe?")
    ran = tracewright("capsule", "export", capsule.id, "--out", "bare.zip", "--without-question", "--json")
    assert ran.json["id"] != capsule.id
    assert b"Ada" not in Path("bare.zip").read_bytes()


def test_a_file_that_is_no_capsule_is_refused(jail: Path) -> None:
    Path("x.zip").write_text(json.dumps({}))
    ran = tracewright("capsule", "import", "x.zip")
    assert ran.code == 1
    assert "no archive that `tracewright capsule export` wrote" in ran.err
