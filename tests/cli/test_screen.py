"""What reaches the terminal: no control character of a hostile text, and no complaint when the reader hangs up."""

from __future__ import annotations

import os
import subprocess
import sys
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


def test_a_reader_that_heard_enough_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tracewright.cli.main", "schema"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
