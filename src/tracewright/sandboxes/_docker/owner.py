"""Whose container it is: a label that names the controller, and an end for those whose controller is no more."""

from __future__ import annotations

import asyncio

from tracewright.sandboxes._docker.daemon import Daemon
from tracewright.sandboxes._jail import owner

LABEL = "tracewright.controller"


def label() -> dict[str, str]:
    """Return the label that says that a container is ours."""
    return {LABEL: owner.mark()}


async def collect(daemon: Daemon) -> None:
    """Take away the containers of controllers of this machine that ended without doing so."""
    dead = [container for container, mark in (await daemon.labelled(LABEL)).items() if owner.gone(mark)]
    await asyncio.gather(*map(daemon.remove, dead))
