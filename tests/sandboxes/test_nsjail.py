"""nsjail's command line and policy, and that it is refused where it is not installed."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import pytest

from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError
from tracewright.records.job import MIB, Limits
from tracewright.registry import Parts
from tracewright.sandboxes._jail.layout import Layout, Mount
from tracewright.sandboxes._jail.pool import Cell
from tracewright.sandboxes._jail.seccomp import MACHINES, policy
from tracewright.sandboxes.nsjail import FILES, SCRATCH_BYTES, Launcher, Options, build

VENV = Mount(Path("/srv/venv"), "/opt/venv")
LAYOUT = Layout((VENV,), ("/usr/bin/python3", "-c", "serve"), (("LANG", "C.UTF-8"),))


def _command(user: int | None, limits: Limits) -> list[str]:
    launcher = Launcher(Path("/usr/bin/nsjail"), LAYOUT, policy("x86_64"), None, Blobs(Path("blobs")), user)
    return launcher.command(Cell(limits), LAYOUT.mounts, "/proc/self/fd/9")


def test_a_missing_binary_is_named_and_nothing_is_run(tmp_path: Path) -> None:
    sandbox = build(Options(binary="no-such-nsjail"), Parts(home=tmp_path))

    with pytest.raises(MissingPartError, match=r"needs no-such-nsjail, which is not on PATH; Debian has no package"):
        asyncio.run(sandbox.preflight())
    assert not list(tmp_path.iterdir())


def test_the_jailer_dies_with_its_starter_and_runs_the_worker_last() -> None:
    command = _command(None, Limits())

    assert command[:6] == ["setpriv", "--pdeathsig", "KILL", "--", "/usr/bin/nsjail", "-Mo"]
    assert command[-6:] == ["--seccomp_policy", "/proc/self/fd/9", "--", *LAYOUT.command]


def test_only_what_is_named_is_seen_and_only_folders_in_memory_are_writable() -> None:
    command = _command(None, Limits(file_bytes=256 * MIB))
    pairs = list(pairwise(command))

    assert ("-R", "/srv/venv:/opt/venv") in pairs
    assert ("-E", "LANG=C.UTF-8") in pairs
    assert ("-m", f"none:/ws:tmpfs:size={256 * MIB},mode=1777,nr_inodes={FILES}") in pairs
    assert ("-m", f"none:/tmp:tmpfs:size={SCRATCH_BYTES},mode=1777,nr_inodes={FILES}") in pairs
    assert not {"-B", "-e", "--keep_env", "--keep_caps", "-N", "--disable_clone_newnet"} & set(command)


def test_nobody_runs_inside_with_limits_of_the_job() -> None:
    command = _command(None, Limits(file_bytes=10 * MIB))
    pairs = list(pairwise(command))

    assert {("--user", "65534"), ("--group", "65534"), ("--rlimit_core", "0"), ("--rlimit_nofile", "256")} <= {*pairs}
    assert ("--rlimit_fsize", "11") in pairs


def test_root_becomes_somebody_else_before_the_jailer_starts() -> None:
    command = _command(65532, Limits())

    assert command[0] == "unshare"
    assert command.index("--reuid=65532") < command.index("/usr/bin/nsjail")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_policy_refuses_the_same_calls_as_the_filter(machine: str) -> None:
    refused, absent, families = re.findall(r"ERRNO\((?:1|38|97)\) \{(.*?)\n  \}", policy(machine), re.DOTALL)

    numbers = {int(number) for number in re.findall(r"SYSCALL\[(\d+)\]", refused)}
    assert numbers == set(MACHINES[machine].refused.values())
    assert {int(number) for number in re.findall(r"SYSCALL\[(\d+)\]", absent)} == {425, 426, 427, 435}
    assert "clone(flags) { (flags & 2114060288) != 0 }" in refused
    assert "socket(domain) { domain != 1 && domain != 2 && domain != 10 }" in families
    assert policy(machine).endswith("USE tracewright DEFAULT ALLOW\n")
