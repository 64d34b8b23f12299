"""Without control groups each process is bounded: by address space, or by what it may write to."""

from __future__ import annotations

import asyncio

import pytest

from tests.sandboxes.jails import program, show_kinds, within
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._jail import cgroups

BALLOONS = """
import mmap
GROWS_DOWN = 0x100
for what in (mmap.MAP_PRIVATE, mmap.MAP_SHARED, mmap.MAP_PRIVATE | GROWS_DOWN):
    try: mmap.mmap(-1, 2 << 30, what | mmap.MAP_ANONYMOUS)
    except (OSError, MemoryError): print('refused')
    else: print('got', what)
"""
RESERVES = Job(
    kind="reserves", isolation="oneshot", request={"open": [256, 2048]}, limits=Limits(memory_bytes=1024 * MIB)
)


@pytest.fixture(autouse=True)
def without_control_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "find", lambda: None)


@pytest.mark.parametrize("name", ["bubblewrap", "firejail", "landlock", "nsjail"])
def test_code_of_others_gets_no_more_address_space_of_any_kind(name: str) -> None:
    async def work(sandbox: Sandbox) -> list[Outcome]:
        # The second finds a jail that was made, and a program that was started, before it was asked for.
        first = await sandbox.run(program(BALLOONS))
        await asyncio.sleep(1)
        return [first, await sandbox.run(program(BALLOONS))]

    assert [outcome.stdout for outcome in within(name, work)] == ["refused\n" * 3] * 2


def test_a_kind_that_only_reserves_may_and_is_bounded_by_what_it_can_write(monkeypatch: pytest.MonkeyPatch) -> None:
    show_kinds(monkeypatch)
    outcome = within("bubblewrap", lambda sandbox: sandbox.run(RESERVES))

    assert outcome.observed.isolation is not None
    assert outcome.observed.isolation.memory == "per_process"
    assert outcome.result == {"said": [True, False]}


@pytest.mark.parametrize("isolation", ["worker", "fork"])
def test_a_kind_that_reserves_never_loosens_the_bound_of_a_jail_that_others_share(
    isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_kinds(monkeypatch)
    asked = RESERVES.model_copy(update={"isolation": isolation})
    outcome = within("bubblewrap", lambda sandbox: sandbox.run(asked))

    assert outcome.result == {"said": "nothing reserved"}
