"""A job's result as it crosses a pipe: JSON for the facts, raw bytes for the artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.jobs import Result


def pack(result: Result) -> tuple[dict[str, Any], bytes]:
    """Return a header and the artifacts one after another; the header says their names and sizes in order."""
    header = {
        "status": result.status,
        "code": result.code,
        "message": result.message,
        "exit_code": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "files": dict(result.files),
        "result": dict(result.result),
        "artifacts": [[name, len(data)] for name, data in result.artifacts.items()],
    }
    return header, b"".join(result.artifacts.values())


def unpack(header: Mapping[str, Any], body: bytes) -> Result:
    """Return the result that `pack` wrote; raises KeyError or TypeError for anything else."""
    artifacts = {}
    offset = 0
    for name, size in header["artifacts"]:
        artifacts[name] = body[offset : offset + size]
        offset += size
    return Result(**{**header, "artifacts": artifacts})
