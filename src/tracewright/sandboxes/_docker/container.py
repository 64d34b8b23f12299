"""A worker's body that is a container: its stream, its end, and what the engine says it died of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from tracewright.errors import SandboxError
from tracewright.sandboxes._docker.daemon import Daemon
from tracewright.sandboxes._docker.stream import Multiplexed

STREAM_BYTES = 1 << 20
END_SECONDS = 5.0

Behind = Callable[[Coroutine[Any, Any, None]], None]


class Container:
    """A container that was created and attached to; `behind` takes work that nobody waits for."""

    def __init__(
        self, daemon: Daemon, name: str, behind: Behind, pipes: tuple[Multiplexed, asyncio.StreamWriter]
    ) -> None:
        self._daemon = daemon
        self._name = name
        self._behind = behind
        self._output, self._input = pipes
        self._ended: Coroutine[Any, Any, None] | asyncio.Task[None] | None = None

    @classmethod
    async def attached(cls, daemon: Daemon, name: str, behind: Behind) -> Container:
        """Take hold of a container that was created and not yet started."""
        connection = await daemon.attach(name)
        reader, writer = await asyncio.open_connection(sock=connection, limit=STREAM_BYTES)
        return cls(daemon, name, behind, (Multiplexed(reader), writer))

    @property
    def output(self) -> Multiplexed:
        return self._output

    async def write(self, data: bytes) -> None:
        self._input.write(data)
        await self._input.drain()

    async def kill(self) -> None:
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._kill())
        await asyncio.shield(self._ended)

    @property
    def over(self) -> bool:
        return self._output.over

    async def complaint(self) -> str:
        if said := self._output.complaint():
            return said
        state = await self._daemon.state(self._name)
        return str(state.get("Error") or f"it ended with {state.get('ExitCode')} and said nothing")

    async def memory_kills(self) -> int:
        # While it lives the worker tells; only of a dead one the engine must be asked.
        if not self._output.ended:
            return 0
        try:
            async with asyncio.timeout(END_SECONDS):
                while (state := await self._daemon.state(self._name)).get("Running"):
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise SandboxError(f"the engine says that {self._name} runs, whose streams have ended") from error
        return int(bool(state.get("OOMKilled")) or state.get("ExitCode") in self._daemon.starved_codes)

    def peak(self) -> int | None:
        return None

    async def _kill(self) -> None:
        await self._daemon.kill(self._name)
        # The stream ends when the last process has let go of it. A dead engine cannot end it, and is told elsewhere.
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._output.drained()
        self._input.close()
        self._behind(self._remove())

    async def _remove(self) -> None:
        # What an engine does not take away now is found by the next start.
        with suppress(SandboxError):
            await self._daemon.remove(self._name)
