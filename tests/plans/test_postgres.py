"""Every core and macro step in PostgreSQL's dialect, as golden text: the same on every machine, and read back the same.

`python -m tests.plans.test_postgres` writes the golden files anew, after somebody has looked at the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlglot

from tests.plans.shop import shop_catalogue
from tests.plans.texts import read_texts, written
from tracewright.plans.bodies import CORE
from tracewright.plans.compiling import compile_plan
from tracewright.plans.macros import MACROS
from tracewright.plans.writing import to_dialect

HERE = Path(__file__).parent
GOLDEN = HERE / "postgres"


def cases(name: str) -> dict[str, dict[str, object]]:
    """Return the plans of one file by name."""
    if name == "worked":
        return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((HERE / "worked").glob("*.json"))}
    lines = (HERE / f"{name}.jsonl").read_text("utf-8").splitlines()
    return {case["name"]: {"plan": 1, **case["plan"]} for case in map(json.loads, lines)}


def texts(name: str) -> dict[str, str]:
    """Return the PostgreSQL texts of those plans."""
    plans = cases(name)
    return {case: to_dialect(compile_plan(plan, shop_catalogue()).sql, "postgres") for case, plan in plans.items()}


FILES = ("core_steps", "macro_steps", "worked")


@pytest.mark.parametrize("name", FILES)
def test_the_texts_are_the_golden_ones(name: str) -> None:
    assert texts(name) == read_texts(GOLDEN / f"{name}.sql")


@pytest.mark.parametrize("name", FILES)
def test_the_texts_are_read_back_the_same(name: str) -> None:
    for text in read_texts(GOLDEN / f"{name}.sql").values():
        assert sqlglot.parse_one(text, read="postgres").sql(dialect="postgres").upper() == text.upper()


def test_every_step_has_its_text() -> None:
    plans = json.dumps([cases(name) for name in FILES])
    assert [step for step in [*CORE, *MACROS] if f'"{step}": ' not in plans] == []


if __name__ == "__main__":
    for file in FILES:
        (GOLDEN / f"{file}.sql").write_text(written(texts(file)), "utf-8")
