"""What hostile texts print: no control character of theirs reaches the terminal."""

from __future__ import annotations

from pathlib import Path

from tests.builders import make_step, make_trace
from tests.cli.command import tracewright
from tracewright.records.job import Outcome

EVIL = "\x1b]0;owned\x07"


def test_a_trace_cannot_drive_the_terminal(tmp_path: Path) -> None:
    step = make_step(outcome=Outcome(status="ok", code=EVIL))
    path = tmp_path / "evil.jsonl"
    path.write_text(make_trace(steps=(step,), policy=EVIL).to_json() + "\n")
    home = ("--home", tmp_path / "home")
    assert tracewright("traces", "import", path, *home).code == 0
    listed = tracewright("traces", "list", *home)
    shown = tracewright("traces", "show", make_trace(steps=(step,), policy=EVIL).id, *home)
    assert (listed.code, shown.code) == (0, 0)
    assert "owned" in shown.out
    assert "\x1b" not in listed.out + shown.out


def test_an_error_cannot_drive_the_terminal(tmp_path: Path) -> None:
    answer = tracewright("traces", "import", tmp_path / EVIL)
    assert answer.code == 1
    assert "owned" in answer.err
    assert "\x1b" not in answer.err
