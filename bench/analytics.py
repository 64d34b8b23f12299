"""Measures queries behind the policy against what each rests on: the engine's parser, a bare cursor, a bare fork.

Both sides of a pair run in turns, so that a busy machine slows both; what counts is the median of the paired ratios.
Where both sides are one thread of this process, it is the processor's time that is taken, which others cannot lengthen.
The jail's row has the whole way in it: pipe, worker, two forks, locks, policy, answer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from tracewright.blobs import Blobs
from tracewright.jobs._query.locks import Parser, catalogue_of, open_locked
from tracewright.jobs._query.policy import check
from tracewright.jobs._worker.supervise import Bounds, supervise
from tracewright.jobs.query import run
from tracewright.pipeline.queries import data_of, query_job
from tracewright.records.job import Outcome
from tracewright.registry import Parts, build
from tracewright.sandboxes import Sandbox
from tracewright.tables import shipped
from tracewright.tables.content import csv_lines

ROUNDS = 60
SET = "ecommerce"
TABLES = ["inventory", "order_items", "orders"]
GROUPED = "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status"
JOINED = (
    "SELECT o.status, count(*) AS n, sum(i.quantity) AS pieces FROM orders o"
    " JOIN order_items i ON i.order_id = o.order_id GROUP BY o.status ORDER BY o.status"
)
LONGER = (
    "WITH m AS (SELECT o.status, i.product_id, sum(i.quantity) AS pieces, count(*) AS n FROM orders o"
    " JOIN order_items i ON i.order_id = o.order_id WHERE o.status <> 'open' AND i.quantity > 1 GROUP BY ALL)"
    " SELECT status, product_id, pieces, n, pieces / n AS mean, pieces - lag(pieces) OVER (PARTITION BY status"
    " ORDER BY product_id) AS more FROM m ORDER BY status, product_id LIMIT 20"
)


ALONE: dict[str, Any] = {"threads": 1, "async_threads": 0}
SETS = ("ecommerce", "support", "sensors")


Sides = tuple[Callable[[], object], Callable[[], object]]


@dataclass(frozen=True)
class Pair:
    """One thing and what it is held against, the most that the ratio may be, and seconds of each in every round."""

    name: str
    most: float
    times: list[tuple[float, float]]


def paired(name: str, most: float, sides: Sides, rounds: int, clock: Callable[[], float] = time.perf_counter) -> Pair:
    """Run both in turns, after one round that does not count."""
    one, other = sides
    one(), other()
    return Pair(name, most, [(_seconds(one, clock), _seconds(other, clock)) for _ in range(rounds)])


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return clock() - began


def warm(path: Path, rounds: int) -> Iterator[Pair]:
    """Yield the pairs that run in one process, over connections that stay open."""
    opened = open_locked(path, 600)
    parser, catalogue = Parser(opened), catalogue_of(opened, TABLES)
    serialise = "SELECT json_serialize_sql(?)"
    with duckdb.connect(config=ALONE) as bare:
        for text in (GROUPED, JOINED, LONGER):
            sides = (
                partial(check, text, parser, catalogue),
                partial(lambda text: bare.execute(serialise, [text]).fetchall(), text),
            )
            name = f"validate {len(text)} characters : json_serialize_sql of them"
            yield paired(name, 2, sides, rounds, time.thread_time)

    def validated() -> object:
        return opened.data.execute(check(JOINED, parser, catalogue).canonical).fetchall()

    def cursor() -> object:
        return opened.data.execute(JOINED).fetchall()

    yield paired("validated warm query : bare cursor", 2, (validated, cursor), rounds, time.thread_time)
    opened.parser.close()
    opened.data.close()


async def stored(home: Path, rounds: int) -> Pair:
    """Hold the first query over all three sets, attached as they are kept, against loading the CSV of their tables."""
    kept = {name: Blobs(home / "blobs").path((await data_of(home, name)).sha256) for name in SETS}
    texts: dict[str, Path] = {}
    for name in SETS:
        rows = shipped.generate(name)
        for table in shipped.described(name, rows).tables:
            texts[table.name] = home / f"{table.name}.csv"
            texts[table.name].write_bytes(b"".join(csv_lines(table.header, rows[table.name])))

    def attach() -> None:
        with duckdb.connect(config=ALONE) as connection:
            for name, path in kept.items():
                connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
            connection.execute(GROUPED.replace("orders", f"{SET}.orders")).fetchall()

    def load() -> None:
        with duckdb.connect(config=ALONE) as connection:
            for name, path in texts.items():
                connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{path}')")
            connection.execute(GROUPED).fetchall()

    name = "69,893 rows: attach, first query : load the CSV, first query"
    return paired(name, 0.2, (attach, load), max(5, rounds // 4))


def isolated(path: Path, rounds: int) -> Iterator[Pair]:
    """Yield the pairs against a bare fork that opens the file, runs the query and answers; nothing may be open here."""
    request, inputs = {"sql": GROUPED, "tables": TABLES}, {f"{SET}.duckdb": path}

    def job() -> None:
        done = run(request, {}, inputs)
        if done.status != "ok":
            raise SystemExit(f"the query failed: {done.message}")

    def supervised() -> None:
        supervise(lambda: run(request, {}, inputs), Bounds(1 << 20, 30), (), sweep=False)

    bare = partial(floor, path)
    yield paired("isolated query, its own fork : bare fork", 1.5, (job, bare), rounds)
    yield paired("isolated query, as a worker forks it : bare fork", 1.5, (supervised, bare), rounds)


def floor(path: Path) -> None:
    """Fork, open, run, answer: no limits, no locks, no policy."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            rows = duckdb.connect(str(path), read_only=True).execute(GROUPED).fetchall()
            os.write(into, repr(rows).encode())
        finally:
            os._exit(0)
    os.close(into)
    os.read(out, 1 << 16)
    os.close(out)
    os.waitpid(child, 0)


