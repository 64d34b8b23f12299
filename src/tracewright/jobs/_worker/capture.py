"""Reads what a process prints without keeping more than was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Capture:
    """The first and the last bytes of a stream, together at most `keep`; `total` counts all that went by."""

    keep: int
    total: int = 0
    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    def feed(self, part: bytes) -> None:
        self.total += len(part)
        room = self.keep // 2 - len(self._head)
        if room > 0:
            self._head += part[:room]
            part = part[room:]
        self._tail += part
        if len(self._tail) > 2 * self.keep:
            del self._tail[: -self.keep]

    def text(self) -> str:
        """Return what was kept as text, with a line that says how many bytes were left out."""
        if self.total <= self.keep:
            return (self._head + self._tail).decode(errors="replace")
        tail = self._tail[-(self.keep - len(self._head)) :]
        missing = self.total - len(self._head) - len(tail)
        return f"{self._head.decode(errors='replace')}\n[{missing} bytes left out]\n{tail.decode(errors='replace')}"
