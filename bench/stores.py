"""Measures appending to the stores beside the floor under them: the same texts put into bare sqlite3, or a bare file.

The floors hash nothing, check nothing and filter nothing. Within a round everything runs once, in an order that turns
by one from round to round, and each store is compared with its floor of the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tracewright import registry
from tracewright.records.trace import Trace
from tracewright.stores import Store
from tracewright.stores._contract.samples import TASK, sample

ROUNDS = 7
BATCH = 100
SINGLES = 200
ROWS = 2000
SOURCE = "def total(rows):\n    print(len(rows))\n    return sum(row.cost for row in rows)\n"

Way = Callable[[Path, Sequence[Trace]], float]
"""Stores traces in a new folder and returns the seconds that this took."""


def traces(count: int) -> list[Trace]:
    """Return traces of about 4 kB."""
    tasks = [TASK.model_copy(update={"files": {"total.py": SOURCE * 38 + f"# {number}\n"}}) for number in range(count)]
    return [sample(number, task=task) for number, task in enumerate(tasks)]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def through_store(name: str, batch: int, together: bool, folder: Path, items: Sequence[Trace]) -> float:
    """Append by calls of `batch` traces, one after the other or all at the same time."""
    store: Store = registry.build("stores", name, {}, registry.Parts(home=folder))
    calls = [items[at : at + batch] for at in range(0, len(items), batch)]

    async def append() -> None:
        if together:
            await asyncio.gather(*map(store.append, calls))
            return
        for call in calls:
            await store.append(call)

    return timed(lambda: asyncio.run(append()))


def bare_sqlite(batch: int, folder: Path, items: Sequence[Trace]) -> float:
    """Insert ids and texts that were made before, one transaction a batch, in WAL mode with synchronous=FULL."""
    rows = [(item.id, item.to_json()) for item in items]
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    connection.execute("CREATE TABLE traces (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)")

    def insert() -> None:
        for at in range(0, len(rows), batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO traces (id, body) VALUES (?, ?)", rows[at : at + batch])
            connection.execute("COMMIT")

    try:
        return timed(insert)
    finally:
        connection.close()


def bare_file(batch: int, folder: Path, items: Sequence[Trace]) -> float:
    """Write lines that were made before, one fsync a batch."""
    lines = [f"{item.to_json()}\n".encode() for item in items]
    with (folder / "floor.jsonl").open("wb", buffering=0) as file:

        def write() -> None:
            for at in range(0, len(lines), batch):
                file.write(b"".join(lines[at : at + batch]))
                os.fsync(file.fileno())

        return timed(write)


def text_only(folder: Path, items: Sequence[Trace]) -> float:
    """Store nothing: check each id and write each text, which every store must do."""
    return timed(lambda: [(item.content_id(), item.to_json()) for item in items])


WAYS: dict[str, tuple[int, str, Way]] = {
    "sql, one a call": (SINGLES, "sqlite3, one a commit", partial(through_store, "sql", 1, False)),
    "sql, one a call, all calls at once": (SINGLES, "sqlite3, one a commit", partial(through_store, "sql", 1, True)),
    "sql, 100 a call": (ROWS, "sqlite3, 100 a commit", partial(through_store, "sql", BATCH, False)),
    "jsonl, one a call": (SINGLES, "file, one a sync", partial(through_store, "jsonl", 1, False)),
    "jsonl, 100 a call": (ROWS, "file, 100 a sync", partial(through_store, "jsonl", BATCH, False)),
    "ids and texts alone, nothing stored": (ROWS, "", text_only),
    "sqlite3, one a commit": (SINGLES, "", partial(bare_sqlite, 1)),
    "sqlite3, 100 a commit": (ROWS, "", partial(bare_sqlite, BATCH)),
    "file, one a sync": (SINGLES, "", partial(bare_file, 1)),
    "file, 100 a sync": (ROWS, "", partial(bare_file, BATCH)),
}


def measure(rounds: int) -> list[dict[str, float]]:
    """Return the rows a second of every way in every round."""
    items, names, found = traces(ROWS), list(WAYS), []
    for number in range(rounds):
        turned = [*names[number % len(names) :], *names[: number % len(names)]]
        found.append({name: rate(name, items) for name in turned})
    return found


def rate(name: str, items: Sequence[Trace]) -> float:
    """Run one way in a folder of its own and return its rows a second."""
    count, _, way = WAYS[name]
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as folder:
        return count / way(Path(folder), items[:count])


def report(found: Sequence[dict[str, float]]) -> str:
    """Write the table: medians with their spread, and the median of each round's ratio to the floor."""
    size = len(sample(0, task=traces(1)[0].task).to_json())
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = [
        "# Appending traces",
        "",
        f"`bench/stores.py`, {len(found)} rounds, interleaved; traces of {size:,} bytes of JSON; every commit on disk.",
        f"{machine}, SQLite {sqlite3.sqlite_version} with `synchronous=FULL`. Rows a second.",
        "Other work ran on the same machine: read the ratios of paired rounds rather than the rates.",
        "",
        "| way | median | slowest | fastest | share of its floor: median of the rounds (range) |",
        "|---|---:|---:|---:|---|",
    ]
    return "\n".join([*lines, *(row(name, found) for name in WAYS)]) + "\n"


def row(name: str, found: Sequence[dict[str, float]]) -> str:
    """Write one line of the table."""
    rates, floor = [once[name] for once in found], WAYS[name][1]
    shares = [once[name] / once[floor] for once in found] if floor else []
    share = f"{statistics.median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f}) of {floor}" if shares else ""
    return f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} | {share} |"


def main() -> None:
    """Measure, print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "stores.md")
    wanted = parser.parse_args()
    text = report(measure(wanted.rounds))
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
