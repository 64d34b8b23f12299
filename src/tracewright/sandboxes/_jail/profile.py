"""The system call filter of `seccomp` once more, as the JSON that container engines read: same table, same answers.

An engine whose library does not know a call by name leaves it to the default, which refuses. Two answers differ, both
refusals: numbers of the second table of x86 end the program, and engines that know no `defaultErrnoRet` say EPERM.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from tracewright.sandboxes._jail.calls import CALLS
from tracewright.sandboxes._jail.seccomp import ABSENT, FAMILIES, MACHINES, NAMESPACE_FLAGS, TERMINAL_INPUT

ARCHITECTURES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")
NEWEST_FAMILY = 46
"""Families of sockets that have a number today; an engine refuses later ones with its default."""
_LOW = 0xFFFFFFFF
_LOOKED_AT = {"clone", "socket", "ioctl"}

Rule = Mapping[str, Any]


def profile() -> str:
    """Return the filter as JSON text; the same bytes everywhere."""
    filters = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.ENOSYS,
        "architectures": list(ARCHITECTURES),
        "syscalls": list(_rules()),
    }
    return json.dumps(filters, indent=1) + "\n"


def _rules() -> Iterator[Rule]:
    refused = {name for machine in MACHINES.values() for name in machine.refused}
    known = {name for calls in CALLS.values() for name in calls}
    yield _allow(sorted(known - refused - set(ABSENT) - _LOOKED_AT))
    yield _fail(sorted(refused), errno.EPERM)
    yield _fail(sorted(ABSENT), errno.ENOSYS)
    yield _allow(["clone"], _masked(0, NAMESPACE_FLAGS, 0))
    for flag in _bits(NAMESPACE_FLAGS):
        yield _fail(["clone"], errno.EPERM, _masked(0, flag, flag))
    for family in range(NEWEST_FAMILY):
        seen = _masked(0, _LOW, family)
        yield _allow(["socket"], seen) if family in FAMILIES else _fail(["socket"], errno.EAFNOSUPPORT, seen)
    for request in TERMINAL_INPUT:
        yield _fail(["ioctl"], errno.EPERM, _masked(1, _LOW, request))
    for mask, value in _unlike(TERMINAL_INPUT):
        yield _allow(["ioctl"], _masked(1, mask, value))


def _unlike(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield masks and values that together match every 32-bit number but these: engines can compare, not negate."""
    told = 0
    for bit in _bits(_LOW):
        if len({value & bit for value in values}) == 1:
            yield bit, ~values[0] & bit
        else:
            told |= bit
    for bits in product(*((0, bit) for bit in _bits(told))):
        if sum(bits) not in {value & told for value in values}:
            yield told, sum(bits)


def _bits(mask: int) -> list[int]:
    return [1 << shift for shift in range(32) if mask >> shift & 1]


def _masked(index: int, mask: int, value: int) -> Rule:
    return {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}


def _allow(names: Sequence[str], *arguments: Rule) -> Rule:
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", "args": list(arguments)}


def _fail(names: Sequence[str], code: int, *arguments: Rule) -> Rule:
    return {"names": list(names), "action": "SCMP_ACT_ERRNO", "errnoRet": code, "args": list(arguments)}
