"""The proof before first use: tries to break out of a jail in the ways that matter, and remembers that it could not.

A proof holds for one kernel, one jailer binary and one set of arguments; another machine or release proves it anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tracewright.blobs import write_whole
from tracewright.errors import MissingPartError, SandboxError, StoreError
from tracewright.records.job import Isolation, Job, Limits
from tracewright.sandboxes._jail.exchange import Question, Start, alone
from tracewright.sandboxes._jail.process import Jail

PROBES = "tracewright.jobs._worker.probe"


class LeakError(MissingPartError):
    """A jail that starts and does not hold; the message names each probe that got out."""


async def prove(start: Start, cache: Path, parts: Sequence[str], isolation: Isolation, keys: Sequence[str]) -> str:
    """Return the id of the proof for `parts` (what the jail depends on); raises MissingPartError if a probe got out.

    `keys` are the names of all environment variables that a job may see. What `isolation` says that it
    lacks may get out.
    """
    name = hashlib.sha256(json.dumps([platform.release(), *parts]).encode()).hexdigest()[:16]
    path = cache / f"{name}.json"
    if path.exists():
        return name
    escaped = await _escaped(start, isolation, keys)
    if escaped:
        told = "; ".join(f"{probe}: {found}" for probe, found in escaped.items())
        raise LeakError(
            f"the {isolation.backend} jail does not hold on this machine ({told}); nothing was run in it."
            " Choose another sandbox, or run `tracewright doctor` for what each needs"
        )
    # A proof that cannot be kept is still a proof.
    with suppress(StoreError):
        write_whole(path, json.dumps({"kernel": platform.release(), "backend": isolation.backend}) + "\n")
    return name


async def _escaped(start: Start, isolation: Isolation, keys: Sequence[str]) -> Mapping[str, Any]:
    with _bait() as bait:
        request = {**bait, "environment": list(keys)}
        job = Job(kind="probe", isolation="oneshot", request=request, limits=Limits(wall_seconds=10))
        jails: list[Jail] = []

        async def noted() -> Jail:
            jails.append(await start())
            return jails[-1]

        outcome = await alone(noted, Question(job, PROBES, isolation, _keep_nothing))
    if outcome.status != "ok":
        last = f" ({await jails[-1].complaint()})" if outcome.status == "killed" else ""
        raise MissingPartError(
            f"the {isolation.backend} jail started, but its probes ended with {outcome.status}: {outcome.message}{last}"
        )
    return {probe: found for probe, found in outcome.result.items() if found and probe not in isolation.lacks}


@contextmanager
def _bait() -> Iterator[dict[str, Any]]:
    """Lay out what a jailed program must not reach: a secret file, a listening port, two local sockets."""
    with (
        tempfile.TemporaryDirectory(prefix="tracewright-") as folder,
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        Path(folder).chmod(0o755)
        secret = Path(folder, "secret")
        secret.write_text(secrets.token_hex(16))
        address = f"tracewright-{secrets.token_hex(8)}"
        named.bind(str(Path(folder, "socket")))
        Path(folder, "socket").chmod(0o777)
        abstract.bind(f"\0{address}")
        named.listen()
        abstract.listen()
        yield {
            "secret": str(secret),
            "port": port.getsockname()[1],
            "socket": str(Path(folder, "socket")),
            "abstract": address,
            "host_pid": os.getpid(),
        }


def _keep_nothing(data: bytes) -> Any:
    raise SandboxError(f"a probe sent an artifact of {len(data)} bytes, which none has")
