"""Measures compiling plans against running them, and tries random plans on the promise that they survive their SQL.

Both sides of a pair run in turns over the shipped sets, in one thread; what counts is the median of the paired ratios
of processor time.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, Phase, given, seed, settings

from tracewright.plans.compiling import bind_params, compile_plan
from tracewright.plans.document import read_plan
from tracewright.tables import shipped

ROOT = Path(__file__).parents[1]
ROUNDS = 60
PLANS = 2_500
PART = 250
"""So many plans are drawn from one seed; another seed leads further away than another draw."""
MOST = 0.15
EXAMPLES = sorted((ROOT / "examples" / "plans").glob("*.json"))


@dataclass(frozen=True)
class Pair:
    """A plan, and in every round the seconds of compiling it (from its JSON) and of running its SQL."""

    name: str
    times: list[tuple[float, float]]


def paired(path: Path, rounds: int, scale: int) -> Pair:
    """Compile and run one example in turns, after one round that does not count."""
    from tests.plans.shipped import open_set, set_catalogue

    text = path.read_text("utf-8")
    dataset = read_plan(text).dataset
    catalogue, engine = set_catalogue(dataset), open_set(shipped.scaled_name(dataset, scale))
    compiled = compile_plan(text, catalogue)
    now = {"now": shipped.registry()[dataset].as_of} if "$now" in compiled.sql else {}
    values = bind_params(compiled, now) or None

    def compiling() -> object:
        return compile_plan(text, catalogue)

    def running() -> object:
        return engine.execute(compiled.sql, values).fetchall()

    compiling(), running()
    return Pair(path.stem, [(_seconds(compiling), _seconds(running)) for _ in range(rounds)])


def _seconds(work: Callable[[], object]) -> float:
    # The processor's seconds: whoever else is on the machine makes neither side slower.
    began = time.process_time()
    work()
    return time.process_time() - began


def tried(count: int) -> tuple[Counter[str], float]:
    """Try so many random plans; returns what became of them and the seconds, and raises where one breaks."""
    from tests.plans import properties
    from tests.plans.strategies import plans

    found: Counter[str] = Counter()

    def survives(plan: dict[str, Any]) -> None:
        rows = properties.survives_sql(plan)
        found["plans"] += 1
        found["steps"] += len(plan["steps"])
        found["failed at the run, both alike" if rows.failed else "rows" if rows.rows else "no rows"] += 1

    began = time.process_time()
    for number, start in enumerate(range(0, count, PART)):
        many = settings(
            max_examples=min(PART, count - start),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(many(given(plan=plans())(survives)))()
    return found, time.process_time() - began


def report(pairs: list[Pair], found: Counter[str], seconds: float, scale: int) -> str:
    """Write the page: medians in milliseconds, the ratios with their middle half, and what became of random plans."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    held = sum(_ratio(pair)[1] <= MOST for pair in pairs)
    whole = [
        (sum(one for one, _ in times), sum(other for _, other in times))
        for times in zip(*(p.times for p in pairs), strict=True)
    ]
    lines = [
        "# Query plans",
        "",
        f"`bench/plans.py`, {len(pairs[0].times)} rounds, both sides in turns; the example plans over their sets,",
        f"at scale {scale} (`--scale`): compiling takes as long over more rows, running does not.",
        f"{machine}, DuckDB {duckdb.__version__} in one thread; load {os.getloadavg()[0]:.1f} when it was over.",
        "Compiling goes from the plan's JSON to SQL; running is a bare cursor's. Both are processor time.",
        f"Target: at most {MOST:g}. {held} of {len(pairs)} hold it.",
        "",
        "| plan | compile ms | run ms | ratio: median (middle half) |",
        "|---|---:|---:|---:|",
        *map(_line, [*pairs, Pair("all of them", whole)]),
        "",
        "Random plans over small tables, each compiled, run, imported from its SQL, compiled and run again:",
        f"{found['plans']} plans of {found['steps']} steps in {seconds:.0f} s of processor time.",
        "All had the same names, types and rows both times.",
        "",
        "| of these | plans |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(found.items()) if name not in {"plans", "steps"}),
    ]
    return "\n".join(lines) + "\n"


def _ratio(pair: Pair) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles([mine / theirs for mine, theirs in pair.times], n=4)
    return low, middle, high


def _line(pair: Pair) -> str:
    one, other = (statistics.median(side) * 1000 for side in zip(*pair.times, strict=True))
    low, middle, high = _ratio(pair)
    return f"| {pair.name} | {one:.2f} | {other:.2f} | {middle:.2f} ({low:.2f} to {high:.2f}) |"


def main() -> None:
    """Measure, print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scale", type=int, default=1, help="run over sets so many times as large")
    parser.add_argument("--plans", type=int, default=PLANS, help="try so many random plans")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "plans.md")
    wanted = parser.parse_args()
    sys.path.insert(0, str(ROOT))  # the sets as tables and the drawing of plans lie among the tests
    pairs = [paired(path, wanted.rounds, wanted.scale) for path in EXAMPLES]
    text = report(pairs, *tried(wanted.plans), wanted.scale)
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
