"""No jail at all: never by accident, never silently, and still no process left behind."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.sandboxes.jails import claim, gone_within, outcome_of, program
from tracewright.errors import UsageError
from tracewright.jobs._worker.probe import PROBES
from tracewright.registry import Parts
from tracewright.sandboxes._jail import cgroups
from tracewright.sandboxes.none import Options, build


def test_it_is_not_built_unless_it_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="say --accept-no-jail"):
        build(Options(), Parts(home=tmp_path))


def test_it_claims_to_hold_nothing_that_a_probe_tries() -> None:
    isolation = claim("none")

    assert (isolation.level, isolation.network) == ("none", "host")
    # That the work folder can be written is a wall in the right place, not one that holds something back.
    assert set(PROBES) - {"workspace"} <= set(isolation.lacks)


def test_what_a_job_leaves_running_is_ended_without_control_groups_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)
    marker = secrets.token_hex(8)
    code = f"""
import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99) # {marker}'], start_new_session=True)
"""

    assert outcome_of("none", program(code)).status == "ok"
    assert gone_within(0.25, marker)
