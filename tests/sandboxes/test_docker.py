"""What holds for containers alone: what an engine is asked for, whose container it is, where the sandbox refuses."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandboxes import daemons
from tests.sandboxes.jails import gone_within, marked, outcome_of, program, proven_home, survivors, within
from tracewright import registry
from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import MIB, Limits, Outcome
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes import docker as docker_sandbox
from tracewright.sandboxes._docker import owner
from tracewright.sandboxes._docker.daemon import Daemon
from tracewright.sandboxes._docker.request import Plan
from tracewright.sandboxes._docker.stream import HEAD, STDERR, STDOUT, Multiplexed
from tracewright.sandboxes._jail import images
from tracewright.sandboxes._jail.pool import Cell

CONTROLLER = """
import asyncio, sys
from pathlib import Path
from tracewright.records.job import Job
from tracewright.registry import Parts
from tracewright.sandboxes.docker import Options, build
async def main():
    sandbox = build(Options(address=sys.argv[2]), Parts(home=Path(sys.argv[1])))
    await sandbox.run(Job(kind="python", isolation="oneshot", request={"code": sys.argv[3]}))
asyncio.run(main())
"""
LIMITS = Limits(memory_bytes=256 * MIB, processes=32, cpu_cores=1, file_bytes=128 * MIB)


@pytest.fixture(params=daemons.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _request(tmp_path: Path, cell: Cell = Cell(LIMITS), **plan: Any) -> dict[str, Any]:  # noqa: B008  # frozen
    return Plan(image="sha256:0", seccomp="{}", **plan).container(cell, Blobs(tmp_path), {"whose": "ours"})


def _preflight(home: Path, **options: object) -> object:
    sandbox = registry.build("sandboxes", "docker", options, registry.Parts(home=home))

    async def main() -> object:
        try:
            return await sandbox.preflight()
        finally:
            await sandbox.close()

    return asyncio.run(main())


def test_a_container_is_asked_for_with_every_wall(tmp_path: Path) -> None:
    request = _request(tmp_path)
    host = request["HostConfig"]
    wanted = {"NetworkMode": "none", "ReadonlyRootfs": True, "Privileged": False, "CapDrop": ["ALL"]}

    assert {key: host[key] for key in wanted} == wanted
    assert host["SecurityOpt"] == ["no-new-privileges", "seccomp={}"]
    assert (request["User"], request["StdinOnce"], request["Tty"]) == ("65532:65532", True, False)
    assert request["Labels"] == {"whose": "ours"}


def test_a_container_is_bounded_as_its_job_is(tmp_path: Path) -> None:
    host = _request(tmp_path)["HostConfig"]

    assert host["Memory"] == host["MemorySwap"] == LIMITS.memory_bytes
    assert (host["PidsLimit"], host["NanoCpus"], host["ShmSize"]) == (40, 10**9, 64 * MIB)
    assert set(host["Tmpfs"]) == {"/ws", "/tmp"}
    assert f"size={LIMITS.file_bytes}" in host["Tmpfs"]["/ws"]
    assert "nr_inodes=65536" in host["Tmpfs"]["/tmp"]


def test_nothing_of_this_machine_is_shown_writable(tmp_path: Path) -> None:
    blob = Blobs(tmp_path).put(b"x")
    binds = _request(tmp_path, Cell(LIMITS, (("a.csv", blob.sha256),)))["HostConfig"]["Binds"]

    assert [bind.split(":")[1:] for bind in binds] == [["/opt/tracewright/tracewright", "ro"], ["/in/a.csv", "ro"]]


def test_an_input_that_is_no_blob_or_has_an_unfit_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="not among the blobs"):
        _request(tmp_path, Cell(LIMITS, (("a", "0" * 64),)))
    with pytest.raises(UsageError, match="an input's name"):
        _request(tmp_path, Cell(LIMITS, (("../a", "0" * 64),)))


def test_where_the_engine_cannot_bound_a_tree_the_worker_bounds_each_process() -> None:
    bounded = Plan("", "").opening(Cell(LIMITS))["limits"]
    unbounded = Plan("", "", bounds_memory=False, bounds_processes=False).opening(Cell(LIMITS))["limits"]

    assert (bounded["AS"], bounded["NPROC"]) == (None, None)
    assert (unbounded["AS"], unbounded["NPROC"]) == (LIMITS.memory_bytes, 40)


@given(st.lists(st.tuples(st.sampled_from((STDOUT, STDERR)), st.binary(max_size=50)), max_size=20))
def test_stdout_comes_out_of_the_stream_whole_however_it_was_cut(parts: list[tuple[int, bytes]]) -> None:
    wanted = b"".join(part for pipe, part in parts if pipe == STDOUT)

    async def main() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(HEAD.pack(pipe, len(part)) + part for pipe, part in parts))
        reader.feed_eof()
        stream = Multiplexed(reader)
        found = await stream.readexactly(len(wanted))
        with pytest.raises(asyncio.IncompleteReadError):
            await stream.readexactly(1)
        return found

    assert asyncio.run(main()) == wanted


def test_an_engine_that_is_not_there_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"cannot speak to unix://.*start the engine"):
        _preflight(tmp_path, address=f"unix://{tmp_path}/none")


def test_an_engine_of_another_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")

    with pytest.raises(MissingPartError, match="needs an engine on this machine"):
        _preflight(tmp_path)


def test_a_missing_image_is_told_with_the_script_that_makes_it(tmp_path: Path, engine: str) -> None:
    with pytest.raises(MissingPartError, match=r"needs the image no-such-image.*build-image\.sh"):
        _preflight(tmp_path, address=daemons.address(engine), image="no-such-image")


def test_an_image_with_other_libraries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    where = daemons.address(engine)
    monkeypatch.setattr(images, "version", lambda name: "0.0.1")

    with pytest.raises(MissingPartError, match=r"it has ast-grep-cli \S+ where we have 0\.0\.1.*build-image\.sh"):
        _preflight(tmp_path, address=where)


def test_a_filter_that_allows_everything_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    where = daemons.address(engine)
    monkeypatch.setattr(docker_sandbox, "profile", lambda: '{"defaultAction": "SCMP_ACT_ALLOW"}')

    with pytest.raises(MissingPartError, match="made a vsock socket"):
        _preflight(tmp_path, address=where)


def test_a_killed_controller_leaves_no_process_after_a_second_and_no_container_after_the_next_start(
    tmp_path: Path, engine: str
) -> None:
    where, marker = daemons.address(engine), secrets.token_hex(8)
    controller = _controller(where, marker)
    controller.kill()
    controller.wait()

    assert gone_within(1.0, marker)
    _preflight(proven_home(), address=where)
    assert str(controller.pid) not in [value.split("/")[-2] for value in _labelled(where).values()]


def test_closing_takes_every_container_away(engine: str) -> None:
    async def work(sandbox: Sandbox) -> list[Outcome]:
        return list(await asyncio.gather(*(sandbox.run(program("pass")) for _ in range(3))))

    within(engine, work)

    assert str(os.getpid()) not in [value.split("/")[-2] for value in _labelled(daemons.address(engine)).values()]


def test_a_runtime_with_a_kernel_of_its_own_is_proven_and_says_what_it_lacks() -> None:
    _needs_gvisor()
    kernel = outcome_of("docker", program("import os; print(os.uname().release)"), runtime="runsc")

    assert (kernel.status, kernel.stdout.strip() != os.uname().release) == ("ok", True)
    assert kernel.observed.isolation is not None
    assert kernel.observed.isolation.lacks == docker_sandbox.RUNTIME_LACKS


def test_a_runtime_that_the_engine_would_not_use_is_refused(tmp_path: Path, engine: str) -> None:
    told = {"docker": "has no runtime 'nonsense', only", "podman": "takes no runtime through its socket"}

    with pytest.raises(MissingPartError, match=told[engine]):
        _preflight(tmp_path, address=daemons.address(engine), runtime="nonsense")


def test_an_engine_that_dies_while_a_job_is_at_work_is_an_error_and_no_verdict(engine: str) -> None:
    own, marker = daemons.start(engine), secrets.token_hex(8)

    async def main() -> None:
        sandbox = registry.build("sandboxes", "docker", {"address": own.address}, registry.Parts(home=proven_home()))
        running = asyncio.create_task(sandbox.run(program(marked("import time; time.sleep(3)", marker))))
        while not await asyncio.to_thread(survivors, marker):
            await asyncio.sleep(0.05)
        daemons.kill(own)
        try:
            await running
        finally:
            await sandbox.close()

    with pytest.raises(SandboxError, match="did not answer"):
        asyncio.run(main())
    assert gone_within(5.0, marker)


def _needs_gvisor() -> None:
    if shutil.which("runsc") is None:
        pytest.skip("gvisor: needs runsc; run: apt-get install runsc")


def _labelled(where: str) -> dict[str, str]:
    daemon = Daemon(where)
    try:
        return asyncio.run(daemon.labelled(owner.LABEL))
    finally:
        daemon.close()


def _controller(where: str, marker: str) -> subprocess.Popen[bytes]:
    code = marked("import time; time.sleep(99)", marker)
    command = [sys.executable, "-c", CONTROLLER, str(proven_home()), where, code]
    controller = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 30
    # The controller itself carries the marker; the program in the container is the second.
    while len(survivors(marker)) < 2:
        assert time.monotonic() < deadline, "the program in the container did not start"
        time.sleep(0.05)
    return controller
