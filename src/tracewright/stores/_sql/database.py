"""Reaches a database by address and opens transactions; SQLite and PostgreSQL, whose differences all lie here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from tracewright.errors import MissingPartError, UsageError

Synchronous = Literal["full", "normal"]

BUSY_SECONDS = 10
WRITE_LOCK = 0x7472616365777269  # "tracewri" in ASCII: a number that no other program is likely to lock


def sqlite_engine(path: Path, synchronous: Synchronous, busy_seconds: float = BUSY_SECONDS) -> sa.Engine:
    """Return an engine over one file, in WAL mode; nothing is opened yet."""
    address = sa.URL.create("sqlite", database=str(path.absolute()))
    engine = sa.create_engine(
        address, hide_parameters=True, max_overflow=-1, connect_args={"timeout": busy_seconds, "isolation_level": None}
    )
    sa.event.listen(engine, "connect", lambda raw, _: _set_up(raw, synchronous))
    sa.event.listen(engine, "begin", _begin)
    return engine


def postgres_engine(address: str) -> sa.Engine:
    """Return an engine over PostgreSQL; nothing is opened yet. No error repeats the address: it may hold a password."""
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise UsageError(
            "wanted a store address like postgresql://host/database, found one that cannot be read"
        ) from None
    if url.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        found = url.drivername[:40]
        raise UsageError(
            f"wanted a store address that begins with postgresql://, found {found!r}; leave it out for SQLite"
        )
    try:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"), hide_parameters=True, max_overflow=-1, pool_pre_ping=True
        )
    except ModuleNotFoundError:
        raise MissingPartError(
            "stores.sql needs psycopg for a postgresql:// address; run: pip install 'tracewright[postgres]'"
        ) from None


def place(engine: sa.Engine) -> str:
    """Return how errors name the database: its file, or its host and name without user, password and options."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    port = f":{engine.url.port}" if engine.url.port else ""
    return f"postgresql://{engine.url.host or 'localhost'}{port}/{engine.url.database or ''}"


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that sees one moment of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that no other writer shares, so that sequence numbers rise in the order of commits."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITE_LOCK)))
        yield connection


def insert_if_new(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    """Insert the rows whose `id` is not there yet and return how many these were."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing(index_elements=["id"])
    return connection.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def _set_up(raw: Any, synchronous: Synchronous) -> None:
    cursor = raw.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA synchronous={synchronous.upper()}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A transaction that only turns into a writer later fails at once where another one writes; so say it first.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
