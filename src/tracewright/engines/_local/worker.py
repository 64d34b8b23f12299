"""Runs shards one after the other: a JSON line in on descriptor 0, a JSON line out on what was descriptor 1."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve until the parent closes our input; whatever the work prints goes to standard error."""
    # Ctrl-C reaches the whole process group, but ending is the parent's to say; and we must not outlive it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asyncio.run(_serve(answers))


async def _serve(answers: Any) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    if task is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            answers.write(json.dumps(await _answer(json.loads(line))) + "\n")
            answers.flush()


async def _answer(call: dict[str, Any]) -> dict[str, Any]:
    try:
        module, _, name = call["function"].partition(":")
        return {"result": await getattr(importlib.import_module(module), name)(call["shard"])}
    except Exception as error:  # noqa: BLE001 -- the parent hears of every failure, typed by its class name
        kind = type(error).__name__
        return {"error": str(error), "kind": kind, "trace": traceback.format_exc()}


if __name__ == "__main__":
    main()
