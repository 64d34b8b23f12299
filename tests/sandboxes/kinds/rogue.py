"""A data-only job that does what its request says, mostly to the worker that it runs in."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result

ISOLATION: IsolationNeed = "worker"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Do one thing: `sleep`, `die`, `print`, `raise`, `balloon`, `forge`, or say which process it ran in."""
    match request.get("do"):
        case "sleep":
            time.sleep(99)
        case "die":
            os._exit(1)
        case "print":
            os.write(1, b"noise")
            sys.stdout.write("more noise")
            sys.stdout.flush()
        case "full":
            raise BlockingIOError(11, "no more processes")
        case "raise":
            raise LookupError("out of luck")
        case "memory":
            raise MemoryError
        case "balloon":
            return Result(result={"size": len(bytearray(1 << 30))})
        case "odd":
            return Result(result={"value": {1, 2}})
        case "forge":
            _forge(str(request["text"]).encode())
        case _:
            pass
    return Result(result={"process": os.getpid(), "said": request.get("say")}, artifacts={"blob": b"\0raw"})


def _forge(text: bytes) -> None:
    """Write onto every pipe that this process holds, as code that took over the worker would."""
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, text)
        except OSError:
            continue
