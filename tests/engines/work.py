"""Functions for a worker process to call."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tracewright.errors import SandboxError
from tracewright.records.base import JsonObject


async def double(shard: JsonObject) -> JsonObject:
    print("noise on standard output")  # noqa: T201 -- what a library might do
    return {"twice": int(str(shard["number"])) * 2, "pid": os.getpid()}


async def slow_first(shard: JsonObject) -> JsonObject:
    await asyncio.sleep(1.0 if shard["number"] == 0 else 0.0)
    return shard


async def fail(shard: JsonObject) -> JsonObject:
    raise SandboxError("the jail broke")


async def stumble(shard: JsonObject) -> JsonObject:
    raise ValueError("a fault of ours")


async def die_once(shard: JsonObject) -> JsonObject:
    mark = Path(str(shard["mark"]))
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return {"survived": True}


async def die(shard: JsonObject) -> JsonObject:
    os._exit(9)
