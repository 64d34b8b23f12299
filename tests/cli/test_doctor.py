"""`doctor`: what holds here, and the fix for what does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import tracewright
from tracewright.cli import doctor
from tracewright.registry import EXTRAS

ROW = {"name", "ok", "reason", "fix"}


def test_the_answer_has_the_fields_that_are_documented(jail: Path) -> None:
    ran = tracewright("doctor", "--json")
    assert (ran.code, set(ran.json)) == (0, {"sandboxes", "extras", "stores"})
    assert all(set(row) == ROW for part in ran.json.values() for row in part)
    assert next(row for row in ran.json["sandboxes"] if row["name"] == "bubblewrap")["ok"]
    assert [row["name"] for row in ran.json["extras"]] == sorted(set(EXTRAS.values()))
    assert [(row["name"], row["ok"]) for row in ran.json["stores"]] == [("sql", True)]


def test_people_see_a_table_of_each(jail: Path) -> None:
    ran = tracewright("doctor")
    assert ran.code == 0
    assert all(name in ran.out for name in ("bubblewrap", "postgres", "0 traces in"))


def test_without_a_jail_it_is_exit_3_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = tracewright("doctor", "--json")
    row = next(row for row in ran.json["sandboxes"] if row["name"] == "bubblewrap")
    assert (ran.code, row["ok"]) == (3, False)
    assert "bubblewrap" in row["fix"] or "bwrap" in row["fix"]


def test_an_extra_that_is_missing_is_named_with_its_fix(jail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> Any:
        return None if name == "pyspiel" else importlib.util.find_spec(name)

    monkeypatch.setattr(doctor, "find_spec", find_spec)
    row = next(row for row in tracewright("doctor", "--json").json["extras"] if row["name"] == "games")
    assert row == {
        "name": "games",
        "ok": False,
        "reason": "pyspiel is not installed",
        "fix": "pip install 'tracewright[games]'",
    }


def test_a_store_that_cannot_be_opened_is_told(jail: Path, home: Path) -> None:
    (home / "traces.db").write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    [row] = tracewright("doctor", "--json").json["stores"]
    assert (row["name"], row["ok"]) == ("sql", False)
    assert "traces.db" in row["reason"]
