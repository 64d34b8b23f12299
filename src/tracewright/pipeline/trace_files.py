"""Reads traces from JSON lines: as they are stored, or as rows of the format `trace` that an export wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from tracewright.errors import SourceError
from tracewright.records.task import Dropped
from tracewright.records.trace import Trace
from tracewright.records.turn_text import unescape_all


def read_traces(path: Path) -> Iterator[Trace | Dropped]:
    """Yield the trace of each line, or why it is none; whether its id fits its content is for the caller to ask."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _trace(line, f"{path}:{number}")
    except OSError as error:
        raise SourceError(f"wanted traces as JSON lines at {path}, found: {error.strerror}") from error


def _trace(line: bytes, where: str) -> Trace | Dropped:
    try:
        row = json.loads(line)
        # An export escapes the control tokens in its texts; the stored form does not.
        record = unescape_all(row["record"]) if isinstance(row, dict) and "record" in row else row
        return Trace.model_validate(record)
    except ValidationError as error:
        fault = error.errors()[0]
        return Dropped("no_trace", f"{where} is no trace: {'.'.join(map(str, fault['loc']))}: {fault['msg']}")
    except ValueError as error:
        return Dropped("no_trace", f"{where} is no JSON: {error}")
