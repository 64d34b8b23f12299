"""The canonical bytes of a table, of which its hash is taken: CSV in UTF-8, rows in order, one way to write a value.

Numbers, true and false stand bare, all else in quotes, and nothing at all is null; a float is the shortest text that
reads back as itself. Only the standard library is imported here, because the jail computes these bytes as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = bool | int | float | str | date | Decimal | None
"""What a row holds; a datetime is a date, and bears no zone."""
Row = tuple[Cell, ...]

SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
"""What a set or table may be called."""

CHUNK = 1000


@dataclass(frozen=True)
class Fingerprint:
    """What is left of a table once its bytes were seen."""

    sha256: str
    rows: int
    bytes: int


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield the canonical bytes in parts: the names, then each row, every line ended by a line feed."""
    yield _line(columns)
    part: list[bytes] = []
    for row in rows:
        part.append(_line(row))
        if len(part) == CHUNK:
            yield b"".join(part)
            part.clear()
    yield b"".join(part)


def fingerprint(columns: Sequence[str], rows: Iterable[Row]) -> Fingerprint:
    """Hash the canonical bytes without keeping them."""
    digest, size, count = hashlib.sha256(), 0, 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    for part in csv_lines(columns, counted()):
        digest.update(part)
        size += len(part)
    return Fingerprint(digest.hexdigest(), count, size)


def _line(row: Sequence[Cell]) -> bytes:
    return (",".join([_cell(value) for value in row]) + "\n").encode()


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value + 0.0)  # -0.0 and 0.0 are one value
        case Decimal():
            return f"{value:f}"
        case _:
            return '"' + str(value).replace('"', '""') + '"'
