"""What holds for bubblewrap alone: where it refuses to start, how it is proven, and what its own death leaves."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandboxes.jails import gone_within, marked, program, proven_home, survivors, within
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Isolation, Job, Limits, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes import Sandbox, bubblewrap
from tracewright.sandboxes._jail import cgroups, owner, preflight, seccomp
from tracewright.sandboxes.bubblewrap import Options, build

CONTROLLER = """
import asyncio, sys
from pathlib import Path
from tracewright.records.job import Job
from tracewright.registry import Parts
from tracewright.sandboxes.bubblewrap import Options, build
async def main():
    sandbox = build(Options(), Parts(home=Path(sys.argv[1])))
    await sandbox.run(Job(kind="python", isolation="oneshot", request={"code": sys.argv[2]}))
asyncio.run(main())
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """Where tests run as root the jailer runs as somebody else, who cannot enter the folders that pytest gives."""
    with tempfile.TemporaryDirectory(prefix="tracewright-bwrap-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _preflight(home: Path, **options: str) -> Isolation:
    return asyncio.run(build(Options.model_validate(options), Parts(home=home)).preflight())


def test_a_missing_binary_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"needs no-such-bwrap.*apt-get install bubblewrap"):
        _preflight(tmp_path, binary="no-such-bwrap")


def test_a_process_that_has_a_share_of_the_machine_admits_no_more_than_it() -> None:
    async def work() -> None:
        sandbox = build(Options(), Parts(home=proven_home(), share=1e-3))
        try:
            await sandbox.run(Job(kind="python", isolation="oneshot", request={"code": "print(1)"}))
        finally:
            await sandbox.close()

    with pytest.raises(SandboxError, match="this machine admits"):
        asyncio.run(work())


@pytest.mark.parametrize(
    ("complaint", "fix"),
    [
        ("bwrap: No permissions to create new namespace", "unprivileged_userns_clone"),
        ("bwrap: setting up uid map: Permission denied", "AppArmor"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "AppArmor"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "unmasked"),
    ],
)
def test_a_jailer_that_is_forbidden_to_work_is_explained(
    complaint: str, fix: str, tmp_path: Path, public: Path
) -> None:
    binary = public / "bwrap"
    binary.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit\necho "{complaint}" >&2; exit 1'
    )
    binary.chmod(0o755)

    with pytest.raises(MissingPartError, match=fix):
        _preflight(tmp_path, binary=str(binary))


def test_a_missing_wall_is_found_by_name_and_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_bubblewrap()
    walls = bubblewrap._walls
    monkeypatch.setattr(bubblewrap, "_walls", lambda version: [w for w in walls(version) if w != "--unshare-net"])

    with pytest.raises(MissingPartError, match=r"does not hold.*network: .*nothing was run"):
        _preflight(tmp_path)
    assert not list(tmp_path.glob("preflight/*"))


def test_a_filter_that_allows_everything_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_bubblewrap()
    everything = seccomp._step(seccomp.RETURN, seccomp.ALLOW)
    monkeypatch.setattr(seccomp, "program", lambda: everything)

    with pytest.raises(MissingPartError, match="made a vsock socket"):
        _preflight(tmp_path)


def test_a_proof_is_kept_for_the_next_start_and_not_for_other_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _needs_bubblewrap()
    first = _preflight(tmp_path)
    monkeypatch.setattr(preflight, "_escaped", _must_not_run)

    assert _preflight(tmp_path) == first
    monkeypatch.setattr(bubblewrap, "SCRATCH_BYTES", 1 << 20)
    with pytest.raises(AssertionError, match="probed"):
        _preflight(tmp_path)


def test_a_preflight_takes_at_most_a_second_and_a_half(tmp_path: Path) -> None:
    _needs_bubblewrap()
    began = time.monotonic()
    _preflight(tmp_path)

    assert time.monotonic() - began <= 1.5


def test_without_control_groups_the_outcome_says_that_memory_is_bounded_per_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)
    balloon = "try: bytearray(2 << 30)\nexcept MemoryError: print('refused')"
    outcome = within("bubblewrap", lambda sandbox: sandbox.run(program(balloon)))

    assert outcome.stdout == "refused\n"
    assert outcome.observed.isolation is not None
    assert (outcome.observed.isolation.memory, outcome.observed.isolation.processes) == ("per_process", "per_user")


def test_a_killed_controller_leaves_no_process_after_a_second() -> None:
    _needs_bubblewrap()
    marker = secrets.token_hex(8)
    controller = _controller(marker)
    controller.kill()
    controller.wait()

    assert gone_within(1.0, marker)


def test_an_interrupted_controller_leaves_no_process() -> None:
    _needs_bubblewrap()
    marker = secrets.token_hex(8)
    controller = _controller(marker)
    os.killpg(controller.pid, signal.SIGINT)

    assert controller.wait(timeout=10) != 0
    assert gone_within(1.0, marker)


def test_a_jail_survives_the_end_of_a_thread_that_used_it() -> None:
    async def work(sandbox: Sandbox) -> Outcome:
        loop = asyncio.get_running_loop()

        def ask() -> None:
            asyncio.run_coroutine_threadsafe(sandbox.run(program("pass")), loop).result()

        thread = threading.Thread(target=ask)
        thread.start()
        await asyncio.to_thread(thread.join)
        return await sandbox.run(program("print('alive')"))

    assert within("bubblewrap", work).stdout == "alive\n"


def test_the_next_start_takes_away_the_groups_of_a_killed_controller() -> None:
    tree = cgroups.find()
    if tree is None:
        pytest.skip("control groups cannot be written here")
    gone = subprocess.Popen(["true"])
    gone.wait()
    name = f"{cgroups.NAME}-{gone.pid}-{owner.mark().split('-')[1]}-1-1"
    for folder in tree.folders:
        (folder / name).mkdir()
    cgroups.find()

    assert not [folder for folder in tree.folders if (folder / name).exists()]


def test_a_sandbox_leaves_no_group_and_no_process_when_it_is_closed() -> None:
    marker = secrets.token_hex(8)
    within("bubblewrap", lambda sandbox: sandbox.run(program(marked("pass", marker), limits=Limits(wall_seconds=20))))
    tree = cgroups.find()
    groups = (
        [group for folder in tree.folders for group in folder.glob(f"{cgroups.NAME}-{owner.mark()}-*")] if tree else []
    )

    assert (groups, survivors(marker)) == ([], [])


def _controller(marker: str) -> subprocess.Popen[bytes]:
    home = str(proven_home())
    code = marked("import time; time.sleep(99)", marker)
    controller = subprocess.Popen([sys.executable, "-c", CONTROLLER, home, code], start_new_session=True)
    deadline = time.monotonic() + 20
    # The controller itself carries the marker; the program in the jail is the second.
    while len(survivors(marker)) < 2:
        assert time.monotonic() < deadline, "the jailed program did not start"
        time.sleep(0.05)
    return controller


def _needs_bubblewrap() -> None:
    try:
        _preflight(proven_home())
    except MissingPartError as missing:
        pytest.skip(f"bubblewrap: {missing}")


async def _must_not_run(*_: object) -> dict[str, str]:
    raise AssertionError("probed again")


def test_what_runs_is_ended_before_what_reports_on_it_where_memory_runs_out() -> None:
    code = "import os; print(*[open(f'/proc/{pid}/oom_score_adj').read().strip() for pid in ('self', os.getppid())])"
    outcome = within("bubblewrap", lambda sandbox: sandbox.run(program(code)))
    job, worker = outcome.stdout.split()
    assert int(job) == 1000 > int(worker)
