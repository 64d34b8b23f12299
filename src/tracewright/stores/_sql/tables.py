"""The tables as the newest revision leaves them; the revisions themselves lie in `migrations/versions`."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

REVISION = "0001"
"""The newest revision: what an open store stands at."""

REVISION_TABLE = "tracewright_revision"
"""A name of our own, since a PostgreSQL database may be shared with other programs that use alembic."""

TEXT_LENGTH = 64
_KEY = sa.String(TEXT_LENGTH + len("sha256:"))

metadata = sa.MetaData()

traces = sa.Table(
    "traces",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("environment", _KEY, nullable=False),
    sa.Column("policy", _KEY, nullable=False),
    sa.Column("task", _KEY, nullable=False),
    sa.Column("split", _KEY, nullable=False),
    sa.Column("status", _KEY, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("privileged", sa.Boolean, nullable=False),
    sa.Column("rollout", _KEY, nullable=False),
    sa.Column("trace_group", _KEY, key="group", nullable=False),
    sa.Column("licence", _KEY, nullable=False),
    sa.Column("language", _KEY, nullable=False),
    sa.Column("kind", _KEY, nullable=False),
    sa.Column("tier", _KEY, nullable=False),
    sa.Column("reward", sa.Float),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,  # a number once given is never given again, so old cursors stay true
)

FILTERS = (
    "environment",
    "policy",
    "task",
    "split",
    "status",
    "passed",
    "privileged",
    "rollout",
    "group",
    "licence",
    "language",
    "kind",
    "tier",
)

for _name in FILTERS:
    # With seq beside it, an index gives its traces in the order in which they are paged.
    sa.Index(f"ix_traces_{traces.c[_name].name}", traces.c[_name], traces.c.seq)

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("deleted_at", sa.String(40), nullable=False),
)


def key(text: str) -> str:
    """Return the form in which a text is filtered on: itself, or its hash where it is long or holds a NUL.

    PostgreSQL stores no NUL and indexes nothing over 2.7 kB, and tags may hold anything. No two texts share a key:
    whatever stands as it is is shorter than every hash.
    """
    if len(text) <= TEXT_LENGTH and "\0" not in text:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
