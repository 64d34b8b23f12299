"""Reads traces from JSON lines: as they are stored, or as rows of the format `trace` that an export wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from tracewright.errors import RecordError, SourceError
from tracewright.records.task import Dropped
from tracewright.records.trace import Trace
from tracewright.records.turn_text import unescape_all


def read_traces(path: Path, *, changed: bool = False) -> Iterator[Trace | Dropped]:
    """Yield the trace of each line, or why it is none.

    A trace whose id does not fit its content is dropped, unless `changed` ones are wanted too.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _trace(line, f"{path}:{number}", changed=changed)
    except OSError as error:
        raise SourceError(f"wanted traces as JSON lines at {path}, found: {error.strerror}") from error


def _trace(line: bytes, where: str, *, changed: bool) -> Trace | Dropped:
    try:
        row = json.loads(line)
        # An export escapes the control tokens in its texts; the stored form does not.
        exported = isinstance(row, dict) and "record" in row
        trace = Trace.model_validate(unescape_all(row["record"]) if exported else row)
        # The id leaves out where a trace comes from; the sum of its bytes, which only a row carries, does not.
        whole = not exported or row.get("sha256") == trace.sha256
        fits = trace.content_id() == trace.id
    except ValidationError as error:
        fault = error.errors()[0]
        return Dropped("no_trace", f"{where} is no trace: {'.'.join(map(str, fault['loc']))}: {fault['msg']}")
    except (ValueError, RecursionError) as error:
        return Dropped("no_trace", f"{where} is no JSON: {error}")
    except RecordError as error:
        return Dropped("no_trace", f"{where} has no id: {error}")
    if (fits and whole) or changed:
        return trace
    what = "its row's sha256 does not fit its bytes" if fits else "its id does not fit its content"
    return Dropped("changed", f"{where}: trace {trace.id[:12]} was changed: {what}")
