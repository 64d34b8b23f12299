"""Landlock where it belongs: in a container that has no rights, and whose own limits are all that bounds it."""

from __future__ import annotations

import json
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.sandboxes import contained, daemons
from tracewright.records.job import MIB
from tracewright.sandboxes._jail.layout import package
from tracewright.sandboxes.docker import Options

LIBRARIES = "/usr/local/lib/python3.11/dist-packages"
"""Where the Python of the image looks for what was installed beside it."""

ULIMITS = {"nproc": 4096, "nofile": 1024}
REACHED = {"secret", "folder", "truncate", "environ", "port", "datagram", "named", "abstract", "signal", "written"}
"""What a program in such a container reaches without another jail."""


@pytest.fixture(params=daemons.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def _told(engine: str) -> dict[str, Any]:
    """Run the controller once in a hardened container of an engine, and return what it printed."""
    if sysconfig.get_python_version() != "3.11":
        pytest.skip(f"{engine}: the image has Python 3.11, and the libraries here are for another")
    api = docker.APIClient(base_url=daemons.address(engine), version="auto", timeout=120)
    try:
        made = str(api.create_container_from_config(_request())["Id"])  # type: ignore[no-untyped-call]  # its stubs leave it out
        api.start(made)
        status = api.wait(made, timeout=60)["StatusCode"]
        printed = [api.logs(made, stdout=out, stderr=not out).decode() for out in (True, False)]
        api.remove_container(made, force=True)
    finally:
        api.close()
    assert status == 0, printed
    told: dict[str, Any] = json.loads(printed[0])
    return told


def _request() -> dict[str, Any]:
    """As docs/sandbox.md says that such a container is started."""
    shown = {
        package(): "/opt/tracewright/tracewright",
        Path(sysconfig.get_path("purelib")): LIBRARIES,
        Path(contained.__file__): "/opt/contained.py",
    }
    return {
        "Image": Options().image,
        "Entrypoint": [],
        "Cmd": ["python3", "-B", "/opt/contained.py"],
        "Env": ["PYTHONPATH=/opt/tracewright", "SECRET=of-the-controller"],
        "User": "65532:65532",
        "WorkingDir": "/",
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 1024 * MIB,
            "MemorySwap": 1024 * MIB,
            "PidsLimit": 256,
            "Tmpfs": {"/tmp": f"rw,exec,mode=1777,size={64 * MIB}"},
            "Ulimits": [{"Name": name, "Soft": most, "Hard": most} for name, most in ULIMITS.items()],
            "Binds": [f"{source}:{target}:ro" for source, target in shown.items()],
        },
    }


def test_its_proof_passes_and_it_sees_the_limits_around_it(engine: str) -> None:
    isolation = _told(engine)["isolation"]

    assert (isolation["backend"], isolation["level"], isolation["network"]) == ("landlock", "process", "none")
    assert (isolation["memory"], isolation["processes"]) == ("per_process", "per_user")


def test_jailed_code_gets_hold_of_nothing_in_the_container(engine: str) -> None:
    assert set(_told(engine)["free"]) >= REACHED
    assert _told(engine)["escapes"] == ["ok", "", ""]


def test_a_daemon_ends_with_its_job_though_there_is_no_namespace(engine: str) -> None:
    assert (_told(engine)["daemon"][0], _told(engine)["left"]) == ("ok", [])


def test_memory_beyond_a_limit_is_refused(engine: str) -> None:
    status, _, complaint = _told(engine)["hog"]

    assert status == "oom" or "MemoryError" in complaint
