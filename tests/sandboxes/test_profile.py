"""The filter as container engines read it, run by a small reader of such profiles, against the filter that we load."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandboxes.test_seccomp import answer_of
from tracewright.sandboxes._jail.calls import CALLS
from tracewright.sandboxes._jail.profile import NEWEST_FAMILY, profile
from tracewright.sandboxes._jail.seccomp import ALLOW, FAIL, MACHINES, NAMESPACE_FLAGS, NEWEST

SHIPPED = Path(__file__).parents[2] / "deploy/docker/seccomp.json"
PROFILE = json.loads(profile())


def _answer(machine: str, number: int, arguments: Sequence[int] = (0, 0)) -> int:
    """Return what libseccomp would: the rule whose masked comparisons all hold, else the default."""
    names = {number: name for name, number in CALLS[machine].items()}
    found = {
        _code(rule)
        for rule in PROFILE["syscalls"]
        if names.get(number) in rule["names"] and all(_holds(test, arguments) for test in rule["args"])
    }
    assert len(found) <= 1, f"two answers to {names[number]}"
    return found.pop() if found else FAIL | int(PROFILE["defaultErrnoRet"])


def _holds(test: Mapping[str, Any], arguments: Sequence[int]) -> bool:
    assert test["op"] == "SCMP_CMP_MASKED_EQ"
    return bool(arguments[test["index"]] & test["value"] == test["valueTwo"])


def _code(rule: Mapping[str, Any]) -> int:
    return ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else FAIL | int(rule["errnoRet"])


def test_the_shipped_file_is_what_the_table_says() -> None:
    assert SHIPPED.read_text() == profile()


@pytest.mark.parametrize("machine", MACHINES)
def test_names_and_numbers_of_the_two_tables_agree(machine: str) -> None:
    known = MACHINES[machine]
    named = {**known.refused, "clone": known.clone, "socket": known.socket, "ioctl": known.ioctl}

    assert {name: CALLS[machine].get(name) for name in named} == named
    assert max(CALLS[machine].values()) == NEWEST


@pytest.mark.parametrize("machine", MACHINES)
def test_both_filters_answer_every_known_call_alike(machine: str) -> None:
    for number in (*CALLS[machine].values(), NEWEST + 1, 1000):
        assert _answer(machine, number) == answer_of(machine, number), number


@given(machine=st.sampled_from(sorted(MACHINES)), request=st.integers(0, 2**64 - 1) | st.integers(0x5400, 0x5430))
def test_both_filters_refuse_the_same_requests_to_a_terminal(machine: str, request: int) -> None:
    number = MACHINES[machine].ioctl

    assert _answer(machine, number, (0, request)) == answer_of(machine, number, 0, request)


@given(machine=st.sampled_from(sorted(MACHINES)), flags=st.integers(0, 2**64 - 1))
def test_both_filters_refuse_new_namespaces_alike(machine: str, flags: int) -> None:
    number = MACHINES[machine].clone
    for wanted in (flags, flags & ~NAMESPACE_FLAGS, flags & NAMESPACE_FLAGS):
        assert _answer(machine, number, (wanted, 0)) == answer_of(machine, number, wanted)


@pytest.mark.parametrize("machine", MACHINES)
def test_both_filters_let_the_same_families_of_sockets_in(machine: str) -> None:
    number = MACHINES[machine].socket
    for family in range(NEWEST_FAMILY):
        assert _answer(machine, number, (family, 0)) == answer_of(machine, number, family)
    assert _answer(machine, number, (NEWEST_FAMILY, 0)) == FAIL | errno.ENOSYS
