"""Brings a database to the newest revision, or refuses it when it is newer than we are."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from tracewright.errors import StoreError
from tracewright.stores._sql.database import place, reading, writing
from tracewright.stores._sql.tables import REVISION, REVISION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBIC = Lock()  # alembic keeps its context in module globals


def bring_up(engine: sa.Engine) -> None:
    """Migrate an empty or older database; safe while others open it. Raises StoreError for a newer one."""
    with reading(engine) as connection:
        if revision(connection) == REVISION:
            return
    with _ALEMBIC, writing(engine) as connection:
        _migrate(connection, revision(connection))


def revision(connection: sa.Connection) -> str:
    """Return the revision at which a database stands; empty for one that never was a store."""
    if not sa.inspect(connection).has_table(REVISION_TABLE):
        return ""
    return str(connection.scalar(sa.text(f"SELECT version_num FROM {REVISION_TABLE}")) or "")  # noqa: S608 - a constant


def _migrate(connection: sa.Connection, found: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found and found not in known:
        where = place(connection.engine)
        raise StoreError(f"{where} was written by a newer Tracewright (revision {found[:40]}); upgrade tracewright")
    command.upgrade(config, "head")
