"""`new env` writes an environment that works as it is: proved sound, played, replayed, and never over a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import tracewright

MOST_LINES = 60


def test_what_is_written_is_short_and_proved_sound(jail: Path) -> None:
    assert tracewright("new", "env", "units.py").code == 0
    assert len(Path("units.py").read_text().splitlines()) <= MOST_LINES
    ran = tracewright("tasks", "check", "./units.py", "--limit", 10, "--json")
    assert (ran.code, ran.json["passed"]) == (0, True)


def test_it_is_played_replayed_and_exported_by_its_file(jail: Path) -> None:
    tracewright("new", "env", "weather.py")
    rollout = ("rollout", "--env", "./weather.py", "--limit", 4, "--jobs", 1, "--json")
    assert tracewright(*rollout, "--policy", "oracle").json["verified"] == 4
    assert tracewright(*rollout, "--policy", "nop").json["verified"] == 0
    assert tracewright("replay", "--json").json["equal"] == 8
    exported = tracewright("traces", "export", "rows.jsonl", "--renderer", "messages")
    assert exported.code == 0, exported.err
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert {tool["function"]["name"] for row in rows for tool in row["tools"]} == {"answer"}


def test_it_is_named_after_its_file(jail: Path) -> None:
    tracewright("new", "env", "weather.py")
    tasks = tracewright("tasks", "./weather.py", "--limit", 2, "--json").json["tasks"]
    assert {task["environment"] for task in tasks} == {"weather"}


def test_the_split_is_fixed_by_the_amount(jail: Path) -> None:
    tracewright("new", "env", "units.py")
    tasks = tracewright("tasks", "./units.py", "--limit", 300, "--json").json["tasks"]
    sides: dict[str, set[str]] = {}
    for task in tasks:
        sides.setdefault(task["groups"]["amount"], set()).add(task["split"])
    assert {len(sides) for sides in sides.values()} == {1}
    assert {task["split"] for task in tasks} == {"train", "dev", "test"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mine.py", "is left as it is"),
        ("cards.py", "exists already"),
        ("Units.py", "wanted a Python file named in small letters"),
        ("units.txt", "wanted a Python file"),
        ("two words.py", "wanted a Python file"),
    ],
)
def test_nothing_is_overwritten_and_no_name_is_taken_twice(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("# my own\n")
    ran = tracewright("new", "env", name)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    assert Path("mine.py").read_text() == "# my own\n"


def test_a_trace_from_elsewhere_loads_no_file_by_its_name(jail: Path) -> None:
    Path("evil.py").write_text("open('ran', 'w').write('it ran')\n")
    tracewright("new", "env", "units.py")
    tracewright("rollout", "--env", "./units.py", "--limit", 1, "--jobs", 1)
    assert tracewright("traces", "export", "traces.jsonl").code == 0
    trace = json.loads(Path("traces.jsonl").read_text())["record"]
    Path("evil.jsonl").write_text(json.dumps({**trace, "environment": "./evil.py"}))
    ran = tracewright("replay", "--input", "evil.jsonl")
    assert ran.code == 2
    assert "there is no environment './evil.py'" in ran.err
    assert not Path("ran").exists()
