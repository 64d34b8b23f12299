"""Measures how many free questions the plan search answers right, and how long it thinks.

Right is the exact result of the gold plan, in any order of rows and columns. The combinations that are held out were
never looked at while the reader was made; the others were. No model takes part.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.environments.asking import Tried, lines, paraphrases, samples, tried
from tests.environments.question_parts import Made, questions
from tracewright.environments.analytics.questions import search
from tracewright.records.task import split_of
from tracewright.tables import shipped

DRAWN = 1000
TEMPLATES = "tracewright.environments.analytics.templates.drawing"
Row = tuple[str, str, int, int, int]
"""What was asked, the target, how many were right, how many not answered, how many there were."""


def main() -> None:
    """Ask everything and write `bench/results/asking.md`."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "asking.md")
    out: Path = options.parse_args().out
    made = questions()
    asked: list[tuple[str, str, list[Made]]] = [
        ("sample questions", "≥ 15 of 18", samples()),
        ("paraphrases of them", "≥ 45 of 60", paraphrases()),
        ("combinations of parts, held out", "≥ 80 %", [each for each in made if each.held_out]),
        ("combinations of parts, looked at", "", [each for each in made if not each.held_out]),
    ]
    if importlib.util.find_spec(TEMPLATES.rpartition(".")[0]):
        asked.append(("templates of tasks, held-out combinations", "≥ 80 %", list(drawn())))
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(name, target, tried(Path(folder), each)) for name, target, each in asked]
    rows.append(unanswerable())
    text = report(rows, seconds(made))
    out.write_text(text, encoding="utf-8")
    print(text)


def _row(name: str, target: str, found: Sequence[Tried]) -> Row:
    right = sum(each.right for each in found)
    return name, target, right, sum(each.result is None for each in found), len(found)


def drawn() -> Iterator[Made]:
    """Yield the questions of the environment's templates whose combination stands on the side of the tests."""
    module: Any = importlib.import_module(TEMPLATES)
    for each in module.drawn(list(shipped.registry().values()), 7, DRAWN):
        if split_of(each.groups) == "test":
            yield Made(each.tables.id, each.instruction, each.plan, (), held_out=True, keys_only=True)


def unanswerable() -> Row:
    """Return how many questions are refused that the data cannot answer."""
    rows = lines("unanswerable")
    refused = sum(not search(row["question"], shipped.registry()[row["data"]]).candidates for row in rows)
    return "questions that the data cannot answer, refused", "≥ 19 of 20", refused, refused, len(rows)


def seconds(made: Sequence[Made]) -> tuple[float, float]:
    """Return the median and the 95th percentile of the time in which a question is read."""
    taken = []
    for each in made:
        start = time.perf_counter()
        search(each.question, shipped.registry()[each.data])
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def report(rows: Sequence[Row], taken: tuple[float, float]) -> str:
    """Return the page."""
    told = [
        f"| {name} | {target} | {right} of {count} ({100 * right / count:.1f} %) | {silent} |"
        for name, target, right, silent, count in rows
    ]
    return "\n".join(
        [
            "# Free questions, answered by a plan search",
            "",
            f"Python {platform.python_version()}, {platform.machine()}. Right is the exact result of the gold plan,",
            "in any order of rows and columns. Nobody looked at the combinations that are held out while the reader",
            "was made; samples and paraphrases were seen. No model takes part.",
            "",
            "| asked | target | right | not answered |",
            "|---|---|---|---|",
            *told,
            "",
            f"To read a question took {1000 * taken[0]:.1f} ms in the median, {1000 * taken[1]:.1f} ms at the 95th",
            "percentile; the query in the jail comes on top.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
