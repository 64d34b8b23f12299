"""The first revision: traces and tombstones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEYS = ("environment", "policy", "task", "split", "status", "rollout", "trace_group", "licence")
_TAGS = ("language", "kind", "tier")
_FLAGS = ("passed", "privileged")


def upgrade() -> None:
    """Make both tables and an index for everything that a query filters on."""
    op.create_table(
        "traces",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(71), nullable=False) for name in (*_KEYS, *_TAGS)),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in _FLAGS),
        sa.Column("reward", sa.Float),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    for name in (*_KEYS, *_TAGS, *_FLAGS):
        op.create_index(f"ix_traces_{name}", "traces", [name, "seq"])
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("deleted_at", sa.String(40), nullable=False),
    )
