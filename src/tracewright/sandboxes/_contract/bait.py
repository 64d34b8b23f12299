"""What is laid out on the host for hostile programs to reach, and the look afterwards whether anybody did."""

from __future__ import annotations

import ctypes
import os
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SECRET = "TRACEWRIGHT_SECRET"  # noqa: S105  # the name of a variable
CANARY = "import signal; signal.pause()"
LOWEST = 300
"""No jail has a process of such a number of its own, so that a signal to the canary can hit nobody else."""


@dataclass(frozen=True)
class Bait:
    """A secret, sockets, memory with a key, and a process, all of which any other program here could reach."""

    folder: Path
    port: socket.socket
    named: socket.socket
    abstract: socket.socket
    mailbox: socket.socket
    key: int
    canary: subprocess.Popen[bytes]
    secret: str

    def names(self) -> str:
        """Return all of it as Python assignments."""
        told = {
            "SECRET": str(self.folder / "secret"),
            "PORT": self.port.getsockname()[1],
            "NAMED": str(self.folder / "named"),
            "MAILBOX": str(self.folder / "mailbox"),
            "ABSTRACT": f"\0{self.folder.name}",
            "KEY": self.key,
            "CANARY": self.canary.pid,
            "TOKEN": self.secret,
            "ACCOUNTS": Path("/etc/passwd").read_text(errors="replace"),
            "ADDRESSES": addresses(),
        }
        return "".join(f"{name} = {value!r}\n" for name, value in told.items())

    def touched(self) -> list[str]:
        """Return what of it was reached, as seen from this side."""
        reached = [told for told, end in self._ends() if _heard(end)]
        canary = self.canary.pid
        if self.canary.poll() is not None:
            return [*reached, "a process of the host was killed"]
        if os.getpriority(os.PRIO_PROCESS, canary) != os.getpriority(os.PRIO_PROCESS, 0):
            reached.append("a process of the host was given another priority")
        if resource.prlimit(canary, resource.RLIMIT_NOFILE) != resource.getrlimit(resource.RLIMIT_NOFILE):
            reached.append("a process of the host was given other limits")
        if self._state() != (self.secret, 0o644, 1, ["mailbox", "named", "secret"]):
            reached.append("the files beside the secret were changed")
        return reached

    def _ends(self) -> list[tuple[str, socket.socket]]:
        return [
            ("a port of the host was connected to", self.port),
            ("a local socket of the host was connected to by name", self.named),
            ("an abstract socket of the host was connected to", self.abstract),
            ("a datagram reached a socket of the host", self.mailbox),
        ]

    def _state(self) -> tuple[str, int, int, list[str]]:
        try:
            status = (self.folder / "secret").stat()
            text = (self.folder / "secret").read_text()
        except OSError:
            return "", 0, 0, []
        return text, status.st_mode & 0o7777, status.st_nlink, sorted(path.name for path in self.folder.iterdir())


@contextmanager
def laid_out() -> Iterator[Bait]:
    """Lay everything out, with a secret in our environment and in a descriptor that is inherited; take it back."""
    with (
        tempfile.TemporaryDirectory(prefix="tracewright-bait-") as name,
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mailbox,
        _shared_memory() as key,
        _canary() as canary,
    ):
        folder, secret = Path(name), secrets.token_hex(16)
        folder.chmod(0o755)
        (folder / "secret").write_text(secret)
        (folder / "secret").chmod(0o644)
        for end, address in ((named, folder / "named"), (mailbox, folder / "mailbox")):
            end.bind(str(address))
            address.chmod(0o777)
        abstract.bind(f"\0{folder.name}")
        for listening in (named, abstract):
            listening.listen()
        with _in_environment(secret), _inherited(folder / "secret"):
            yield Bait(folder, port, named, abstract, mailbox, key, canary, secret)


def addresses() -> list[str]:
    """Return the address of this machine that others see, where it has one; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        asking.connect(("192.0.2.1", 9))
        return [str(asking.getsockname()[0])]
    return []


def _heard(end: socket.socket) -> bool:
    end.setblocking(False)
    try:
        if end.type == socket.SOCK_DGRAM:
            end.recv(1)
        else:
            end.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@contextmanager
def _canary() -> Iterator[subprocess.Popen[bytes]]:
    process = _waiting()
    try:
        while process.pid < LOWEST:
            process.kill()
            process.wait()
            process = _waiting()
        yield process
    finally:
        process.kill()
        process.wait()


def _waiting() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", CANARY], start_new_session=True)


@contextmanager
def _shared_memory() -> Iterator[int]:
    """Make a piece of memory that everybody on this machine may open by its key."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    memory = libc.shmget(key, 4096, 0o1666)
    try:
        yield key
    finally:
        libc.shmctl(memory, 0, None)


@contextmanager
def _in_environment(secret: str) -> Iterator[None]:
    os.environ[SECRET] = secret
    try:
        yield
    finally:
        del os.environ[SECRET]


@contextmanager
def _inherited(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        yield
    finally:
        os.close(descriptor)
