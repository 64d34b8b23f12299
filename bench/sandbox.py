"""Measures what the jail costs beside the same work done without one, and how well its limits hold in time and memory.

Everything that is compared runs in turn within a round, a few times over, each time on a text that neither side saw
before; a ratio is that of the medians of one round, and the table gives the median of the rounds with the middle half
of them. A row without a target explains another one. Container engines are started only where
TRACEWRIGHT_TEST_DAEMONS=1 is set.
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
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path

import pytest
from ast_grep_py import SgRoot

from tracewright.jobs._ast_grep import in_process as binding
from tracewright.jobs._ast_grep.cli import binary
from tracewright.jobs._ast_grep.rules import read_rules
from tracewright.jobs._worker.workspace import unified_diff
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.registry import Parts, build
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._contract.trial import survivors

ROUNDS = 60
TIMES = 5
"""So often in a row one way is timed in a round, so that none pays for what the one before it threw out."""
BATCH = 32
KILLS = 100
DEAF = 8
DEADLINE = 1.5
SURVIVAL_SECONDS = 1.0
PROOFS = 7
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
print('up', flush=True)
time.sleep(600)
"""
SHORT = """Whoever tells of the tree before and after parses both texts, in C code not ours: no action gains more than
that row. Most of the rest is the walk of the new tree, three calls into the binding a node. The fixed price of a
jailed action, two turns of a pipe and the checks of its answer, shows in the small text."""
FLOOD = "import os\nfor _ in range(1 << 10): os.write(1, b'x' * (1 << 20))"

_numbers = count(1)


@dataclass(frozen=True)
class Row:
    """One line of the table: what, the floor that it is set against, ours, the ratio or figure, what was aimed at."""

    what: str
    floor: str
    ours: str
    measured: str
    target: str = "-"
    met: bool | None = None


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


async def steady(work: Callable[[str], Awaitable[object]], functions: int) -> float:
    """Return the median milliseconds that a piece of work takes on some new texts in a row."""
    return statistics.median([await timed(partial(work, source(functions))) for _ in range(TIMES)])


async def in_process(*texts: str) -> None:
    """Rewrite texts here, by the very functions that the jailed worker calls."""
    kind = importlib.import_module("tracewright.jobs.ast_grep")
    for text in texts:
        done = kind.run(REWRITE, {"a.py": text}, {})
        require(unified_diff({"a.py": text}, done.files), "nothing was rewritten")


async def scanned(text: str) -> None:
    """Find the matches in one text and work out their edits here, which is all that the program does."""
    require(binding.attempt(read_rules(REWRITE), {"a.py": text.encode()}), "nothing was found")


async def parsed(text: str) -> None:
    """Parse one text as it is and as it becomes, and nothing more."""
    require([SgRoot(one, "Python") for one in (text, text.replace("print(", "log("))], "nothing was parsed")


async def jailed(sandbox: Sandbox, *texts: str) -> None:
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
    singles: dict[str, Callable[[str], Awaitable[object]]] = {
        "alone": in_process,
        "jailed": partial(jailed, sandbox),
        "program": partial(by_subprocess, folder),
        "scan": scanned,
        "parse": parsed,
    }
    found = []
    for number in range(rounds):
        many, more = ([source(functions) for _ in range(BATCH)] for _ in range(2))
        ways: dict[str, Callable[[], Awaitable[float]]] = {
            **{name: partial(steady, work, functions) for name, work in singles.items()},
            "alone by 32": partial(timed, partial(in_process, *many)),
            "jailed by 32": partial(timed, partial(jailed, sandbox, *more)),
        }
        names = [*ways][number % len(ways) :] + [*ways][: number % len(ways)]
        found.append({name: await ways[name]() for name in names})
    return found


async def programs(sandbox: Sandbox, rounds: int) -> list[dict[str, float]]:
    """Time a small Python program as a bare process and in a jail of its own, made ahead or not."""
    found = []

    async def plain() -> None:
        # It starts as the jailed one does.
        command = (sys.executable, "-s", "-S", "-P", "-B", "-c", PROGRAM)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        require((await process.communicate())[0] == b"499500\n", "the bare program printed something else")

    async def boxed() -> None:
        outcome = await sandbox.run(program(PROGRAM))
        require(outcome.stdout == "499500\n", outcome.message)

    await boxed()
    ways = {"bare": plain, "warm": boxed}
    for number in range(rounds):
        once = {}
        for name in sorted(ways, reverse=bool(number % 2)):
            # The next jail is made while nothing is timed: a warm pool is what is measured.
            await asyncio.sleep(0.25)
            once[name] = await timed(ways[name])
        # At the heels of a bare process nothing is left to wait for; at those of a jailed one the next jail is.
        await asyncio.sleep(0.25)
        await boxed()
        once["next"] = await timed(boxed)
        found.append(once)
    return found


