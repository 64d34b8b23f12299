"""A worker that lives in a pod, as the host sees it: frames over the attach socket, and a Job to delete.

The socket is our only hold on it: when it closes, be it that we were killed, the worker's stdin ends, and it with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from tracewright.errors import SandboxError
from tracewright.sandboxes._kubernetes.api import Cluster
from tracewright.sandboxes._kubernetes.fates import LostPodError, Sight, fate, told

STDIN, STDOUT, STDERR = b"\0", 1, 2
PART = 64 << 10
WAITING_PARTS = 64
COMPLAINT_BYTES = 4096
STATUS_SECONDS = 15.0
"""A kubelet under load tells late how a pod ended; nothing is known of the job until then."""
LAST_WORDS_SECONDS = 1.0


class PodBody:
    """The body of a jail; `connect` must have returned before anything is read or written."""

    def __init__(self, cluster: Cluster, job: str, pod: str) -> None:
        self._cluster = cluster
        self._job = job
        self._pod = pod
        self._parts: asyncio.Queue[bytes] = asyncio.Queue(WAITING_PARTS)
        self._held = bytearray()
        self._over = False
        self._said = bytearray()
        self._broke = ""
        self._socket: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._hung_up = asyncio.Event()
        self._pump = asyncio.create_task(self._stream())

    async def connect(self) -> None:
        """Wait until the socket is open; raises LostPodError where the cluster will not open it."""
        try:
            await asyncio.shield(self._socket)
        except SandboxError:
            raise
        except Exception as error:
            # Which of its errors the socket's library raises says nothing: the pod is not to be reached.
            raise LostPodError(f"cannot attach to the pod {self._pod}: {type(error).__name__}: {error}") from error

    @property
    def output(self) -> PodBody:
        return self

    async def readexactly(self, n: int, /) -> bytes:
        """Return the next `n` bytes of the worker's stdout; raises IncompleteReadError at its end."""
        while len(self._held) < n and not self._over:
            part = await self._parts.get()
            self._over = not part
            self._held += part
        if len(self._held) < n:
            raise asyncio.IncompleteReadError(bytes(self._held), n)
        found = bytes(self._held[:n])
        del self._held[:n]
        return found

    async def write(self, data: bytes) -> None:
        socket = await asyncio.shield(self._socket)
        try:
            for start in range(0, len(data), PART):
                await socket.send_bytes(STDIN + data[start : start + PART])
        except Exception as error:
            # What the pod said on its way out may still be on its way to us.
            await asyncio.wait({self._pump}, timeout=LAST_WORDS_SECONDS)
            self._over = self._over or self.over
            raise ConnectionError(f"the pod {self._pod} hung up: {type(error).__name__}") from error

    async def kill(self) -> None:
        self._hung_up.set()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        await self._cluster.delete(self._job)

    @property
    def over(self) -> bool:
        return self._pump.done()

    async def complaint(self) -> str:
        text = self._said.decode(errors="replace").strip()
        return text.splitlines()[-1] if text else f"the worker in the pod {self._pod} said nothing{self._broke}"

    async def memory_kills(self) -> int:
        """Say whether the pod ran out of memory; raises LostPodError where the cluster took it away."""
        if not self._over:
            return 0
        seen = await self._settled()
        match fate(seen):
            case "oom":
                return 1
            case "ended":
                return 0
            case "running" | "waiting":
                # A worker ends with its pod: what was lost here is the way to it.
                raise LostPodError(f"the cluster lost the way to the pod {self._pod} at work{self._broke}")
            case _:
                raise LostPodError(f"the cluster took the pod {self._pod} away while it was at work: {told(seen)}")

    def peak(self) -> int | None:
        return None

    async def _settled(self) -> Sight | None:
        """Return the pod once its status says how it ended: the socket closes before the kubelet has told."""
        seen = await self._cluster.sight(self._pod)
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_SECONDS):
                while fate(seen) in {"running", "waiting"}:
                    await asyncio.sleep(0.05)
                    seen = await self._cluster.sight(self._pod)
        return seen

    async def _stream(self) -> None:
        """Keep the socket open in a task of its own, for its library wants it closed where it was opened."""
        try:
            async with self._cluster.attach(self._pod) as socket:
                self._socket.set_result(socket)
                while not self._hung_up.is_set():
                    await self._take(await socket.receive_bytes())
        except Exception as error:  # noqa: BLE001  # however the socket ends, the worker is out of reach
            self._broke = f", and the socket to it ended: {type(error).__name__}: {error}"
            if not self._socket.done():
                self._socket.set_exception(error)
                # Nobody may be waiting for it any more.
                self._socket.exception()
        finally:
            if not self._hung_up.is_set():
                await self._parts.put(b"")

    async def _take(self, message: bytes) -> None:
        channel, part = message[:1], message[1:]
        if channel == bytes([STDOUT]) and part:
            await self._parts.put(part)
        elif channel == bytes([STDERR]):
            self._said = (self._said + part)[-COMPLAINT_BYTES:]
