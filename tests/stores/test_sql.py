"""The database: its revisions, what it refuses, what it does not say."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st

from tests.stores.postgres import AbsentError, Postgres, postgres
from tracewright import registry
from tracewright.errors import MissingPartError, StoreError, UsageError
from tracewright.stores import Query
from tracewright.stores._contract.samples import sample
from tracewright.stores._sql import opening, tables
from tracewright.stores._sql.database import sqlite_engine
from tracewright.stores.sql import Options, SqlStore

Open = Callable[[], SqlStore]


def open_store(home: Path, **options: str) -> SqlStore:
    store: SqlStore = registry.build("stores", "sql", options, registry.Parts(home=home))
    return store


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="psycopg is not installed; run: pip install 'tracewright[postgres]'")
    try:
        with postgres() as running:
            yield running
    except AbsentError as absent:
        pytest.skip(str(absent))


def test_the_revisions_lead_to_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    open_store(tmp_path)
    with sqlite_engine(tmp_path / "traces.db", "full").connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.REVISION_TABLE})
        assert compare_metadata(context, tables.metadata) == []
    assert ScriptDirectory(str(opening.MIGRATIONS)).get_heads() == [tables.REVISION]


def test_every_field_of_a_query_has_an_index() -> None:
    indexed = {index.columns.keys()[0] for index in tables.traces.indexes}
    others = {"order", "limit", "cursor", "licences"}
    assert indexed == (set(Query.model_fields) - others) | {"licence"}


@pytest.mark.parametrize("name", ["environment", "group", "language"])
def test_a_filtered_page_is_read_off_its_index(name: str, tmp_path: Path) -> None:
    from tracewright.stores._sql.rows import selection

    open_store(tmp_path)
    with sqlite_engine(tmp_path / "traces.db", "full").connect() as connection:
        statement = selection(Query.model_validate({name: "x"})).compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert f"USING INDEX ix_traces_{tables.traces.c[name].name}" in plan
    assert "TEMP B-TREE" not in plan, "the index gives the order, too"


def test_a_store_of_a_newer_version_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    open_store(tmp_path)
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        connection.execute("UPDATE tracewright_revision SET version_num = '9999'")
    connection.close()
    before = (tmp_path / "traces.db").read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer Tracewright \(revision 9999\); upgrade tracewright"):
        open_store(tmp_path)
    assert (tmp_path / "traces.db").read_bytes() == before


LATER = '''"""A revision of the future."""
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("traces", sa.Column("mood", sa.String(10)))
    {more}
'''


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a further revision, in a copy of ours, once some traces are stored."""
    asyncio.run(open_store(tmp_path).append([sample(1)]))
    migrations = tmp_path / "migrations"
    shutil.copytree(opening.MIGRATIONS, migrations)
    monkeypatch.setattr(opening, "MIGRATIONS", migrations)
    monkeypatch.setattr(opening, "REVISION", "0002")
    return migrations / "versions" / "r0002_later.py"


def test_an_older_store_is_migrated_with_its_traces(later: Path, tmp_path: Path) -> None:
    later.write_text(LATER.format(more=""))
    store = open_store(tmp_path)
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        assert connection.execute("SELECT version_num FROM tracewright_revision").fetchall() == [("0002",)]
        assert connection.execute("SELECT mood FROM traces").fetchall() == [(None,)]
    assert asyncio.run(store.get(sample(1).id)) == sample(1)


def test_a_migration_that_fails_leaves_the_store_as_it_was(later: Path, tmp_path: Path) -> None:
    later.write_text(LATER.format(more='op.execute("SELECT 1 FROM nowhere")'))
    with pytest.raises(StoreError, match="no such table: nowhere"):
        open_store(tmp_path)
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        assert connection.execute("SELECT version_num FROM tracewright_revision").fetchall() == [("0001",)]
        assert "mood" not in str(connection.execute("SELECT sql FROM sqlite_master").fetchall())


