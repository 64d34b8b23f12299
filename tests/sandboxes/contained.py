"""A controller for a container: lays out bait there, runs jobs behind Landlock, and prints what came of them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracewright.records.job import Job, Limits
from tracewright.registry import Parts
from tracewright.sandboxes.landlock import Options, build

ESCAPES = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, work):
    try: work()
    except OSError: return
    print(name)
def called(number): return lambda: (_ for _ in ()).throw(OSError()) if number < 0 else None
attempt('secret', lambda: open(SECRET))
attempt('folder', lambda: os.listdir(os.path.dirname(SECRET)))
attempt('truncate', lambda: os.truncate(SECRET, 0))
attempt('shadow', lambda: open('/etc/shadow'))
attempt('environ', lambda: open(f'/proc/{HOST}/environ').read())
attempt('memory', lambda: open(f'/proc/{HOST}/mem', 'rb'))
attempt('port', lambda: socket.create_connection(('127.0.0.1', PORT), 1))
attempt('datagram', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt('named', lambda: socket.socket(socket.AF_UNIX).connect(NAMED))
attempt('abstract', lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + ABSTRACT))
attempt('vsock', lambda: socket.socket(40))
attempt('signal', lambda: os.kill(HOST, 0))
attempt('everybody', lambda: os.kill(1, 9))
attempt('namespace', called(libc.unshare(0x10000000)))
attempt('mount', called(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)))
attempt('ptrace', called(libc.ptrace(0x4206, HOST, 0, 0)))
attempt('io_uring', called(libc.syscall(425, 1, bytes(120))))
attempt('written', lambda: open('/tmp/written', 'w'))
attempt('package', lambda: open('/opt/tracewright/tracewright/written', 'w'))
"""
DAEMON = """
import subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99) # MARK'], start_new_session=True)
"""
HOG = "bytearray(2 << 30)"


async def main() -> None:
    """Print one object: the isolation, and what each job came to."""
    limits = Limits(memory_bytes=256 << 20, wall_seconds=20)
    sandbox = build(Options(), Parts(home=Path("/tmp/home")))
    told: dict[str, Any] = {}
    try:
        told["isolation"] = (await sandbox.preflight()).model_dump()
        with _bait() as bait:
            values = "".join(f"{name} = {value!r}\n" for name, value in bait.items())
            for name, code in {"escapes": values + ESCAPES, "daemon": DAEMON, "hog": HOG}.items():
                job = Job(kind="python", isolation="oneshot", request={"code": code}, limits=limits)
                outcome = await sandbox.run(job)
                told[name] = [outcome.status, outcome.stdout, outcome.stderr]
            free = subprocess.run(
                [sys.executable, "-c", values + ESCAPES], capture_output=True, text=True, check=True, timeout=20
            )
            told["free"] = free.stdout.split()
        told["left"] = [line for path in Path("/proc").glob("[0-9]*/cmdline") if "MARK" in (line := path.read_text())]
    finally:
        await sandbox.close()
    sys.stdout.write(json.dumps(told) + "\n")


@contextmanager
def _bait() -> Iterator[Mapping[str, Any]]:
    secret = Path("/tmp/theirs/secret")
    secret.parent.mkdir()
    secret.write_text("for nobody in a jail\n")
    with socket.create_server(("127.0.0.1", 0)) as port, _listening("/tmp/named"), _listening("\0hidden"):
        found = {"SECRET": str(secret), "PORT": port.getsockname()[1], "NAMED": "/tmp/named", "ABSTRACT": "hidden"}
        yield {**found, "HOST": os.getpid()}


@contextmanager
def _listening(address: str) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        yield


if __name__ == "__main__":
    asyncio.run(main())
