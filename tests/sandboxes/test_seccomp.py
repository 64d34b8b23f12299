"""The system call filter, run by a small machine for classic BPF, so that each architecture is tested on any other."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.errors import MissingPartError
from tracewright.sandboxes._jail.seccomp import ALLOW, FAIL, KILL, MACHINES, NEWEST, program

CLONE_NEWUSER, SIGCHLD = 0x10000000, 17


def answer_of(
    machine: str, number: int, first: int = 0, second: int = 0, audit: int | None = None, namespaces: bool = True
) -> int:
    """Run the filter on one system call, as linux/Documentation/networking/filter.rst says."""
    arch = MACHINES[machine].audit if audit is None else audit
    data = struct.pack("<IIQQQQQQQ", number, arch, 0, first, second, 0, 0, 0, 0)
    steps = list(struct.iter_unpack("HBBI", program(machine, namespaces)))
    accumulator = position = 0
    while True:
        code, if_true, if_false, value = steps[position]
        position += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x06:
                return int(value)
            case _:
                holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}[code]
                position += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_is_killed(machine: str) -> None:
    assert answer_of(machine, 0, audit=0x40000003) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_what_reached_a_host_is_refused_and_what_programs_need_is_allowed(machine: str) -> None:
    known = MACHINES[machine]
    for number in known.refused.values():
        assert answer_of(machine, number) == FAIL | errno.EPERM
    for number in (425, 426, 427, 435, NEWEST + 1, 10_000):
        assert answer_of(machine, number) == FAIL | errno.ENOSYS
    assert answer_of(machine, known.clone, SIGCHLD) == ALLOW
    assert answer_of(machine, known.clone, SIGCHLD | CLONE_NEWUSER) == FAIL | errno.EPERM
    assert [answer_of(machine, known.socket, family) for family in (1, 2, 10)] == [ALLOW] * 3
    assert {answer_of(machine, known.socket, family) for family in (0, 16, 17, 38, 40)} == {FAIL | errno.EAFNOSUPPORT}
    assert answer_of(machine, known.ioctl, 0, 0x5401) == ALLOW
    assert {answer_of(machine, known.ioctl, 0, request) for request in (0x5412, 0x541C)} == {FAIL | errno.EPERM}


def test_numbers_of_the_second_table_of_x86_are_not_there() -> None:
    assert answer_of("x86_64", 0x40000000 | 59) == FAIL | errno.ENOSYS


@given(machine=st.sampled_from(sorted(MACHINES)), number=st.integers(0, 2**32 - 1), argument=st.integers(0, 2**64 - 1))
def test_every_call_gets_an_answer_and_only_the_low_half_of_an_argument_counts(
    machine: str, number: int, argument: int
) -> None:
    answer = answer_of(machine, number, argument, argument)

    assert answer in {ALLOW, *(FAIL | code for code in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT))}
    assert answer == answer_of(machine, number, argument & 0xFFFFFFFF, argument & 0xFFFFFFFF)


def test_an_architecture_without_a_table_is_refused_by_name() -> None:
    with pytest.raises(MissingPartError, match="no system call filter for riscv64"):
        program("riscv64")


@pytest.mark.parametrize("machine", MACHINES)
def test_without_namespaces_nothing_shared_by_name_or_by_user_can_be_reached(machine: str) -> None:
    known = MACHINES[machine]

    def answer(number: int, first: int = 0, second: int = 0) -> int:
        return answer_of(machine, number, first, second, namespaces=False)

    for number in (*known.refused.values(), *known.shared.values()):
        assert answer(number) == FAIL | errno.EPERM
    assert {answer(known.socket, family) for family in (1, 2, 10, 16, 40)} == {FAIL | errno.EAFNOSUPPORT}
    assert [answer(known.socketpair, 1, kind) for kind in (1, 5, 1 | 0o2000000)] == [ALLOW] * 3
    assert answer(known.socketpair, 1, 2) == FAIL | errno.EAFNOSUPPORT
    assert (answer(known.prlimit, 0), answer(known.prlimit, 4242)) == (ALLOW, FAIL | errno.EPERM)
    assert answer(known.clone, SIGCHLD) == ALLOW
