"""As much of HTTP/1.1 as the fake cluster speaks: requests with a known length, and JSON for an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request, and its head as it came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    raw: bytes


async def request(reader: asyncio.StreamReader) -> Asked | None:
    """Return the next request; None where the other side has hung up."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.decode().strip().split("\r\n")
    headers = {key.lower(): value.strip() for key, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    return Asked(method, parts.path, parse_qs(parts.query), headers, body, raw)


def send(writer: asyncio.StreamWriter, code: int, answer: Mapping[str, Any]) -> None:
    """Answer a request."""
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
