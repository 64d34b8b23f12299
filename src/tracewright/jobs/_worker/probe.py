"""Tries to get out of the jail that it runs in; each probe says what it reached, or nothing where the jail held.

It covers files, environment, network, local sockets, processes, namespaces and privileges of one jail. It cannot find
a hole in the kernel itself.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import Result

ISOLATION = "oneshot"

CLONE_NEWUSER = 0x10000000
AF_VSOCK = 40


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Return what each probe reached; an empty text means that the jail held."""
    return Result(result={name: probe(request) for name, probe in PROBES.items()})


def _secret_file(request: Mapping[str, Any]) -> str:
    for path in (request["secret"], "/etc/shadow"):
        if os.access(path, os.R_OK):
            return f"could read {path}"
    # An image has such folders of its own, with nothing in them.
    for folder in ("/root", "/home"):
        if os.access(folder, os.R_OK) and any(Path(folder).iterdir()):
            return f"could look into {folder}"
    return ""


def _environment(request: Mapping[str, Any]) -> str:
    allowed = set(request["environment"]) | {"PWD", "LC_CTYPE"}
    for path in (*Path("/proc").glob("[0-9]*/environ"), Path("/proc/self/environ")):
        try:
            entries = path.read_bytes().split(b"\0")
        except OSError:
            continue
        strange = [entry for entry in entries if entry and entry.split(b"=")[0].decode(errors="replace") not in allowed]
        if strange:
            return f"{path} holds {strange[0].split(b'=')[0].decode(errors='replace')}"
    return ""


def _network(request: Mapping[str, Any]) -> str:
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    interfaces = {line.split(":")[0].strip() for line in lines} - {"lo"}
    # An interface that is there and no socket to use it with: as shut as none.
    if interfaces and not _refused(lambda: socket.socket().close()):
        return f"sees the network interfaces {sorted(interfaces)}"
    return "" if _refused(lambda: socket.create_connection(("127.0.0.1", request["port"]), 1)) else "reached a port"


def _local_sockets(request: Mapping[str, Any]) -> str:
    for address in (request["socket"], f"\0{request['abstract']}"):
        if not _refused(lambda address=address: socket.socket(socket.AF_UNIX).connect(address)):  # type: ignore[misc]
            return f"reached the local socket {address!r}"
    return "" if _refused(lambda: socket.socket(AF_VSOCK)) else "made a vsock socket"


def _processes(request: Mapping[str, Any]) -> str:
    count = sum(1 for _ in Path("/proc").glob("[0-9]*"))
    return f"sees {count} processes" if count > 8 else ""


def _namespaces(request: Mapping[str, Any]) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) == 0:
        return "made a user namespace"
    if libc.mount(b"none", b"/ws", b"tmpfs", 0, None) == 0:
        return "mounted a file system"
    return ""


def _privileges(request: Mapping[str, Any]) -> str:
    if os.geteuid() == 0:
        return "runs as root"
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    wanted = {"NoNewPrivs": "1", "CapEff": "0" * 16, "CapBnd": "0" * 16, "Seccomp": "2"}
    wrong = [f"{key}={status.get(key)}" for key, value in wanted.items() if status.get(key) != value]
    return f"has {', '.join(wrong)}" if wrong else ""


def _writing(request: Mapping[str, Any]) -> str:
    for folder in ("/", "/usr", "/opt/venv", "/opt/tracewright", "/proc/sys/kernel/core_pattern", "/dev"):
        path = Path(folder)
        target = path if path.is_file() else path / "tracewright-probe"
        if not _refused(lambda target=target: os.close(os.open(target, os.O_WRONLY | os.O_CREAT))):  # type: ignore[misc]
            return f"could write {target}"
    return ""


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


PROBES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "secret_file": _secret_file,
    "environment": _environment,
    "network": _network,
    "local_sockets": _local_sockets,
    "processes": _processes,
    "namespaces": _namespaces,
    "privileges": _privileges,
    "writing": _writing,
}