async def jailed(home: Path, path: Path, rounds: int) -> Pair:
    """Run the job in a warm jail; the floor runs beside it without one."""
    job = query_job(await data_of(home, SET), {"op": "run", "sql": GROUPED})
    sandbox: Sandbox = build("sandboxes", "bubblewrap", {}, Parts(home=home))

    async def once() -> float:
        began = time.perf_counter()
        outcome: Outcome = await sandbox.run(job)
        if outcome.status != "ok":
            raise SystemExit(f"the jail did not answer: {outcome.message}")
        return time.perf_counter() - began

    try:
        await once()
        times = [(await once(), _seconds(lambda: floor(path))) for _ in range(rounds)]
    finally:
        await sandbox.close()
    return Pair("isolated query, the whole way into the jail and back : bare fork", 1.5, times)


def report(pairs: list[Pair]) -> str:
    """Write the table: medians in milliseconds, and the median of the paired ratios with its middle half."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    load = os.getloadavg()[0]
    lines = [
        "# Queries behind the policy",
        "",
        f"`bench/analytics.py`, {len(pairs[0].times)} rounds, both sides in turns; the set `{SET}`.",
        f"{machine}, DuckDB {duckdb.__version__}; load {load:.1f} when it was over.",
        "The first four are the processor's time of one thread, the others the clock's.",
        "A ratio over its target is shown as it is.",
        "",
        "| what : held against | ms | ms | ratio: median (middle half) | target |",
        "|---|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *map(_line, pairs)]) + "\n"


def _line(pair: Pair) -> str:
    one, other = (statistics.median(side) * 1000 for side in zip(*pair.times, strict=True))
    low, middle, high = statistics.quantiles([mine / theirs for mine, theirs in pair.times], n=4)
    return f"| {pair.name} | {one:.2f} | {other:.2f} | {middle:.2f} ({low:.2f} to {high:.2f}) | ≤ {pair.most:g} |"


def main() -> None:
    """Measure, print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "analytics.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as folder:
        home = Path(folder)
        path = Blobs(home / "blobs").path(asyncio.run(data_of(home, SET)).sha256)
        pairs = [*isolated(path, wanted.rounds), asyncio.run(jailed(home, path, wanted.rounds))]
        pairs.append(asyncio.run(stored(home, wanted.rounds)))
        text = report([*warm(path, wanted.rounds), *pairs])
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
