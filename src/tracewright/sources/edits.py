"""Reads code edits and tasks from JSON lines: our own forms, CommitPackFT's columns, or plain before and after."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

from pydantic import Field

from tracewright.errors import RecordError, SourceError
from tracewright.records.base import Record
from tracewright.records.task import Dropped, Edit, Task, read_task
from tracewright.registry import Parts
from tracewright.sources import SourceCard
from tracewright.sources._code.rows import Unfit, read_edit

MIB = 1 << 20
TASK_COLUMNS = {"id", "environment", "instruction", "origin"}


class Options(Record):
    """`path` is a file of JSON lines, or `-` for standard input; longer lines and larger sides are dropped."""

    path: str
    max_line_bytes: int = Field(default=8 * MIB, ge=1)
    max_side_bytes: int = Field(default=MIB, ge=1)


class EditsSource:
    """A file of JSON lines, read as a stream; a line that cannot be used is dropped by reason, the rest goes on."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.name = "stdin" if options.path == "-" else Path(options.path).name

    def describe(self) -> SourceCard:
        return SourceCard(name="edits", description=f"edits and tasks read from {self.name}; each row has its licence")

    def records(self) -> Iterator[Task | Edit | Dropped]:
        """Yield records and drops in the order of the lines; raises SourceError where there is no such file."""
        with self._open() as file:
            for number, line in _lines(file, self.options.max_line_bytes):
                where = f"{self.name}:{number}"
                if line is None:
                    yield Dropped("line_too_long", f"{where}: over {self.options.max_line_bytes} bytes")
                elif line.strip():
                    yield self._record(line, where)

    def _open(self) -> Any:
        if self.options.path == "-":
            return nullcontext(sys.stdin.buffer)
        try:
            return Path(self.options.path).open("rb")
        except OSError as error:
            raise SourceError(f"wanted JSON lines at {self.options.path}, found: {error.strerror}") from error

    def _record(self, line: bytes, where: str) -> Task | Edit | Dropped:
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            return Dropped("corrupt_line", f"{where}: not UTF-8 at byte {error.start}")
        except (ValueError, RecursionError) as error:
            return Dropped("corrupt_line", f"{where}: not JSON: {error}")
        if not isinstance(row, dict):
            return Dropped("corrupt_line", f"{where}: wanted a JSON object, found {type(row).__name__}")
        if _has_half_a_character(row):
            return Dropped("corrupt_line", f"{where}: holds half a character (a lone surrogate)")
        try:
            if TASK_COLUMNS.issubset(row):
                return read_task(line.decode(), where)
            return read_edit(row, Path(self.name).stem, self.options.max_side_bytes)
        except RecordError as error:
            return Dropped("corrupt_line", str(error))
        except Unfit as unfit:
            return Dropped(unfit.reason, f"{where}: {unfit}")


def _has_half_a_character(row: dict[str, Any]) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def build(options: Options, parts: Parts) -> EditsSource:
    """Return the source; nothing is opened before its records are asked for."""
    return EditsSource(options)


def _lines(file: IO[bytes], cap: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines, counted from 1; None stands for one over the cap, which is never held whole."""
    number = 0
    while line := file.readline(cap + 1):
        number += 1
        if len(line.rstrip(b"\r\n")) <= cap and (line.endswith(b"\n") or len(line) <= cap):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(cap)
        yield number, None
