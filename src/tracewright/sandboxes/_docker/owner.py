"""Whose container it is: a label that names the controller, and an end for those whose controller is no more."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tracewright.sandboxes._docker.daemon import Daemon

LABEL = "tracewright.controller"


def label() -> dict[str, str]:
    """Return the label that says that a container is ours."""
    return {LABEL: f"{_here()}/{os.getpid()}/{started(os.getpid())}"}


async def collect(daemon: Daemon) -> None:
    """Take away the containers of controllers of this machine that ended without doing so."""
    dead = [container for container, value in (await daemon.labelled(LABEL)).items() if _dead(value)]
    await asyncio.gather(*map(daemon.remove, dead))


def started(process: int) -> str:
    """Return when a process started, in ticks since boot; empty where there is none. Numbers come again, this not."""
    try:
        text = Path("/proc", str(process), "stat").read_text()
    except OSError:
        return ""
    # The name, in brackets, may hold anything; the 22nd field is the 20th after it (proc(5)).
    return text.rpartition(")")[2].split()[19]


def _dead(value: str) -> bool:
    """A controller of another machine or process namespace cannot be looked for, and is left alone."""
    here, _, rest = value.partition("/")
    process, _, when = rest.partition("/")
    return here == _here() and process.isdigit() and started(int(process)) != when


def _here() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