def program(code: str, seconds: float = 30.0) -> Job:
    """Return the job that runs a Python program."""
    return Job(kind="python", isolation="oneshot", request={"code": code}, limits=Limits(wall_seconds=seconds))


async def kills(sandbox: Sandbox, times: int) -> tuple[list[float], int]:
    """Return how many milliseconds after its deadline the last process of each deaf tree ended, and what survived.

    The deadline runs from our asking. The processes are found long before it, so nobody searches while they end.
    """
    ends_of = importlib.import_module("tests.sandboxes.endings").ends_of
    late, found = [], 0
    for _ in range(times):
        # A warm jail is what is measured: the next one is made meanwhile.
        await asyncio.sleep(0.5)
        token = f"survivor_{os.getpid()}_{next(_numbers)}"
        # It starts anew under a command line that can be found from outside.
        code = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {f'{TREE}# {token}'!r}])"
        began = time.perf_counter()
        running = asyncio.create_task(sandbox.run(program(code, DEADLINE)))
        while len(tree := await asyncio.to_thread(survivors, token)) < DEAF and not running.done():
            await asyncio.sleep(0.02)
        with ends_of(tree) as ends:
            outcome = await running
            told = f"{len(tree)} processes, {outcome.status}: {outcome.message}"
            require((len(tree), outcome.status, outcome.stdout) == (DEAF, "timeout", "up\n" * DEAF), told)
            _, left = await asyncio.wait(ends, timeout=SURVIVAL_SECONDS)
        found += max(len(left), len(survivors(token)))
        late.append((max(end.result() if end.done() else math.inf for end in ends) - began - DEADLINE) * 1000)
    return late, found


async def flood(sandbox: Sandbox) -> tuple[float, Outcome]:
    """Return by how many MiB the peak of our memory grew while a job printed a gigabyte, and its outcome."""
    await sandbox.run(program("print(1)"))
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    outcome = await sandbox.run(program(FLOOD))
    require(outcome.status == "output_limit", outcome.message)
    return (memory("VmHWM") - before) / 1024, outcome


async def proofs(times: int) -> list[float]:
    """Return the milliseconds that each of some first proofs took, in a home that remembers none."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as home:
            sandbox: Sandbox = build("sandboxes", "bubblewrap", {}, Parts(home=Path(home)))
            found.append(await timed(sandbox.preflight))
            await sandbox.close()
    return found


async def engines(sandbox: Sandbox, home: Path, address: str, rounds: int) -> list[dict[str, float]]:
    """Time one action in our jail and in a worker of a Docker engine."""
    docker: Sandbox = build("sandboxes", "docker", {"address": address}, Parts(home=home))
    found = []
    try:
        for way in (sandbox, docker):
            await jailed(way, source(40))
        for number in range(rounds):
            ways = {"ours": sandbox, "docker": docker}
            names = sorted(ways, reverse=bool(number % 2))
            found.append({name: await steady(partial(jailed, ways[name]), 40) for name in names})
    finally:
        await docker.close()
    return found


def memory(field: str) -> int:
    """Return one of our memory figures in KiB."""
    return int(Path("/proc/self/status").read_text().partition(f"{field}:")[2].split()[0])


def compared(
    what: str, found: Sequence[dict[str, float]], over: str, under: str, most: float | None = None, scale: float = 1
) -> Row:
    """Return the row of a ratio that should be at most `most`."""
    low, middle, high = quartiles([once[over] / once[under] for once in found])
    target, met = ("-", None) if most is None else (f"≤ {most:.2f}x", middle <= most)
    told = f"{middle:.2f}x ({low:.2f} to {high:.2f})"
    return Row(what, spread(found, under, scale), spread(found, over, scale), told, target, met)


def faster(what: str, found: Sequence[dict[str, float]], way: str, least: float | None = None) -> Row:
    """Return the row of how many times faster a way is than the unjailed program."""
    low, middle, high = quartiles([once["program"] / once[way] for once in found])
    target, met = ("-", None) if least is None else (f"≥ {least:.0f}x faster", middle >= least)
    told = f"{middle:.1f}x faster ({low:.1f} to {high:.1f})"
    return Row(what, spread(found, "program"), spread(found, way), told, target, met)


def spread(found: Sequence[dict[str, float]], name: str, scale: float = 1) -> str:
    """Return the median of a way, the middle half and the least, in milliseconds."""
    times = [once[name] / scale for once in found]
    low, middle, high = quartiles(times)
    return f"{middle:.2f} ms ({low:.2f} to {high:.2f}; least {min(times):.2f})"


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the first quartile, the median and the third."""
    return tuple(statistics.quantiles(values, n=4))  # type: ignore[return-value]  # n = 4 has three cuts


