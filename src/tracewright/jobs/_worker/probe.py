"""Tries to get out of the jail that it runs in; each probe says what it reached, or nothing where the jail held.

It covers files, environment, network, local sockets, processes, namespaces and privileges of one jail. It cannot find
a hole in the kernel itself.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import Result

ISOLATION = "oneshot"

CLONE_NEWUSER = 0x10000000
AF_VSOCK = 40
PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS = 21, 23, 39
SECCOMP_FILTER = 2
IO_URING_SETUP = 425
MOST_PROCESSES = 8
"""More than a jail has of its own at this moment."""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Return what each probe reached; an empty text means that the jail held."""
    return Result(result={name: probe(request) for name, probe in PROBES.items()})


def _secret_file(request: Mapping[str, Any]) -> str:
    for path in (request["secret"], "/etc/shadow"):
        if not _refused(lambda path=path: os.close(os.open(path, os.O_RDONLY))):  # type: ignore[misc]
            return f"could read {path}"
    # An image has such folders of its own, with nothing in them.
    for folder in ("/root", "/home"):
        if _entries(folder):
            return f"could look into {folder}"
    return ""


def _environment(request: Mapping[str, Any]) -> str:
    allowed = set(request["environment"]) | {"PWD", "LC_CTYPE"}
    if strange_names := sorted(set(os.environ) - allowed):
        return f"was given {strange_names[0]}"
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
    # Where /proc is shut, nothing is seen of any interface.
    lines = _text("/proc/net/dev").splitlines()[2:]
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
    return f"sees {count} processes" if count > MOST_PROCESSES else ""


def _namespaces(request: Mapping[str, Any]) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) == 0:
        return "made a user namespace"
    if libc.mount(b"none", os.fsencode(Path.cwd()), b"tmpfs", 0, None) == 0:
        return "mounted a file system"
    return ""


def _signals(request: Mapping[str, Any]) -> str:
    """Whoever is in a process namespace of its own may well find a process of that number, but none of the host's."""
    if request["host_pid"] in _visible():
        return ""
    return "" if _refused(lambda: os.kill(request["host_pid"], 0)) else "could signal the process that started it"


def _visible() -> set[int]:
    """Return the processes that are seen, where they can be seen at all and the first is not the host's."""
    seen = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")}
    return seen if len(seen) <= MOST_PROCESSES else set()


def _privileges(request: Mapping[str, Any]) -> str:
    if os.geteuid() == 0:
        return "runs as root"
    libc = ctypes.CDLL(None, use_errno=True)
    # struct __user_cap_header_struct of version 3, for ourselves; then effective, permitted and inheritable, twice.
    rights = (ctypes.c_uint32 * 6)()
    found = libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), rights)
    wrong = []
    if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        wrong.append("no bar against new privileges")
    if libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_FILTER:
        wrong.append("no system call filter")
    if found != 0 or any(rights):
        wrong.append("capabilities")
    return f"has {', '.join(wrong)}" if wrong else ""


def _bounding_set(request: Mapping[str, Any]) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    held = [number for number in range(64) if libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1]
    return f"could still win {len(held)} capabilities, were it allowed new privileges" if held else ""


def _io_uring(request: Mapping[str, Any]) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(IO_URING_SETUP, 0, 0)
    return "" if ctypes.get_errno() in (errno.ENOSYS, errno.EPERM) else "has io_uring"


def _writing(request: Mapping[str, Any]) -> str:
    told = Path(request["secret"])
    folders = {"/", "/usr", "/opt/venv", "/opt/tracewright", "/proc/sys/kernel/core_pattern", "/dev"}
    folders |= {str(told.parent), sys.prefix, str(Path(sys.executable).parent), *sys.path}
    for folder in sorted(folders - {""}):
        path = Path(folder)
        target = path if os.path.isfile(path) else path / "tracewright-probe"  # noqa: PTH113  # it does not raise
        if not _refused(lambda target=target: os.close(os.open(target, os.O_WRONLY | os.O_CREAT))):  # type: ignore[misc]
            return f"could write {target}"
    return ""


def _workspace(request: Mapping[str, Any]) -> str:
    """A wall in the wrong place is a fault too: without this every job would fail, and none would say why."""
    return "cannot be written to" if _refused(lambda: Path("tracewright-probe").touch()) else ""


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  # it does not raise later
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
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
    "signals": _signals,
    "privileges": _privileges,
    "bounding_set": _bounding_set,
    "io_uring": _io_uring,
    "writing": _writing,
    "workspace": _workspace,
}
