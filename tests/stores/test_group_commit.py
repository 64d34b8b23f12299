"""The writer shares a transaction among those who wait, and no one suffers for a neighbour."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa

from tracewright.errors import StoreError
from tracewright.stores._sql.database import sqlite_engine
from tracewright.stores._sql.writer import GROUP, Work, Writer


class Bench:
    """A writer over a table of numbers that is held up, so that what follows has to wait."""

    def __init__(self, path: Path, queue: int = 1000) -> None:
        self.engine = sqlite_engine(path, "full")
        self.commits = 0
        with self.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        sa.event.listen(self.engine, "commit", self._count)
        self.writer = Writer(self.engine, queue)
        self._go, started = threading.Event(), threading.Event()
        self.first = self.writer.submit(lambda _: self._hold(started))
        assert started.wait(5)

    def release(self) -> None:
        self._go.set()

    def numbers(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql("SELECT number FROM numbers ORDER BY number").scalars())

    def _hold(self, started: threading.Event) -> int:
        started.set()
        assert self._go.wait(5)
        return 0

    def _count(self, _: sa.Connection) -> None:
        self.commits += 1


def insert(number: int) -> Work:
    def work(connection: sa.Connection) -> int:
        return connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,)).rowcount

    return work


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "numbers.db")


def test_all_who_wait_share_one_transaction(bench: Bench) -> None:
    waiting = [bench.writer.submit(insert(number)) for number in range(GROUP)]
    bench.release()
    assert [done.result(5) for done in waiting] == [1] * GROUP
    assert bench.commits == 2, "one for the first, one for all the others"


def test_a_group_is_bounded(bench: Bench) -> None:
    waiting = [bench.writer.submit(insert(number)) for number in range(GROUP + 1)]
    bench.release()
    assert sum(done.result(5) for done in waiting) == GROUP + 1
    assert bench.commits == 3


def test_one_piece_of_work_that_fails_fails_alone(bench: Bench) -> None:
    waiting = [bench.writer.submit(insert(number)) for number in (1, 2, 2, 3)]
    broken: Future[int] = bench.writer.submit(lambda _: 1 // 0)
    bench.release()
    assert [done.exception(5) is None for done in waiting] == [True, True, False, True]
    assert isinstance(broken.exception(5), ZeroDivisionError)
    assert bench.writer.submit(insert(4)).result(5) == 1, "the writer goes on"
    assert bench.numbers() == [1, 2, 3, 4]


def test_a_transaction_that_cannot_begin_fails_all_who_wait_at_once(bench: Bench) -> None:
    waiting = [bench.writer.submit(insert(number)) for number in range(50)]
    bench.engine.dispose()
    sa.event.listen(bench.engine, "begin", refuse)
    bench.release()
    assert all(isinstance(done.exception(5), OSError) for done in waiting)
    sa.event.remove(bench.engine, "begin", refuse)
    assert bench.writer.submit(insert(1)).result(5) == 1, "the writer goes on"


def refuse(_: sa.Connection) -> None:
    raise OSError("the line is dead")


def test_a_full_queue_takes_no_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "numbers.db", queue=2)
    waiting = [bench.writer.submit(insert(number)) for number in (1, 2)]
    with pytest.raises(StoreError, match="2 writes waiting and takes no more; try again later"):
        bench.writer.submit(insert(3))
    bench.release()
    assert [done.result(5) for done in waiting] == [1, 1]
    assert bench.writer.submit(insert(3)).result(5) == 1


def test_whoever_stops_waiting_in_time_finds_nothing_written(bench: Bench) -> None:
    async def give_up() -> None:
        impatient = asyncio.wrap_future(bench.writer.submit(insert(1)))
        patient = asyncio.wrap_future(bench.writer.submit(insert(2)))
        impatient.cancel()
        await asyncio.sleep(0)
        bench.release()
        assert await patient == 1

    asyncio.run(give_up())
    assert bench.numbers() == [2]


def test_the_thread_ends_when_there_is_nothing_to_do(bench: Bench) -> None:
    [thread] = [thread for thread in threading.enumerate() if thread.name == "store-writer"]
    bench.release()
    thread.join(5)
    assert not thread.is_alive()
    assert bench.writer.submit(insert(1)).result(5) == 1, "and comes back when there is"
