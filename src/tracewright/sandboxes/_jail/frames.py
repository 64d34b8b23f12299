"""The host's end of the pipe: a frame is two lengths, a JSON header, raw bytes. Nothing that comes in is believed."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from tracewright.errors import SandboxError
from tracewright.records.base import JsonObject, WorkspacePath

LENGTHS = struct.Struct(">II")
REPLY_BYTES = 128 << 20
"""No reply is longer than this, header and raw bytes together; the worker is told, and says so where it matters."""


class Stream(Protocol):
    """Where a worker's bytes come from."""

    async def readexactly(self, n: int, /) -> bytes:
        """Return the next `n` bytes; raises IncompleteReadError where fewer come."""
        ...


class JailDiedError(SandboxError):
    """The worker hung up before its reply was whole."""


class ProtocolError(SandboxError):
    """The worker sent something that is no reply to what was asked; nothing it said can be used."""


class Reply(BaseModel):
    """One answer of a worker, as checked at the door: an outcome can be made of its fields as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: int
    nonce: str
    status: Literal["ok", "no_match", "action_error", "nonzero", "timeout", "oom", "output_limit", "no_evidence"]
    code: str
    message: str
    exit_code: int | None
    stdout: str
    stderr: str
    files: dict[WorkspacePath, str | None]
    diff: str
    result: JsonObject
    artifacts: list[tuple[str, int]]
    cpu_seconds: float
    resident_bytes: int
    memory_kills: int = 0
    peak_memory_bytes: int | None = None
    broken: str = ""
    """Why the worker could not do its own part; then the reply says nothing about the job."""


def encode(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a frame."""
    # Half a character in an action is for the job to refuse, not for the pipe to break on.
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return LENGTHS.pack(len(text), len(body)) + text + body


async def read(stream: Stream, limit: int = REPLY_BYTES) -> tuple[bytes, bytes]:
    """Return the next header and raw bytes; raises JailDiedError at the end, ProtocolError beyond `limit`."""
    try:
        header, body = LENGTHS.unpack(await stream.readexactly(LENGTHS.size))
        if header + body > limit:
            raise ProtocolError(f"protocol violation: a reply of {header + body} bytes, at most {limit} are taken")
        return await stream.readexactly(header), await stream.readexactly(body)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise JailDiedError("the jailed worker ended before its reply was whole") from error


def check(header: bytes, body: bytes, number: int, nonce: str) -> Reply:
    """Return the reply to the question `number`; raises ProtocolError for anything else."""
    try:
        reply = Reply.model_validate_json(header)
    except ValidationError as error:
        raise ProtocolError(f"protocol violation: {error.errors()[0]['msg']} in a reply") from error
    if reply.broken:
        raise SandboxError(f"the jailed worker could not do its part: {reply.broken[:200]}")
    if (reply.id, reply.nonce) != (number, nonce):
        raise ProtocolError(f"protocol violation: a reply to question {reply.id} where {number} was asked")
    if sum(size for _, size in reply.artifacts) != len(body) or any(size < 0 for _, size in reply.artifacts):
        raise ProtocolError("protocol violation: the raw bytes of a reply are not those that its header lists")
    return reply
