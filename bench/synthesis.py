"""Measures by-example rules: how many real edits are found to the byte, how many carry over to a file never seen.

A case counts only if the `ast_grep` job itself writes the text after from one of the candidates. Reproducing an example
is fitting it; the honest number is the transfer, where the rule of one file is applied unseen to another of its commit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tracewright.jobs.ast_grep import run as ast_grep
from tracewright.jobs.infer_rules import run as infer_rules

LIMIT = 8
Row = dict[str, Any]


@dataclass
class Tally:
    """Counts of one group of cases."""

    cases: int = 0
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, **seen: bool) -> None:
        self.cases += 1
        for name, value in seen.items():
            self.counts[name] += value

    def share(self, name: str) -> str:
        return f"{self.counts[name]} ({100 * self.counts[name] / self.cases:.1f} %)" if self.cases else "-"


@dataclass
class Clock:
    """Seconds of wall and of processor, children included, a case."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def infer(self, case: Row) -> list[Row]:
        """Infer for a commit and note how long it took."""
        wall, cpu = time.perf_counter(), _cpu()
        found = infer(case["pre"], case["post"], case["lang"])
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(_cpu() - cpu)
        return found


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def rows(path: Path, step: int) -> list[Row]:
    """Read every n-th row of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][::step]


def infer(pre: str, post: str, language: str) -> list[Row]:
    """Return the candidates for one edit."""
    request = {"path": "a", "language": language, "post": post, "limit": LIMIT}
    return list(infer_rules(request, {"a": pre}, {}).result["candidates"])


def apply(candidate: Row, path: str, text: str) -> str:
    """Return what the candidate makes of a text by way of the job that the environment runs."""
    request = {"op": "apply", **{name: candidate[name] for name in ("rules", "passes", "layout")}}
    return ast_grep(request, {path: text}, {}).files.get(path) or text


def commits(cases: Sequence[Row], clock: Clock) -> dict[str, Tally]:
    """Reproduce commits; tallies by tier, language group and kind."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for case in cases:
        found = clock.infer(case)
        made = [one for one in found if apply(one, case["path"], case["pre"]) == case["post"]]
        seen = {
            "exact": bool(made),
            "without memo": any(not one["memo"] for one in made),
            "generalises": any(one["generalises"] for one in made),
            "exact layout": any(one["layout"] == "exact" for one in made),
            "one rule": any(one["rules_count"] == 1 for one in made),
            "tree equal": any(one["tree_equal"] for one in found),
        }
        for group in ("all", case["tier"], f"language {case['group']}", f"kind {case['kind']}"):
            tallies[group].add(**seen)
    return dict(tallies)


def transfers(cases: Sequence[Row]) -> dict[str, Tally]:
    """Infer on one file and apply to another; tallies by language."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for case in cases:
        train, test = case["train"], case["test"]
        found = infer(train["pre"], train["post"], train["lang"])
        made = [apply(one, test["path"], test["pre"]) for one in found]
        first = made[0] if made else test["pre"]
        seen = {
            "fitted": bool(found) and found[0]["exact"],
            "exact": first == test["post"],
            "exact in 8": test["post"] in made,
            "unchanged": first == test["pre"],
            "wrong or partial": first not in (test["post"], test["pre"]),
        }
        for group in ("all", f"language {train['lang']}"):
            tallies[group].add(**seen)
    return dict(tallies)


def tables(cases: Iterable[Row]) -> dict[str, Tally]:
    """Reproduce the before and after of linters' own tests; tallies by linter."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for case in cases:
        found = infer(case["before"], case["after"], case["lang"])
        exact = [one for one in found if one["exact"]]
        generalises = any(one["generalises"] for one in exact)
        tallies[case["source"]].add(exact=bool(exact), generalises=generalises)
    return dict(tallies)


def table(tallies: dict[str, Tally]) -> str:
    """Write tallies as a Markdown table."""
    names = list(dict.fromkeys(name for tally in tallies.values() for name in tally.counts))
    head = ["", "cases", *names]
    lines = [head, ["---"] * len(head)]
    for group, tally in sorted(tallies.items()):
        lines.append([group, str(tally.cases), *(tally.share(name) for name in names)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds(clock: Clock) -> str:
    """Write mean, 95th percentile and worst of the clock."""

    def told(values: list[float]) -> str:
        ranked = sorted(values)
        late = ranked[int(len(ranked) * 0.95)]
        return f"mean {statistics.mean(ranked):.2f}, p95 {late:.2f}, worst {ranked[-1]:.2f}"

    return f"Seconds a case: wall {told(clock.wall)}; processor {told(clock.cpu)}."


def report(folder: Path, step: int) -> str:
    """Measure everything and write it as Markdown."""
    clock = Clock()
    made = commits(rows(folder / "commits_dev.jsonl", step), clock)
    carried = transfers(rows(folder / "crossfile_dev.jsonl", step))
    linted = tables(rows(folder / "linter_tables_dev.jsonl", step))
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, ast-grep-cli {version('ast-grep-cli')}"
    part = "all cases" if step == 1 else f"every case number divisible by {step}"
    return (
        f"# By-example rules\n\n{machine}; {part}; best of the first {LIMIT} candidates, layout tidy or exact.\n\n"
        "## Commits: the text after, to the byte\n\n`generalises`: every rule has a metavariable or two matches; "
        "`memo`: a rule has neither.\n\n"
        f"{table(made)}\n\n{seconds(clock)}\n\n"
        f"## Transfer: the first candidate of one file, applied unseen to another\n\n{table(carried)}\n\n"
        f"## Linters' own tests\n\n{table(linted)}\n"
    )


def main() -> None:
    """Print the report and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder that holds commits_dev.jsonl and its neighbours")
    parser.add_argument("--step", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "synthesis.md")
    chosen = parser.parse_args()
    text = report(chosen.corpora, chosen.step)
    print(text)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
