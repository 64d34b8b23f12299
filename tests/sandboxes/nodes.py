"""What the fake cluster wants of a node: to start the one container of a pod, and to tell how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

INJECTED = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_PORT": "tcp://10.0.0.1:443", "HOSTNAME": "pod"}
"""What a kubelet puts into the environment of every container, asked or not."""


class Container(Protocol):
    """A pod's container at work."""

    async def read(self) -> bytes:
        """Return some of what the worker prints; nothing at its end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes to the worker."""
        ...

    def hang_up(self) -> None:
        """Let the worker's stdin end."""
        ...

    async def complaint(self) -> str:
        """Return the last that was said on stderr."""
        ...

    async def ended(self) -> None:
        """Wait until the container has ended."""
        ...

    async def out_of_memory(self) -> bool:
        """Say whether it ended for want of memory."""
        ...

    async def kill(self) -> None:
        """End it and take it away; safe to call twice."""
        ...


Node = Callable[[Mapping[str, Any], str], Awaitable[Container]]
"""Starts the container of a pod's specification under a name; raises OSError or CalledProcessError where it cannot."""
