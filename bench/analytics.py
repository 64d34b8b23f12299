"""Measures queries behind the policy against what each rests on: the engine's parser, a bare cursor, a bare fork.

Both sides of a pair run in turns, so that a busy machine slows both; what counts is the median of the paired ratios.
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
from pathlib import Path

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


@dataclass(frozen=True)
class Pair:
    """One thing and what it is held against, the most that the ratio may be, and seconds of each in every round."""

    name: str
    most: float
    times: list[tuple[float, float]]


def paired(name: str, most: float, one: Callable[[], object], other: Callable[[], object], rounds: int) -> Pair:
    """Run both in turns, after one round that does not count."""
    one(), other()
    return Pair(name, most, [(_seconds(one), _seconds(other)) for _ in range(rounds)])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def warm(path: Path, rounds: int) -> Iterator[Pair]:
    """Yield the pairs that run in one process, over connections that stay open."""
    opened = open_locked(path, 600)
    parser, catalogue = Parser(opened), catalogue_of(opened, TABLES)
    serialise = "SELECT json_serialize_sql(?)"
    with duckdb.connect() as bare:
        for text in (GROUPED, JOINED, LONGER):
            yield paired(
                f"validate {len(text)} characters : json_serialize_sql of them",
                2,
                lambda text=text: check(text, parser, catalogue),  # type: ignore[misc]  # the default binds the text
                lambda text=text: bare.execute(serialise, [text]).fetchall(),  # type: ignore[misc]  # likewise
                rounds,
            )

    def validated() -> object:
        return opened.data.execute(check(JOINED, parser, catalogue).canonical).fetchall()

    def cursor() -> object:
        return opened.data.execute(JOINED).fetchall()

    yield paired("validated warm query : bare cursor", 2, validated, cursor, rounds)
    opened.parser.close()
    opened.data.close()


def isolated(path: Path, rounds: int) -> Iterator[Pair]:
    """Yield the pairs against a bare fork that opens the file, runs the query and answers; nothing may be open here."""
    request, inputs = {"sql": GROUPED, "tables": TABLES}, {f"{SET}.duckdb": path}

    def job() -> None:
        done = run(request, {}, inputs)
        if done.status != "ok":
            raise SystemExit(f"the query failed: {done.message}")

    def supervised() -> None:
        supervise(lambda: run(request, {}, inputs), Bounds(1 << 20, 30), (), sweep=False)

    yield paired("isolated query, its own fork : bare fork", 1.5, job, lambda: floor(path), rounds)
    yield paired("isolated query, as a worker forks it : bare fork", 1.5, supervised, lambda: floor(path), rounds)


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
    """Measure and print the report, or write it, too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, help="write the report there, too")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as folder:
        home = Path(folder)
        path = Blobs(home / "blobs").path(asyncio.run(data_of(home, SET)).sha256)
        pairs = [*isolated(path, wanted.rounds), asyncio.run(jailed(home, path, wanted.rounds))]
        text = report([*warm(path, wanted.rounds), *pairs])
    print(text)
    if wanted.out:
        wanted.out.parent.mkdir(parents=True, exist_ok=True)
        wanted.out.write_text(text)


if __name__ == "__main__":
    main()
