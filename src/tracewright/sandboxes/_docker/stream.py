"""A container's output as engines send it: frames of eight bytes head (which pipe, how long) and what was printed.

Nothing is read before it is asked for, so that a flood waits on the other side. Format: Docker Engine API,
"Attach to a container", stream format.
"""

from __future__ import annotations

import asyncio
import struct

HEAD = struct.Struct(">BxxxI")
STDOUT, STDERR = 1, 2
COMPLAINT_BYTES = 4096
PART = 1 << 18


class Multiplexed:
    """Stdout as a stream to read from; the last bytes of stderr are kept for a complaint."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._ready = bytearray()
        self._said = bytearray()
        self._left = 0
        self._pipe = 0
        self.ended = False

    @property
    def over(self) -> bool:
        """Say whether the other side is known to have hung up, and nothing is left to read."""
        return self.ended or self._stream.at_eof()

    async def readexactly(self, n: int, /) -> bytes:
        """Return the next `n` bytes of stdout; raises IncompleteReadError where fewer come."""
        while len(self._ready) < n:
            if not await self._take():
                raise asyncio.IncompleteReadError(bytes(self._ready), n)
        found = bytes(self._ready[:n])
        del self._ready[:n]
        return found

    async def drained(self) -> None:
        """Read to the end and keep nothing of stdout."""
        while await self._take():
            self._ready.clear()

    def complaint(self) -> str:
        """Return the last line of stderr so far."""
        lines = self._said.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def _take(self) -> bool:
        """Read some more of either pipe; false at the end."""
        try:
            while self._left == 0:
                self._pipe, self._left = HEAD.unpack(await self._stream.readexactly(HEAD.size))
            part = await self._stream.read(min(self._left, PART))
        except (asyncio.IncompleteReadError, ConnectionError):
            part = b""
        self.ended = not part
        self._left -= len(part)
        if self._pipe == STDOUT:
            self._ready += part
        elif self._pipe == STDERR:
            self._said = (self._said + part)[-COMPLAINT_BYTES:]
        return bool(part)