async def measure(home: Path, rounds: int, address: str) -> list[Row]:
    """Measure everything in a home of its own."""
    sandbox: Sandbox = build("sandboxes", "bubblewrap", {}, Parts(home=home))
    try:
        await sandbox.preflight()
        await jailed(sandbox, source(1))
        rows = []
        for name, functions in {"file": 40, "small text": 4}.items():
            rows += action_rows(name, functions, await actions(sandbox, home, functions, rounds))
        found = await programs(sandbox, rounds)
        rows.append(compared("Python program, warm jail of its own, to bare process", found, "warm", "bare", 1.15))
        rows.append(compared("the same right after another, so that its jail is not made yet", found, "next", "bare"))
        if address:
            found = await engines(sandbox, home, address, rounds)
            rows.append(compared("file: jailed worker in Docker to ours", found, "docker", "ours", 1.50))
        return [*rows, *await limit_rows(sandbox)]
    finally:
        await sandbox.close()


def action_rows(name: str, functions: int, found: Sequence[dict[str, float]]) -> list[Row]:
    """Return what one size of text gave; the targets were made for texts like the file."""
    size = f"{name} of {len(source(functions)):,} bytes, {functions} matches"
    alone, batched, times = (1.30, 1.08, 12) if name == "file" else (None, None, None)
    return [
        compared(f"{size}: jailed to in-process", found, "jailed", "alone", alone),
        compared(f"{size}: the same by {BATCH}, each", found, "jailed by 32", "alone by 32", batched, BATCH),
        faster(f"{size}: jailed to the unjailed program", found, "jailed", times),
        faster(f"{size}: only what the program does, in-process", found, "scan"),
        faster(f"{size}: only the parser, before and after, in-process", found, "parse"),
    ]


async def limit_rows(sandbox: Sandbox) -> list[Row]:
    """Return the rows of what is held to a figure, not to another way."""
    late, left = await kills(sandbox, KILLS)
    worst = sorted(late)[math.ceil(len(late) * 0.99) - 1]
    told = f"median {statistics.median(late):.1f} ms, worst {max(late):.1f} ms of {len(late)}; {left} survived"
    gone = Row(f"tree of {DEAF} deaf processes gone after the deadline, p99", "-", told, f"{worst:.1f} ms", "≤ 50 ms")
    grown, outcome = await flood(sandbox)
    kept = f"status {outcome.status}, kept {len(outcome.stdout) / MIB:.2f} MiB"
    flooded = Row("our memory under 1 GiB of output", "-", kept, f"{grown:.1f} MiB", "≤ 8 MiB", grown <= 8)
    first = sorted(await proofs(PROOFS))
    told = f"{first[0]:.0f} to {first[-1]:.0f} ms, {PROOFS} times"
    middle = f"{statistics.median(first):.0f} ms"
    proof = Row("preflight without a kept proof", "-", told, middle, "≤ 1500 ms", first[-1] <= 1500)
    return [replace(gone, met=worst <= 50 and not left), flooded, proof]


def report(rows: Sequence[Row], rounds: int, missing: str) -> str:
    """Return the table, and the machine that it was made on."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("ast-grep-cli", "ast-grep-py"))
    bwrap = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    chip = Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2].partition("\n")[0] or platform.machine()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, {chip}"
    lines = [
        "# What the jail costs",
        "",
        f"`bench/sandbox.py`, {rounds} rounds, all ways of a round in turn, each {TIMES} times (a batch once).",
        "Ratios are those of the medians of one round; given are their median and, in brackets, the middle half. One",
        "action of `ast_grep` scans, rewrites, and works out trees, lines and diff; the unjailed program only scans",
        "and tells the edits. No text is seen twice.",
        f"{machine}, Python {platform.python_version()}, {bwrap}, {versions}.",
        f"Load {os.getloadavg()[0]:.1f} at the end: read the ratios rather than the milliseconds.",
        *(["", f"Left out: {missing}"] if missing else []),
        "",
        "| what | floor | ours | measured | target | |",
        "|---|---|---|---|---|---|",
    ]
    verdicts = {True: "PASS", False: "short", None: ""}
    told = (f"| {r.what} | {r.floor} | {r.ours} | {r.measured} | {r.target} | {verdicts[r.met]} |" for r in rows)
    return "\n".join([*lines, *told, "", SHORT]) + "\n"


def engine() -> tuple[str, str]:
    """Return the address of a Docker engine with our image, started for us; or why there is none."""
    if os.environ.get("TRACEWRIGHT_TEST_DAEMONS") != "1":
        return "", "the row of Docker, for TRACEWRIGHT_TEST_DAEMONS=1 is not set."
    daemons = importlib.import_module("tests.sandboxes.daemons")
    try:
        return str(daemons.address("docker")), ""
    except pytest.skip.Exception as reason:
        return "", f"the row of Docker ({reason})."


def main() -> None:
    """Measure, print the table and write it."""
    # The tests know how to start an engine by hand, and how to be told of the end of a process.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "sandbox.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracewright-bench-") as home:
        address, missing = engine()
        rows = asyncio.run(measure(Path(home), wanted.rounds, address))
    text = report(rows, wanted.rounds, missing)
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
