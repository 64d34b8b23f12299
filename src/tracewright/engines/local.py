"""Runs shards on this machine: a process per worker, asyncio inside each."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence

from pydantic import Field

from tracewright import errors
from tracewright.errors import TracewrightError
from tracewright.records.base import JsonObject, Record
from tracewright.registry import Parts

LINE_LIMIT = 1 << 30
RESTARTS = 2
CLOSE_SECONDS = 5.0


class Options(Record):
    """How many processes work side by side."""

    workers: int = Field(default=2, ge=1, le=256)


class LocalEngine:
    """A pool of worker processes; a worker that dies is replaced, and its shard is given to the next."""

    def __init__(self, options: Options) -> None:
        self._workers = options.workers
        self._processes: set[Process] = set()

    async def map(self, function: str, shards: Sequence[JsonObject]) -> AsyncIterator[JsonObject]:
        """Yield one result a shard as they finish; the first shard that fails ends all with its error."""
        todo: asyncio.Queue[JsonObject] = asyncio.Queue()
        for shard in shards:
            todo.put_nowait(shard)
        results: asyncio.Queue[JsonObject | BaseException] = asyncio.Queue()
        count = min(self._workers, len(shards))
        tasks = [asyncio.create_task(self._work(function, todo, results)) for _ in range(count)]
        try:
            for _ in shards:
                result = await results.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Let the workers end by closing their input, then end those that did not."""
        for process in self._processes:
            if process.stdin:
                process.stdin.close()
        for process in list(self._processes):
            try:
                await asyncio.wait_for(process.wait(), CLOSE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._processes.clear()

    async def _work(
        self, function: str, todo: asyncio.Queue[JsonObject], results: asyncio.Queue[JsonObject | BaseException]
    ) -> None:
        process: Process | None = None
        while not todo.empty():
            shard = todo.get_nowait()
            for restart in range(RESTARTS + 1):
                process = process or await self._start()
                line = await _call(process, function, shard)
                if line:
                    results.put_nowait(_read(line))
                    break
                process = None
                if restart == RESTARTS:
                    results.put_nowait(TracewrightError(f"a worker process died {restart + 1} times on one shard"))

    async def _start(self) -> Process:
        # -P: what lies in the folder that we were called from is nothing to import.
        command = (sys.executable, "-P", "-m", "tracewright.engines._local.worker")
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=LINE_LIMIT)
        self._processes.add(process)
        return process


async def _call(process: Process, function: str, shard: JsonObject) -> bytes:
    """Return the worker's answer; empty when it died."""
    if process.stdin is None or process.stdout is None:
        return b""
    try:
        process.stdin.write(json.dumps({"function": function, "shard": shard}).encode() + b"\n")
        await process.stdin.drain()
        return await process.stdout.readline()
    except (BrokenPipeError, ConnectionResetError):
        return b""


def _read(line: bytes) -> JsonObject | BaseException:
    answer = json.loads(line)
    if "result" in answer:
        result: JsonObject = answer["result"]
        return result
    kind = getattr(errors, answer["kind"], None)
    if isinstance(kind, type) and issubclass(kind, TracewrightError):
        return kind(answer["error"])
    return TracewrightError(f"a worker process failed: {answer['trace']}")


def build(options: Options, parts: Parts) -> LocalEngine:
    """Return the engine; processes start when they are needed."""
    return LocalEngine(options)
