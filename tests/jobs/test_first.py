"""The first process of a container tells by its exit code whether its worker died for want of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tracewright.jobs._worker import first
from tracewright.sandboxes._jail import process

LEAD = """
import os, sys, time
from pathlib import Path
from tracewright.jobs._worker import first
first.Counter.found = classmethod(lambda cls: cls(Path(sys.argv[1]), Path(sys.argv[1])))
first.lead()
if sys.argv[2] == 'dies': os.kill(os.getpid(), 9)
sys.stdin.read()
time.sleep(2)
"""


@pytest.mark.parametrize(
    ("kills", "fate", "code"), [(1, "dies", first.OUT_OF_MEMORY), (0, "dies", 0), (1, "lives until we hang up", 0)]
)
def test_only_a_worker_that_died_where_memory_ran_out_is_told(kills: int, fate: str, code: int, tmp_path: Path) -> None:
    counter = tmp_path / "memory.oom_control"
    counter.write_text(f"oom_kill_disable 0\nunder_oom 0\noom_kill {kills}\n")
    with subprocess.Popen([sys.executable, "-c", LEAD, counter, fate], stdin=subprocess.PIPE) as leader:
        assert leader.stdin is not None
        if fate != "dies":
            leader.stdin.close()
        assert leader.wait(timeout=20) == code


def test_both_ends_mean_the_same_by_the_code() -> None:
    assert first.OUT_OF_MEMORY == process.OUT_OF_MEMORY
