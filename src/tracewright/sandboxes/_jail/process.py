"""One jailed worker as the host sees it: bytes in, bytes out, a tree to kill; and the one that is a process here."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from tracewright.errors import SandboxError
from tracewright.sandboxes._jail import frames

START_SECONDS = 20.0
SPAWN_SECONDS = 10.0
"""Python 3.11 waits for ever for a process whose start is cancelled between its fork and its pipes."""
END_SECONDS = 5.0
HANG_UP_SECONDS = 0.1
COMPLAINT_BYTES = 4096
OUT_OF_MEMORY = 99
"""The exit code of a container whose worker died for want of memory, as its first process tells (see `first`)."""


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

    `inputs` are the bytes of what the opening says is `sent`; `ending` is the signal upon which the process started
    here takes the whole tree with it.
    """

    command: Sequence[str]
    opening: Mapping[str, Any]
    group: Bounds | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()
    ending: signal.Signals = signal.SIGKILL
    inputs: bytes = b""


class Body(Protocol):
    """What a worker lives in: a process of this machine, or a container."""

    @property
    def output(self) -> frames.Stream:
        """What the worker sends."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes to the worker; raises ConnectionError where it is gone."""
        ...

    async def kill(self) -> None:
        """Kill the whole tree and wait until it is gone; safe to call twice."""
        ...

    @property
    def over(self) -> bool:
        """Say whether the worker is known to have ended, without looking for it."""
        ...

    async def complaint(self) -> str:
        """Return what was said on the way out; called after `kill`."""
        ...

    async def memory_kills(self) -> int:
        """Return how many processes died for want of memory so far, as far as can be seen from outside."""
        ...

    def peak(self) -> int | None:
        """Return the most memory that the tree held at once, where that is counted outside."""
        ...


