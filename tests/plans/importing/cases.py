"""Cases as they are written in the `.sql` files beside this one: a title, a query, and the plan that it becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One pair of a query and its plan."""

    title: str
    sql: str
    plan: dict[str, Any]


def read_cases(name: str) -> list[Case]:
    """Return the cases of a file; they are parted by empty lines."""
    return [_case(block) for block in HERE.joinpath(f"{name}.sql").read_text().strip().split("\n\n")]


def _case(block: str) -> Case:
    title, *sql, plan = block.split("\n")
    return Case(title.removeprefix("-- "), "\n".join(sql), {"plan": 1, **json.loads(plan)})
