"""The worker's end of the pipe: a frame is two lengths, a JSON header and raw bytes. The host checks what comes out."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

LENGTHS = struct.Struct(">II")
LARGEST = 1 << 30


def read_frame(descriptor: int) -> tuple[dict[str, Any], bytes] | None:
    """Return the next header and its raw bytes, or None where the other end hung up."""
    lengths = _read_exactly(descriptor, LENGTHS.size)
    if lengths is None:
        return None
    size, body = LENGTHS.unpack(lengths)
    text = _read_exactly(descriptor, size + body)
    return None if text is None else (json.loads(text[:size]), text[size:])


def write_frame(descriptor: int, header: Mapping[str, Any], body: bytes = b"", limit: int = LARGEST) -> None:
    """Send one frame; raises TypeError or ValueError where the header is not plain JSON, or the whole too large."""
    # A lone surrogate is legal in a Python string and in no JSON that others read.
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    if len(text) + len(body) > limit:
        raise ValueError(f"{len(text) + len(body)} bytes, at most {limit} can be sent")
    view = memoryview(LENGTHS.pack(len(text), len(body)) + text + body)
    while view:
        view = view[os.write(descriptor, view) :]


def _read_exactly(descriptor: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, min(size - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
