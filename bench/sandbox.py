"""Measures what the jail costs beside the same work done without one, and how well its limits hold in time and memory.

Everything that is compared runs in turn within a round, each time on a text that neither side saw before; a ratio is
that of one round, and the table gives the median of the rounds with the middle half of them.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from tracewright.jobs._ast_grep.cli import binary
from tracewright.jobs._worker.workspace import unified_diff
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.registry import Parts, build
from tracewright.sandboxes import Sandbox

ROUNDS = 60
BATCH = 32
KILLS = 100
DEADLINE = 0.15
REWRITE = {"op": "apply", "pattern": "print($A)", "rewrite": "log($A)", "language": "python"}
RULE = "id: r0\nlanguage: Python\nrule: {pattern: print($A)}\nfix: log($A)\n"
PROGRAM = "print(sum(range(1000)))"
TREE = """
import os, signal, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
for _ in range(3):
    if os.fork() == 0: os.setsid()
time.sleep(600)
"""
FLOOD = "import os\nfor _ in range(1 << 10): os.write(1, b'x' * (1 << 20))"

_numbers = count(1)


@dataclass(frozen=True)
class Row:
    """One line of the table: what, what was aimed at, what came out, whether it met the target."""

    what: str
    target: str
    measured: str
    met: bool
    detail: str


def source(functions: int) -> str:
    """Return a Python text with one match a function; no two texts are the same, and no two lines in one."""
    stamp = next(_numbers)
    one = "def total_{0}_{1}(rows):\n    print(len(rows) + {0})\n    return sum(row.cost_{0} for row in rows)\n\n\n"
    return "".join(one.format(number, stamp) for number in range(functions))


def require(holds: object, message: str) -> None:
    """Stop measuring where the work was not done."""
    if not holds:
        raise SystemExit(f"the work was not done, so nothing was measured: {message}")


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Return the milliseconds that a piece of work takes."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def in_process(texts: Sequence[str]) -> None:
    """Rewrite texts here, by the very functions that the jailed worker calls."""
    kind = importlib.import_module("tracewright.jobs.ast_grep")
    for text in texts:
        done = kind.run(REWRITE, {"a.py": text}, {})
        require(unified_diff({"a.py": text}, done.files), "nothing was rewritten")


async def jailed(sandbox: Sandbox, texts: Sequence[str]) -> None:
    """Rewrite texts in the jail, all at once."""
    jobs = (Job(kind="ast_grep", files={"a.py": text}, request=REWRITE) for text in texts)
    for outcome in await asyncio.gather(*map(sandbox.run, jobs)):
        require(outcome.files, outcome.message)


async def by_subprocess(folder: Path, text: str) -> None:
    """Rewrite one text by the unjailed program, which works out the edits and nothing more."""
    (folder / "a.py").write_text(text)
    (folder / "rule.yml").write_text(RULE)
    command = [binary(), "scan", "-r", "rule.yml", "--json=compact", "a.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    require(b"replacement" in done.stdout, "the program found nothing")


async def actions(sandbox: Sandbox, folder: Path, functions: int, rounds: int) -> list[dict[str, float]]:
    """Time one action in every way, and a batch, in each round."""
    found = []
    for number in range(rounds):
        fresh = [[source(functions)] for _ in range(3)]
        many, more = ([source(functions) for _ in range(BATCH)] for _ in range(2))
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "alone": partial(in_process, fresh[0]),
            "jailed": partial(jailed, sandbox, fresh[1]),
            "program": partial(by_subprocess, folder, fresh[2][0]),
            "alone by 32": partial(in_process, many),
            "jailed by 32": partial(jailed, sandbox, more),
        }
        names = [*ways][number % len(ways) :] + [*ways][: number % len(ways)]
        found.append({name: await timed(ways[name]) for name in names})
    return found


def bare() -> list[str]:
    """Return the command of a Python that starts as the jailed one does."""
    return [sys.executable, "-s", "-S", "-P", "-B", "-c", PROGRAM]


async def programs(sandbox: Sandbox, rounds: int) -> list[dict[str, float]]:
    """Time a small Python program as a bare process and in a warm jail of its own."""
    found = []

    async def plain() -> None:
        process = await asyncio.create_subprocess_exec(*bare(), stdout=asyncio.subprocess.PIPE)
        await process.communicate()

    async def boxed() -> None:
        outcome = await sandbox.run(program(PROGRAM))
        require(outcome.status == "ok", outcome.message)

    await boxed()
    for number in range(rounds):
        ways = {"bare": plain, "warm": boxed}
        once = {}
        for name in sorted(ways, reverse=bool(number % 2)):
            # The next jail is made while nothing is timed: a warm pool is what is measured.
            await asyncio.sleep(0.2)
            once[name] = await timed(ways[name])
        found.append(once)
    return found


def program(code: str, seconds: float = 30.0) -> Job:
    """Return the job that runs a Python program."""
    return Job(kind="python", isolation="oneshot", request={"code": code}, limits=Limits(wall_seconds=seconds))


async def kills(sandbox: Sandbox, times: int) -> tuple[list[float], int]:
    """Return how many milliseconds late each answer on a deaf tree came, and how many processes it left."""
    late, survivors = [], 0
    for _ in range(times):
        await asyncio.sleep(0.1)
        token = f"survivor_{os.getpid()}_{next(_numbers)}"
        began = time.perf_counter()
        outcome = await sandbox.run(program(f"{token} = 1\n{TREE}", DEADLINE))
        late.append((time.perf_counter() - began - DEADLINE) * 1000)
        require(outcome.status == "timeout", outcome.message)
        survivors += alive(token)
    return late, survivors


def alive(token: str) -> int:
    """Count the processes of this machine that have the word in their command line."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += token.encode() in path.read_bytes()
        except OSError:
            continue
    return found


