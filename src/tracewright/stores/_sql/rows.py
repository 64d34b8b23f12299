"""Between traces and rows: what is written, what a query selects, what is read back and checked."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from tracewright.errors import StoreError
from tracewright.records.trace import Trace
from tracewright.stores import Query
from tracewright.stores._index.entry import FLAGS, TEXTS, Entry, check_id, entry_of
from tracewright.stores._index.keys import ID_LENGTH, read_cursor
from tracewright.stores._sql.database import insert_if_new
from tracewright.stores._sql.tables import key, tombstones, traces

CHUNK = 1000
"""How many ids stand in one statement; PostgreSQL takes 65,535 parameters, SQLite 32,766."""

LEVEL = 1
"""The zlib level of a body: measured on traces over source files, a fifth of the size at no loss of speed."""

Row = dict[str, Any]


def row_of(trace: Trace) -> Row:
    """Return the row of a trace; raises StoreError when its id is not that of its content."""
    check_id(trace)
    body, entry = trace.to_json().encode(), entry_of(trace)
    return {
        "id": trace.id,
        "sha256": hashlib.sha256(body).hexdigest(),
        **{column.name: _stored(getattr(entry, column.name)) for column in fields(Entry)},
        "reward": trace.grade.reward if trace.grade else None,
        "steps": len(trace.steps),
        "body": zlib.compress(body, LEVEL),
    }


def trace_of(row: Mapping[str, Any], place: str) -> Trace:
    """Read a trace back; raises StoreError when its text is not the one that was written."""
    name = f"trace {row['id'][:12]} in {place}"
    try:
        body = zlib.decompress(row["body"])
    except zlib.error:
        body = b""
    if hashlib.sha256(body).hexdigest() != row["sha256"]:
        raise StoreError(f"{name} was changed after it was stored; restore it from a copy")
    try:
        return Trace.from_json(body)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise StoreError(
            f"trace {row['id'][:12]} in {place} cannot be read at {where!r}; upgrade tracewright"
        ) from error


def add(connection: sa.Connection, rows: Sequence[Row]) -> int:
    """Insert rows that are neither there nor buried; returns how many these were."""
    return sum(_add(connection, chunk) for chunk in _chunks(rows))


def bury(connection: sa.Connection, trace_id: str, at: str) -> int:
    """Delete a trace and leave its tombstone; returns how many were there, 0 or 1."""
    found = connection.execute(sa.delete(traces).where(traces.c.id == trace_id)).rowcount
    if found:
        connection.execute(sa.insert(tombstones), {"id": trace_id, "deleted_at": at})
    return found


def selection(query: Query) -> sa.Select[Any]:
    """Return the page that a query asks for and one row more, which tells whether there is another page."""
    newest = query.order == "newest"
    chosen = sa.select(traces).where(*conditions(query)).limit(query.limit + 1)
    chosen = chosen.order_by(traces.c.seq.desc() if newest else traces.c.seq)
    if (after := read_cursor(query)) is None:
        return chosen
    return chosen.where(traces.c.seq < after if newest else traces.c.seq > after)


def conditions(query: Query) -> list[sa.ColumnElement[bool]]:
    """Return what a query filters by, limit and cursor aside."""
    texts = [traces.c[name] == key(wanted) for name in TEXTS if (wanted := getattr(query, name))]
    flags = [traces.c[name] == wanted for name in FLAGS if (wanted := getattr(query, name)) is not None]
    licences = [traces.c.licence.in_([key(licence) for licence in query.licences])] if query.licences else []
    return [*texts, *flags, *licences]


def beginning(text: str) -> sa.Select[Any]:
    """Return at most two traces whose id begins with some hex digits."""
    # Between two ids of full length the order of hex digits is the same under every collation.
    between = traces.c.id.between(text.ljust(ID_LENGTH, "0"), text.ljust(ID_LENGTH, "f"))
    return sa.select(traces).where(between).limit(2)


def _stored(value: str | bool) -> str | bool:
    return key(value) if isinstance(value, str) else value


def _add(connection: sa.Connection, rows: Sequence[Row]) -> int:
    ids = [row["id"] for row in rows]
    buried = set(connection.scalars(sa.select(tombstones.c.id).where(tombstones.c.id.in_(ids))))
    fresh = [row for row in rows if row["id"] not in buried]
    return insert_if_new(connection, traces, fresh) if fresh else 0


def _chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
