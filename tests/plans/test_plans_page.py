"""The page about plans is held to the code: every step, macro, tag, function and code, and its example is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.plans.shipped import set_catalogue
from tests.plans.shop import shop_catalogue
from tests.plans.test_postgres import cases
from tracewright.plans.bodies import CORE, TAGS
from tracewright.plans.compiling import compile_plan
from tracewright.plans.document import read_plan
from tracewright.plans.explaining import explain
from tracewright.plans.faults import RUN_CODES
from tracewright.plans.functions import catalogue
from tracewright.plans.macros import MACROS
from tracewright.plans.steps.sources import KINDS, OTHERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plans.md").read_text("utf-8")
ROOM = ROOT / "src" / "tracewright" / "plans"


def rows(title: str) -> dict[str, list[str]]:
    """Return the cells of each row below a heading, by the names in its first cell."""
    part = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.split(" | ")] for line in part.splitlines() if line.startswith("| ")]
    return {name: row for row in cells for name in re.findall(r"`(\w+)`", row[0])}


def codes() -> set[str]:
    """Return every code that the compiler can tell."""
    files = [path for path in ROOM.rglob("*.py") if "importing" not in path.relative_to(ROOM).parts]
    found = {code for path in files for code in re.findall(r'(?:Fault|lint|Check)\(\s*"([A-Z_]+)"', path.read_text())}
    return found | {code for _, code in RUN_CODES}


def test_every_step_and_no_other_is_on_the_page() -> None:
    assert set(rows("Core steps")) == set(CORE)
    assert set(rows("Macro steps")) == set(MACROS)


def test_every_source_tag_and_function_is_on_the_page() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(TAGS) - named == set()
    assert set(catalogue()) - set(re.findall(r"`(\w+)`", PAGE.partition("\n## Functions\n")[2])) == set()
    assert [kind for kind in (*KINDS, *OTHERS) if f'"{kind}": ' not in PAGE] == []


def test_every_code_and_no_other_is_on_the_page() -> None:
    assert set(rows("Errors")) == codes()


@pytest.mark.parametrize("macro", MACROS)
def test_a_macro_becomes_what_the_page_says(macro: str) -> None:
    told = [part.strip(" |") for part in rows("Macro steps")[macro][-1].split(";")]
    for plan in cases("macro_steps").values():
        for step in explain(plan, shop_catalogue())[1]:
            if step.kind == macro:
                assert _shortened(macro, [next(iter(core)) for core in step.core]) in told


def _shortened(macro: str, kinds: list[str]) -> str:
    if macro != "funnel":
        return ", ".join(kinds)
    start, rest = kinds[:3], kinds[3:]
    assert (start[:2], rest[-5:]) == (["from", "filter"], ["aggregate", "unpivot", "derive", "derive", "sort"])
    return "from, filter, aggregate, then join, aggregate a step, aggregate, unpivot, derive, derive, sort"


def test_the_example_is_shipped_and_means_what_the_page_says() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert text == (ROOT / "examples" / "plans" / "best_customers.json").read_text("utf-8")
    plan = read_plan(text)
    assert " ".join(sql.split()) == compile_plan(plan, set_catalogue(plan.dataset)).sql
