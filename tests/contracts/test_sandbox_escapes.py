"""What jailed code must not reach, case by case: files, network, rights, other processes."""

from __future__ import annotations

import pytest

from tests.sandboxes.jails import hold, names
from tracewright.sandboxes._contract.case import Case
from tracewright.sandboxes._contract.suite import GROUPS

CASES = [case for group in ("files", "network", "rights", "neighbours") for case in GROUPS[group]]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_jailed_code_gets_hold_of_nothing(case: Case, name: str) -> None:
    hold(name, case)
