"""One jailed worker as the host sees it: two pipes, a process to kill and a group that counts its tree."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from tracewright.errors import SandboxError
from tracewright.sandboxes._jail import frames

START_SECONDS = 20.0
END_SECONDS = 5.0
COMPLAINT_BYTES = 4096


class Bounds(Protocol):
    """What surrounds the processes of one jail: a control group, or whatever else must go when they are gone."""

    def joined(self, command: Sequence[str]) -> list[str]:
        """Return a command that enters before it becomes `command`."""
        ...

    def kills(self) -> int:
        """Return how many processes the kernel killed here for want of memory."""
        ...

    def peak(self) -> int | None:
        """Return the most memory that the tree held at once, where it is counted."""
        ...

    async def remove(self) -> None:
        """Take it away with what is left inside."""
        ...


@dataclass(frozen=True)
class Launch:
    """How to start one jail: the command, its whole environment, bytes that it reads from descriptors, its opening.

    `ending` is the signal upon which the process started here takes the whole tree with it.
    """

    command: Sequence[str]
    opening: Mapping[str, Any]
    group: Bounds | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()
    ending: signal.Signals = signal.SIGKILL


class Jail:
    """A worker behind its wall. Asking is one at a time; killing ends the whole tree."""

    def __init__(
        self, process: asyncio.subprocess.Process, group: Bounds | None, ending: signal.Signals = signal.SIGKILL
    ) -> None:
        self._process = process
        self._ending = ending
        self.group = group
        self.served = 0
        self.usable = True
        self.resident_bytes = 0
        self._kills_before = 0

    @classmethod
    async def start(cls, launch: Launch) -> Jail:
        """Start a jail and wait until its worker is ready; raises SandboxError with what the launcher complained of."""
        command = launch.group.joined(launch.command) if launch.group else launch.command
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(launch.environment),
            cwd="/",
            pass_fds=tuple(launch.descriptors),
            # Ctrl-C on the terminal is for us alone: we end the jails ourselves, in order.
            start_new_session=True,
            limit=1 << 20,
        )
        jail = cls(process, launch.group, launch.ending)
        try:
            async with asyncio.timeout(START_SECONDS):
                await jail._write({"reply_bytes": frames.REPLY_BYTES, **launch.opening})
                await frames.read(jail._output, 4096)
        except (SandboxError, TimeoutError) as error:
            raise SandboxError(f"the jail could not be started: {await jail._complaint()}") from error
        except BaseException:
            await jail.end()
            raise
        return jail

    async def ask(self, jobs: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
        """Send jobs as one frame; return the number and nonce that each reply, in this order, must carry."""
        nonce = secrets.token_hex(8)
        marks = [(self.served + index, nonce) for index in range(len(jobs))]
        marked = [{**job, "id": number, "nonce": nonce} for job, (number, _) in zip(jobs, marks, strict=True)]
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._write({"jobs": marked})
        except TimeoutError as error:
            raise frames.JailDiedError("the jailed worker did not take the job") from error
        return marks

    async def answer(self, mark: tuple[int, str]) -> tuple[frames.Reply, bytes]:
        """Return the next reply and its raw bytes; raises JailDiedError or ProtocolError, then it is unusable."""
        self.usable = False
        header, body = await frames.read(self._output)
        reply = frames.check(header, body, *mark)
        self.usable = True
        self.served += 1
        self.resident_bytes = reply.resident_bytes
        return reply, body

    def memory_kills(self) -> int:
        """Return how many processes died for want of memory since the last call."""
        total = self.group.kills() if self.group else 0
        new, self._kills_before = total - self._kills_before, total
        return new

    async def end(self) -> None:
        """Kill the whole tree and wait until it is gone; safe to call twice."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._ended_by(self._ending)
        except TimeoutError:
            await self._ended_by(signal.SIGKILL)
        if self.group:
            await self.group.remove()

    async def _ended_by(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()

    @property
    def _output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None  # noqa: S101  # it was asked for as a pipe
        return self._process.stdout

    async def _write(self, header: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for as a pipe
        try:
            self._process.stdin.write(frames.encode(header))
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise frames.JailDiedError("the jailed worker ended before it took the job") from error

    async def _complaint(self) -> str:
        """Return the last line that the launcher wrote, after ending it."""
        assert self._process.stderr is not None  # noqa: S101  # it was asked for as a pipe
        await self.end()
        text = (await self._process.stderr.read(COMPLAINT_BYTES)).decode(errors="replace").strip()
        return text.splitlines()[-1] if text else f"it ended with {self._process.returncode} and said nothing"


def pipe_holding(data: bytes) -> int:
    """Return the reading end of a pipe that holds `data` and then ends; at most 64 KiB."""
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    return read
