"""Every sandbox keeps the same promises: what the code does wrong is an outcome, and nothing of it stays behind."""

from __future__ import annotations

import pytest

from tests.sandboxes.jails import hold, names
from tracewright.sandboxes._contract.case import Case
from tracewright.sandboxes._contract.suite import GROUPS

CASES = [
    case for group in ("protocol", "lives", "resources", "outputs", "evidence", "parsers") for case in GROUPS[group]
]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_sandbox_holds(case: Case, name: str) -> None:
    hold(name, case)
