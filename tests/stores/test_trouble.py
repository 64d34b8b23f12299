"""What goes wrong around a store ends in one sentence, and nothing half-written looks whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracewright import registry
from tracewright.errors import StoreError
from tracewright.records.trace import Trace
from tracewright.stores import Query, Store
from tracewright.stores._contract.samples import TASK, sample
from tracewright.stores._jsonl import lines
from tracewright.stores._sql.database import sqlite_engine
from tracewright.stores.sql import SqlStore

STORES = ("jsonl", "sql")
# Loaded before any test gives up root: the checkout may be readable for root alone.
MODULES = {name: registry.load("stores", name) for name in STORES}
MIB = 1 << 20


def open_store(name: str, home: Path) -> Store:
    module = MODULES[name]
    store: Store = module.build(module.Options(), registry.Parts(home=home))
    return store


def bulky(number: int) -> Trace:
    noise = hashlib.shake_256(str(number).encode()).hexdigest(20_000)  # 40 kB that hardly shrink
    return sample(number, task=TASK.model_copy(update={"files": {"noise.txt": noise}}))


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """Let no file grow over a size, as a quota would; Python turns the signal into an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up root for a while, since root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    _ = sample(0).sha256  # the codec that it takes is loaded late, too
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", STORES)
def test_a_full_disk_is_a_sentence_and_a_call_is_whole_or_not_there(name: str, tmp_path: Path) -> None:
    store, kept = open_store(name, tmp_path), 0

    async def fill() -> None:
        nonlocal kept
        while kept < 100:
            kept += await store.append([bulky(kept + i) for i in range(5)])

    with file_limit(MIB):
        with pytest.raises(StoreError, match="free space"):
            asyncio.run(fill())
        assert asyncio.run(store.count(Query())) == kept > 0
    assert asyncio.run(store.append([bulky(kept + i) for i in range(5)])) == 5
    found = asyncio.run(open_store(name, tmp_path).find(Query(limit=1000)))
    assert [trace.seed for trace in found.traces] == list(range(kept + 5))


def test_a_full_database_fails_those_who_do_not_fit_and_serves_the_rest(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "traces.db", "full")
    open_store("sql", tmp_path)
    store = SqlStore(engine, registry.Parts(home=tmp_path).clock)

    async def fill() -> Sequence[int | BaseException]:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 120")  # stays with the one pooled connection
        return await asyncio.gather(*(store.append([bulky(i)]) for i in range(40)), return_exceptions=True)

    answers = asyncio.run(fill())
    told = [answer for answer in answers if isinstance(answer, BaseException)]
    assert told
    assert all(isinstance(answer, StoreError) and "no room left" in str(answer) for answer in told)
    assert asyncio.run(store.count(Query())) == answers.count(1) > 0


@pytest.mark.parametrize("name", STORES)
def test_a_read_only_home_is_a_sentence(name: str) -> None:
    open_store("sql", Path(tempfile.mkdtemp()))  # what is imported on the way must be imported as root
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o555)
        with ordinary_user(), pytest.raises(StoreError, match="choose another home"):
            asyncio.run(open_store(name, home).append([sample(1)]))
        with ordinary_user(), pytest.raises(StoreError, match="choose another home"):
            asyncio.run(open_store(name, home / "inner").append([sample(1)]))
        assert list(home.iterdir()) == []


def test_a_home_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="choose another home"):
        open_store("sql", tmp_path / "home")


def test_a_file_that_is_no_database_is_a_sentence_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "traces.db").write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match=r"traces\.db is not a SQLite database; move it away"):
        open_store("sql", tmp_path)
    assert (tmp_path / "traces.db").read_text() == "Dear diary, " * 100


def test_a_locked_database_is_a_sentence(tmp_path: Path) -> None:
    open_store("sql", tmp_path)
    store = SqlStore(
        sqlite_engine(tmp_path / "traces.db", "full", busy_seconds=0.1), registry.Parts(home=tmp_path).clock
    )
    other = sqlite3.connect(tmp_path / "traces.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        asyncio.run(store.append([sample(1)]))
    assert asyncio.run(store.count(Query())) == 0, "readers are not held up"
    other.close()
    assert asyncio.run(store.append([sample(1)])) == 1


def test_a_locked_file_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LOCK_SECONDS", 0.1)
    store = open_store("jsonl", tmp_path)
    with lines.writing(tmp_path / "traces.jsonl"):
        with pytest.raises(StoreError, match="locked by another process"):
            asyncio.run(store.append([sample(1)]))
        with pytest.raises(StoreError, match="locked by another process"):
            asyncio.run(store.count(Query()))
    assert asyncio.run(store.append([sample(1)])) == 1


WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from tracewright import registry
from tracewright.stores._contract.samples import sample

async def write():
    store = registry.build("stores", sys.argv[1], {}, registry.Parts(home=Path(sys.argv[2])))
    for number in range(100_000):
        await store.append([sample(number)])
        print(number, flush=True)

asyncio.run(write())
"""


@pytest.mark.parametrize("name", STORES)
def test_what_was_acknowledged_outlives_a_kill(name: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, name, str(tmp_path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += map(int, writer.stdout.read().split())
    store = open_store(name, tmp_path)
    assert asyncio.run(store.count(Query())) in {len(acknowledged), len(acknowledged) + 1}
    assert asyncio.run(store.append([sample(number) for number in acknowledged])) == 0
    assert asyncio.run(store.append([sample(-1)])) == 1
