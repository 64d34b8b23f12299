"""Container engines for tests: started by hand, with a network of their own that has nothing in it, and ended by pid.

An ordinary run of the tests leaves them out, for they need root, Debian packages and some minutes: it says so.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import docker
import pytest

from tracewright.sandboxes.docker import Options

ROOT = Path(__file__).parents[2]
WISH = "TRACEWRIGHT_TEST_DAEMONS"
START_SECONDS = 60.0
PACKAGES = {"docker": ("dockerd", "docker.io"), "podman": ("podman", "podman")}
ENGINES = tuple(PACKAGES)
"""Both are spoken to by the sandbox `docker`."""

TRIAL = {"NetworkMode": "none", "Ulimits": [{"Name": name, "Soft": 1024, "Hard": 1024} for name in ("nofile", "nproc")]}
KEPT_IMAGES = 3

# Podman's own default may be more than we may ask for; a machine with mixed control groups needs runc.
PODMAN_SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
[engine.runtimes]
runsc = ["{runsc}"]
"""

# It needs no KVM in this mode, and no network of its own where a container has none.
GVISOR = """#!/bin/sh
exec runsc --platform=ptrace --network=none "$@"
"""


@dataclass(frozen=True)
class Started:
    """An engine at work: where to speak to it, and the process to end."""

    address: str
    process: subprocess.Popen[bytes]


def address(engine: str) -> str:
    """Return the socket of a running engine that has the image, one for all tests of this process; skips without."""
    found = _shared(engine)
    if isinstance(found, str):
        pytest.skip(found)
    return found.address


@cache
def _shared(engine: str) -> Started | str:
    """Return the engine, or why there is none: one that does not start is not tried again by each test."""
    try:
        return start(engine)
    except pytest.skip.Exception as skipped:
        return str(skipped)


def start(engine: str) -> Started:
    """Start an engine that ends with this process, and give it the image; skips where it cannot be had."""
    require(engine)
    folder = Path(tempfile.mkdtemp(prefix=f"tracewright-{engine}-"))
    with (folder / "log").open("wb") as log:
        command = ["setpriv", "--pdeathsig", "TERM", "--", "unshare", "--net", "--mount", "sh", "-c"]
        started = f"ip link set lo up; exec {' '.join(_command(engine, folder))}"
        settings = {**os.environ, "CONTAINERS_CONF": str(settle(folder))}
        # Podman's monitors write a file where they stand when memory runs out.
        daemon = subprocess.Popen(
            [*command, started], stdout=log, stderr=log, env=settings, cwd=folder, start_new_session=True
        )
    atexit.register(_end, daemon, folder)
    _fill(f"unix://{folder}/socket", daemon, folder / "log")
    return Started(f"unix://{folder}/socket", daemon)


def kill(engine: Started) -> None:
    """Kill an engine at once, with whatever it started for itself."""
    for process in (*_children(engine.process.pid), engine.process.pid):
        os.kill(process, signal.SIGKILL)
    engine.process.wait()


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def settle(folder: Path) -> Path:
    """Write what podman must be told on this machine, and gVisor if it is here; return podman's settings."""
    runsc = folder / "runsc"
    runsc.write_text(GVISOR)
    runsc.chmod(0o755)
    settings = folder / "containers.conf"
    settings.write_text(PODMAN_SETTINGS.format(runsc=runsc))
    return settings


def require(engine: str, wish: str = "") -> None:
    """Skip where an engine cannot be had or is not wished for, with the reason.

    1 wishes for all; else it is a list of `docker`, `podman`, and `pods`: podman as the node of the fake cluster.
    """
    binary, package = PACKAGES[engine]
    if not {"1", wish or engine} & set(os.environ.get(WISH, "").split(",")):
        pytest.skip(f"{wish or engine}: container engines are started only where {WISH}=1 is set, or names them")
    if os.geteuid() != 0:
        pytest.skip(f"{engine}: only root can start an engine")
    for name, wanted in ((binary, package), ("runc", "runc"), ("ip", "iproute2"), ("mmdebstrap", "mmdebstrap")):
        if shutil.which(name) is None:
            pytest.skip(f"{engine}: needs {name}; run: apt-get install {wanted}")


def _command(engine: str, folder: Path) -> list[str]:
    if engine == "docker":
        network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
        places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid"]
        runtimes = ["--add-runtime", f"runsc={folder}/runsc"]
        return ["dockerd", "-H", f"unix://{folder}/socket", *places, *network, *runtimes]
    places = ["--root", f"{folder}/data", "--runroot", f"{folder}/run"]
    return ["podman", *places, "--runtime", "runc", "system", "service", "--time=0", f"unix://{folder}/socket"]


def _fill(socket: str, daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the engine answers, give it the image, and see that it runs containers at all."""
    api: Any = _client(socket, daemon, log)
    try:
        with image().open("rb") as tree:
            api.import_image_from_data(tree, repository=Options().image, tag="latest")
        trial = api.create_container_from_config({"Image": Options().image, "Cmd": ["true"], "HostConfig": TRIAL})
        api.start(trial)
        api.wait(trial)
        api.remove_container(trial)
    except docker.errors.DockerException as error:
        pytest.skip(f"the engine cannot run a container here: {error}")
    finally:
        api.close()


def _client(socket: str, daemon: subprocess.Popen[bytes], log: Path) -> docker.APIClient:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return docker.APIClient(base_url=socket, version="auto", timeout=120)
        except docker.errors.DockerException as error:
            if daemon.poll() is not None or time.monotonic() > deadline:
                last = log.read_text(errors="replace").splitlines()[-1:]
                pytest.skip(f"the engine did not start ({error}): {' '.join(last)}")
        time.sleep(0.2)


@cache
def image() -> Path:
    """Return the image's root file system, made anew only when what it is made of changed; skips where it cannot be."""
    script = ROOT / "deploy/docker/build-image.sh"
    parts = [script, *sorted((ROOT / "requirements").glob("sandbox*.txt"))]
    name = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    kept = Path(tempfile.gettempdir(), "tracewright-images")
    kept.mkdir(exist_ok=True)
    tree = kept / f"{name}.tar"
    with (kept / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            command = [str(script), "--python", sys.executable, "--cache", str(kept), "--tar", str(tree)]
            built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            if built.returncode != 0:
                pytest.skip(f"the image cannot be built here: {(built.stderr.strip().splitlines() or ['?'])[-1]}")
            _forget(kept)
    return tree


def _forget(kept: Path) -> None:
    """Remove the images that were not made lately."""
    made = [path for path in kept.glob("*.tar") if not path.name.startswith("debian")]
    for old in sorted(made, key=lambda path: path.stat().st_mtime)[:-KEPT_IMAGES]:
        old.unlink()


def resolved(name: str, options: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """Return the sandbox behind a name, with the engine that it speaks to where it needs one."""
    return ("docker", {"address": address(name), **options}) if name in ENGINES else (name, options)


def _end(daemon: subprocess.Popen[bytes], folder: Path) -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    for keeper in _keepers(folder):
        for process in (*_children(keeper), keeper):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _keepers(folder: Path) -> list[int]:
    """Return what an engine that was killed left behind: the processes that keep its containers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            name, *arguments = path.read_bytes().decode(errors="replace").split("\0")
            if Path(name).name in {"conmon", "containerd-shim-runc-v2"} and any(str(folder) in it for it in arguments):
                found.append(int(path.parent.name))
    return found