async def flood(sandbox: Sandbox) -> tuple[float, Outcome]:
    """Return by how many MiB the peak of our memory grew while a job printed a gigabyte, and its outcome."""
    await sandbox.run(program("print(1)"))
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    outcome = await sandbox.run(program(FLOOD))
    return (memory("VmHWM") - before) / 1024, outcome


def memory(field: str) -> int:
    """Return one of our memory figures in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def compared(what: str, found: Sequence[dict[str, float]], over: str, under: str, most: float, scale: float = 1) -> Row:
    """Return the row of a ratio that should be at most `most`."""
    low, middle, high = quartiles([once[over] / once[under] for once in found])
    detail = f"{spread(found, over, scale)} against {spread(found, under, scale)}"
    return Row(what, f"≤ {most:.2f}x", f"{middle:.2f}x ({low:.2f} to {high:.2f})", middle <= most, detail)


def faster(what: str, found: Sequence[dict[str, float]]) -> Row:
    """Return the row of how many times faster a jailed action is than the unjailed program."""
    low, middle, high = quartiles([once["program"] / once["jailed"] for once in found])
    detail = f"{spread(found, 'jailed')} against {spread(found, 'program')}"
    return Row(what, "≥ 12 x", f"{middle:.1f}x ({low:.1f} to {high:.1f})", middle >= 12, detail)


def spread(found: Sequence[dict[str, float]], name: str, scale: float = 1) -> str:
    """Return the median of a way with the middle half, in milliseconds."""
    low, middle, high = quartiles([once[name] / scale for once in found])
    return f"{middle:.2f} ms ({low:.2f} to {high:.2f})"


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the first quartile, the median and the third."""
    low, middle, high = statistics.quantiles(values, n=4)
    return low, middle, high


async def measure(home: Path, rounds: int) -> list[Row]:
    """Measure everything in a home of its own."""
    sandbox: Sandbox = build("sandboxes", "bubblewrap", {}, Parts(home=home))
    try:
        await sandbox.preflight()
        await jailed(sandbox, [source(1)])
        sizes = {"small text": 4, "file": 40}
        found = {name: await actions(sandbox, home, functions, rounds) for name, functions in sizes.items()}
        rows = [row for name, functions in sizes.items() for row in action_rows(name, functions, found[name])]
        rows.append(compared("one-shot Python, warm jail, to bare process", await programs(sandbox, rounds), *WARM))
        late, survivors = await kills(sandbox, KILLS)
        worst = sorted(late)[math.ceil(len(late) * 0.99) - 1]
        told = f"median {statistics.median(late):.1f} ms, worst {max(late):.1f} ms of {len(late)}"
        good = worst <= 50 and not survivors
        rows.append(Row("whole tree gone after the deadline, p99", "≤ 50 ms", f"{worst:.1f} ms", good, told))
        grown, outcome = await flood(sandbox)
        told = f"status {outcome.status}, kept {len(outcome.stdout) / MIB:.2f} MiB"
        rows.append(Row("our memory under 1 GiB of output", "≤ 8 MiB", f"{grown:.1f} MiB", grown <= 8, told))
        return rows
    finally:
        await sandbox.close()


WARM: tuple[Any, ...] = ("warm", "bare", 1.15)


def action_rows(name: str, functions: int, found: Sequence[dict[str, float]]) -> list[Row]:
    """Return what one size of text gave."""
    size = f"{name} of {len(source(functions)):,} bytes, {functions} matches"
    return [
        compared(f"{size}: jailed to in-process", found, "jailed", "alone", 1.30),
        compared(f"{size}: the same by {BATCH}", found, "jailed by 32", "alone by 32", 1.08, BATCH),
        faster(f"{size}: jailed to the unjailed program", found),
    ]


def report(rows: Sequence[Row], rounds: int) -> str:
    """Return the table, and the machine that it was made on."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("ast-grep-cli", "ast-grep-py", "pydantic"))
    bwrap = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}"
    lines = [
        "# What the jail costs",
        "",
        f"`bench/sandbox.py`, {rounds} rounds, all ways of a round in turn. Ratios are those",
        "of one round; given are their median and, in brackets, the middle half. One action of `ast_grep` scans,",
        "rewrites, and works out trees, lines and diff; the unjailed program only scans and tells the edits.",
        f"{machine}, with",
        f"Python {platform.python_version()}, {bwrap}, {versions}.",
        f"Load {os.getloadavg()[0]:.1f} at the end: other work ran on the same machine,",
        "so read the ratios rather than the milliseconds.",
        "",
        "| what | target | measured | met | milliseconds |",
        "|---|---|---|---|---|",
    ]
    told = (f"| {r.what} | {r.target} | {r.measured} | {'yes' if r.met else 'no'} | {r.detail} |" for r in rows)
    return "\n".join([*lines, *told]) + "\n"


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "sandbox.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as home:
        rows = asyncio.run(measure(Path(home), wanted.rounds))
    text = report(rows, wanted.rounds)
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
