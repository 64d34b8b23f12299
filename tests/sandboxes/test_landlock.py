"""What holds for Landlock alone: where it refuses to start, how it is proven, and what a dead controller leaves."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.sandboxes.jails import gone_within, lacks, outcome_of, program, proven_home, survivors, within
from tracewright.errors import MissingPartError
from tracewright.records.job import MIB, Isolation, Limits, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes import Sandbox, landlock
from tracewright.sandboxes._jail import cgroups, kernel, seccomp
from tracewright.sandboxes._jail.ground import PREFIX, Place, sweep
from tracewright.sandboxes.landlock import Options, build

CONTROLLER = """
import asyncio, sys
from pathlib import Path
from tracewright.records.job import Job
from tracewright.registry import Parts
from tracewright.sandboxes.landlock import Options, build
async def main():
    sandbox = build(Options(outer_limits_accepted=True), Parts(home=Path(sys.argv[1])))
    code = '''
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99) # MARK"], start_new_session=True)
os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(99) # MARK"])'''.replace("MARK", sys.argv[2])
    await sandbox.run(Job(kind="python", isolation="oneshot", request={"code": code}))
asyncio.run(main())
"""


def _preflight(home: Path, **options: bool) -> Isolation:
    return asyncio.run(build(Options.model_validate(options), Parts(home=home)).preflight())


def _needs_landlock() -> None:
    lacks("landlock", "nothing")  # skips where it cannot be had


def test_a_kernel_without_the_sixth_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "landlock_version", lambda: 5)

    with pytest.raises(MissingPartError, match=r"needs version 6 of Landlock, found 5; run Linux 6\.12"):
        _preflight(tmp_path, outer_limits_accepted=True)


@pytest.mark.parametrize(
    ("bounded", "told"), [(frozenset(), "memory and pids"), (frozenset({"pids"}), "bounds memory;")]
)
def test_without_limits_around_it_nothing_is_run(
    bounded: frozenset[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "landlock_version", lambda: 6)
    monkeypatch.setattr(cgroups, "outer_limits", lambda: bounded)

    with pytest.raises(MissingPartError, match=told):
        _preflight(tmp_path)


def test_limits_that_are_seen_need_not_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_landlock()
    monkeypatch.setattr(cgroups, "outer_limits", lambda: frozenset({"memory", "pids"}))

    assert _preflight(tmp_path).level == "process"


def test_a_right_too_many_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_landlock()
    rights = landlock._rights

    def generous(place: Place) -> dict[str, list[str]]:
        given = rights(place)
        return {**given, "read": [*given["read"], "/"]}

    monkeypatch.setattr(landlock, "_rights", generous)

    with pytest.raises(MissingPartError, match=r"does not hold.*secret_file: could read .*nothing was run"):
        _preflight(tmp_path, outer_limits_accepted=True)


def test_a_filter_that_allows_everything_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_landlock()
    everything = seccomp._step(seccomp.RETURN, seccomp.ALLOW)
    monkeypatch.setattr(seccomp, "program", lambda namespaces: everything)

    with pytest.raises(MissingPartError, match="local_sockets: reached the local socket"):
        _preflight(tmp_path, outer_limits_accepted=True)


def test_without_control_groups_memory_is_bounded_per_process_and_daemons_still_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)
    marker = secrets.token_hex(8)
    code = f"""
import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99) # {marker}'], start_new_session=True)
try: bytearray(2 << 30)
except MemoryError: print('refused')
"""
    outcome = outcome_of("landlock", program(code))

    assert (outcome.status, outcome.stdout) == ("ok", "refused\n")
    assert outcome.observed.isolation is not None
    assert (outcome.observed.isolation.memory, outcome.observed.isolation.processes) == ("per_process", "per_user")
    assert gone_within(0.25, marker)


def test_without_control_groups_no_job_fails_for_the_processes_of_its_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)
    code = """
import os, time
children = []
for _ in range(15):
    child = os.fork()
    if child == 0:
        time.sleep(0.2)
        os._exit(0)
    children.append(child)
print(sum(os.waitpid(child, 0)[1] == 0 for child in children))
"""
    jobs = [program(code, limits=Limits(wall_seconds=60, memory_bytes=256 * MIB, processes=16)) for _ in range(64)]

    async def work(sandbox: Sandbox) -> list[Outcome]:
        return list(await asyncio.gather(*map(sandbox.run, jobs)))

    assert [outcome.stdout for outcome in within("landlock", work)] == ["15\n"] * 64


def test_a_killed_controller_leaves_no_process_after_a_second_and_its_folder_goes_with_the_next() -> None:
    _needs_landlock()
    marker = secrets.token_hex(8)
    controller = subprocess.Popen([sys.executable, "-c", CONTROLLER, str(proven_home()), marker])
    deadline = time.monotonic() + 20
    # The controller itself carries the marker; the program in the jail and its daemon are two more.
    while len(survivors(marker)) < 3:
        assert time.monotonic() < deadline, "the jailed program did not start"
        time.sleep(0.05)
    controller.kill()
    controller.wait()

    assert gone_within(1.0, marker)
    left = list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{controller.pid}-*"))
    sweep(65532)
    assert left
    assert not [path for path in left if path.exists()]


def test_a_daemon_that_kills_all_it_can_reach_is_ended_by_the_guard_that_it_cannot() -> None:
    marker = secrets.token_hex(8)
    code = f"""
import subprocess, sys, time
killer = 'import os, time; os.kill(-1, 9); time.sleep(99) # {marker}'
subprocess.Popen([sys.executable, '-c', killer], start_new_session=True)
time.sleep(5)
"""

    assert outcome_of("landlock", program(code)).code == "jail_killed"
    assert gone_within(0.25, marker)
