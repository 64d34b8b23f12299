"""What alembic runs to migrate: it uses the connection, and so the transaction, of whoever opens the store."""

from __future__ import annotations

from alembic import context

from tracewright.stores._sql.tables import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
    transactional_ddl=True,  # SQLite can, too: a migration that fails leaves the database as it was
)
with context.begin_transaction():
    context.run_migrations()