class Jail:
    """A worker behind its wall. Asking is one at a time; killing ends the whole tree."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.served = 0
        self.usable = True
        self.resident_bytes = 0
        self.ready: Mapping[str, Any] = {}
        """What the worker said of itself when it was ready."""
        self._kills_before = 0
        self._told_kills = 0
        self._told_peak: int | None = None

    @classmethod
    async def start(cls, launch: Launch) -> Jail:
        """Start a process and wait until its worker is ready; raises SandboxError with the launcher's complaint."""
        return await cls.greeted(await Process.start(launch), launch.opening, launch.inputs)

    @classmethod
    async def greeted(cls, body: Body, opening: Mapping[str, Any], inputs: bytes = b"") -> Jail:
        """Open the talk and wait until the worker is ready; raises SandboxError with what was complained of."""
        jail = cls(body)
        try:
            async with asyncio.timeout(START_SECONDS):
                await jail._write({"reply_bytes": frames.REPLY_BYTES, **opening}, inputs)
                header, _ = await frames.read(body.output, 4096)
                jail.ready = _object(header)
        except (SandboxError, TimeoutError) as error:
            await jail.end()
            late = f" (not ready after {START_SECONDS:g} s)" if isinstance(error, TimeoutError) else ""
            raise SandboxError(f"the jail could not be started{late}: {await body.complaint()}") from error
        except BaseException:
            await jail.end()
            raise
        return jail

    async def prepare(self, module: str) -> None:
        """Have the worker do ahead what it can for a kind; raises JailDiedError. Nothing is answered."""
        await self._write({"jobs": [], "prepare": module})

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
        header, body = await frames.read(self._body.output)
        reply = frames.check(header, body, *mark)
        self.usable = True
        self.served += 1
        self.resident_bytes = reply.resident_bytes
        self._told_kills, self._told_peak = reply.memory_kills, reply.peak_memory_bytes
        return reply, body

    def look_away(self, seconds: float) -> None:
        """Let what comes in lie for a while: each reply that wakes us takes the worker off its core at once."""
        if isinstance(self._body, Process):
            self._body.look_away(seconds)

    @property
    def over(self) -> bool:
        """Say whether the worker is known to have ended: a spare may die while it waits."""
        return self._body.over

    async def memory_kills(self) -> int:
        """Return how many processes died for want of memory since the last call."""
        total = max(await self._body.memory_kills(), self._told_kills)
        new, self._kills_before = total - self._kills_before, total
        return new

    def peak(self) -> int | None:
        """Return the most memory that the whole tree held at once, where somebody counted it."""
        peak = self._body.peak()
        return self._told_peak if peak is None else peak

    async def complaint(self) -> str:
        """Return what was said on the way out; called after `end`."""
        return await self._body.complaint()

    async def end(self) -> None:
        """Kill the whole tree and wait until it is gone, even where we are cancelled meanwhile; safe to call twice."""
        await _finished(self._body.kill)

    async def _write(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        try:
            await self._body.write(frames.encode(header, body))
        except ConnectionError as error:
            raise frames.JailDiedError("the jailed worker ended before it took the job") from error


class Process:
    """A worker that is a process of this machine, with a group that counts its tree where there is one."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, process: asyncio.subprocess.Process, launch: Launch
    ) -> None:
        self._transport = transport
        self._process = process
        self._group = launch.group
        self._ending = launch.ending
        self._door = _door_to(process.pid)

    @classmethod
    async def start(cls, launch: Launch) -> Process:
        """Start the command; raises OSError where the kernel refuses, SandboxError where it takes too long."""
        command = launch.group.joined(launch.command) if launch.group else launch.command
        try:
            async with asyncio.timeout(SPAWN_SECONDS):
                return await cls._started(command, launch)
        except BaseException as error:
            # What asyncio was not let finish it ends itself; what that process was put into is ours to take away.
            if launch.group:
                await _finished(launch.group.remove)
            if isinstance(error, TimeoutError):
                raise SandboxError(f"a process was not started within {SPAWN_SECONDS:g} s") from error
            raise

    @classmethod
    async def _started(cls, command: Sequence[str], launch: Launch) -> Process:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: asyncio.subprocess.SubprocessStreamProtocol(limit=1 << 20, loop=loop),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(launch.environment),
            cwd="/",
            pass_fds=tuple(launch.descriptors),
            # Ctrl-C on the terminal is for us alone: we end the jails ourselves, in order.
            start_new_session=True,
        )
        return cls(transport, asyncio.subprocess.Process(transport, protocol, loop), launch)

    @property
    def output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None  # noqa: S101  # it was asked for as a pipe
        return self._process.stdout

    async def write(self, data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for as a pipe
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    @property
    def over(self) -> bool:
        return self._process.returncode is not None or self.output.at_eof()

    def look_away(self, seconds: float) -> None:
        pipe = self._transport.get_pipe_transport(1)
        # The pipes of Python 3.11.2 and its like cannot say whether they read; not to look away only costs time.
        with suppress(RuntimeError):
            if isinstance(pipe, asyncio.ReadTransport) and pipe.is_reading():
                pipe.pause_reading()
                asyncio.get_running_loop().call_later(seconds, pipe.resume_reading)

    async def kill(self) -> None:
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._ended_by(self._ending)
        except TimeoutError:
            await self._ended_by(signal.SIGKILL)
        if self._door is not None:
            os.close(self._door)
            self._door = None
        if self._group:
            await self._group.remove()
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Close our ends of the pipes when all was read: a loop that ends sooner could not close them any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                while not self._transport.is_closing():
                    await asyncio.sleep(0.001)
        self._transport.close()
        await asyncio.sleep(0)

    async def _ended_by(self, number: signal.Signals) -> None:
        # Not `send_signal`, which first looks whether it ended and so reaps it before whoever waits for it.
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._send(number)
        await self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        """By a descriptor: whoever waits for the process may have reaped it, and its number be that of another."""
        if self._door is None:
            os.kill(self._process.pid, number)
        else:
            signal.pidfd_send_signal(self._door, number)

    async def complaint(self) -> str:
        assert self._process.stderr is not None  # noqa: S101  # it was asked for as a pipe
        text = (await self._process.stderr.read(COMPLAINT_BYTES)).decode(errors="replace").strip()
        return text.splitlines()[-1] if text else f"it ended with {self._process.returncode} and said nothing"

    async def memory_kills(self) -> int:
        return self._group.kills() if self._group else 0

    def peak(self) -> int | None:
        return self._group.peak() if self._group else None


async def _finished(work: Callable[[], Awaitable[None]]) -> None:
    """Do what can be begun anew until it is done, however often we are cancelled meanwhile; then be cancelled.

    A task of its own would not do: whoever cancels all tasks of a loop would cancel that one before its first step.
    """
    interrupted: asyncio.CancelledError | None = None
    while True:
        try:
            await work()
        except asyncio.CancelledError as error:
            interrupted = error
            continue
        if interrupted:
            raise interrupted
        return


def _door_to(process: int) -> int | None:
    """Return a descriptor of a process that was just started, where the kernel has such."""
    try:
        return os.pidfd_open(process)
    except OSError:
        return None


def _object(header: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(header)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise frames.ProtocolError("protocol violation: a worker that said something else than that it is ready")
    return found


def pipe_holding(data: bytes) -> int:
    """Return the reading end of a pipe that holds `data` and then ends; at most 64 KiB."""
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    return read