def test_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    code = (
        "import asyncio; from pathlib import Path; from tracewright import registry;"
        "from tracewright.stores._contract.samples import sample;"
        f"store = registry.build('stores', 'sql', {{}}, registry.Parts(home=Path({str(tmp_path)!r})));"
        "print(asyncio.run(store.append([sample(1)])))"
    )
    pipe = subprocess.PIPE
    racers = [subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    said = [racer.communicate() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, said
    assert sorted(out.strip() for out, _ in said) == ["0", "0", "0", "1"]


@pytest.mark.parametrize("folder", ["50% off", "a#b?c=d", "naïve ♦", "file:x?mode=ro"])
def test_a_home_may_have_any_name(folder: str, tmp_path: Path) -> None:
    asyncio.run(open_store(tmp_path / folder).append([sample(1)]))
    assert (tmp_path / folder / "traces.db").is_file()


@pytest.mark.parametrize("synchronous", ["full", "normal"])
def test_the_file_is_in_wal_mode_and_syncs_as_asked(synchronous: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, synchronous=synchronous)
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == {"normal": 1, "full": 2}[synchronous]


@pytest.mark.parametrize("body", [b"", b"noise", zlib.compress(b"{}")])
def test_a_body_that_was_changed_is_told_by_its_hash(body: bytes, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    asyncio.run(store.append([sample(1)]))
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        connection.execute("UPDATE traces SET body = ?", (body,))
    connection.close()
    with pytest.raises(StoreError, match=rf"trace {sample(1).id[:12]} in .*traces\.db was changed after it was stored"):
        asyncio.run(store.get(sample(1).id))


def test_a_body_with_a_field_of_a_later_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    store, body = open_store(tmp_path), b'{"mood":"sunny",' + sample(1).to_json()[1:].encode()
    asyncio.run(store.append([sample(1)]))
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        row = (zlib.compress(body), hashlib.sha256(body).hexdigest())
        connection.execute("UPDATE traces SET body = ?, sha256 = ?", row)
    connection.close()
    with pytest.raises(StoreError, match=r"cannot be read at 'mood'; upgrade tracewright"):
        asyncio.run(store.find(Query()))


def test_a_beginning_that_two_traces_share_is_wrong_use(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    asyncio.run(store.append([sample(1), sample(2)]))
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        connection.execute("UPDATE traces SET id = printf('abababab%056d', seq)")
    connection.close()
    with pytest.raises(UsageError, match="several traces begin with 'abababab'; give more"):
        asyncio.run(store.get("ab" * 4))


def test_a_store_that_is_let_go_holds_no_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    asyncio.run(store.append([sample(1)]))
    del store
    gc.collect()
    held = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert str(tmp_path / "traces.db") not in held
    assert not (tmp_path / "traces.db-wal").exists(), "the last connection folds the log into the file"


@given(st.lists(st.one_of(st.text(max_size=80), st.text("ab", min_size=60, max_size=70)), unique=True))
def test_no_two_texts_share_a_key(texts: list[str]) -> None:
    asked = {*texts, *map(tables.key, texts)}  # a text may look like the key of another
    keys = {tables.key(text) for text in asked}
    assert len(keys) == len(asked)
    assert all("\0" not in key and len(key) <= 71 for key in keys)


SECRET = "hunter2-tr0ub4dor"
ADDRESSES = [
    f"postgresql://keeper:{SECRET}@127.0.0.1:1/traces",
    f"postgresql://127.0.0.1:1/traces?user=keeper&password={SECRET}",
    f"postgresql://keeper:{SECRET}@127.0.0.1:port/traces",
    f"mysql://keeper:{SECRET}@host/traces",
    f"postgresql://keeper:{SECRET}@127.0.0.1:1/traces?unknown_option={SECRET}",
    f"://{SECRET}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_password_is_never_repeated(address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((StoreError, UsageError)) as caught:
        open_store(tmp_path, address=address)
    assert SECRET not in caplog.text
    assert SECRET not in "".join(map(str, _chain(caught.value)))
    assert SECRET not in repr(Options(address=address))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_missing_driver_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPartError, match=r"pip install 'tracewright\[postgres\]'"):
        open_store(tmp_path, address="postgresql://localhost/traces")


def test_a_postgres_of_a_newer_version_is_refused(server: Postgres, tmp_path: Path) -> None:
    schema = server.new_schema()
    open_store(tmp_path, address=server.address(schema))
    server.execute("UPDATE tracewright_revision SET version_num = '9999'", schema)
    with pytest.raises(StoreError, match=r"written by a newer Tracewright \(revision 9999\); upgrade tracewright"):
        open_store(tmp_path, address=server.address(schema))


def test_a_postgres_may_hold_other_programs_tables(server: Postgres, tmp_path: Path) -> None:
    schema = server.new_schema()
    server.execute("CREATE TABLE alembic_version AS SELECT 'another' AS version_num", schema)
    store = open_store(tmp_path, address=server.address(schema))
    assert asyncio.run(store.append([sample(1)])) == 1


def test_a_postgres_that_comes_back_is_used_again(server: Postgres, tmp_path: Path) -> None:
    store = open_store(tmp_path, address=server.address(server.new_schema()))
    assert asyncio.run(store.append([sample(1)])) == 1
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert asyncio.run(store.append([sample(1), sample(2)])) == 1


def test_traces_over_postgres_have_the_tables_that_the_code_knows(server: Postgres, tmp_path: Path) -> None:
    store = open_store(tmp_path, address=server.address(server.new_schema()))
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.REVISION_TABLE})
        assert compare_metadata(context, tables.metadata) == []
        assert connection.scalar(sa.text("SHOW search_path")) != "public"
