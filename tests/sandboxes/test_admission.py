"""The gate that keeps the sum of memory limits below what the machine has."""

from __future__ import annotations

import asyncio

import pytest

from tracewright.errors import SandboxError
from tracewright.sandboxes._jail.admission import Admission, budget


def test_the_sum_of_what_is_inside_never_exceeds_the_budget() -> None:
    async def work() -> int:
        gate = Admission(10)
        inside = most = 0

        async def enter(size: int) -> None:
            nonlocal inside, most
            async with gate.admit(size):
                inside += size
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= size

        await asyncio.gather(*(enter(size) for size in [4, 7, 1, 10, 3, 3, 5] * 5))
        return most

    assert asyncio.run(work()) <= 10


def test_a_large_job_is_not_overtaken_for_ever_by_small_ones() -> None:
    async def work() -> list[str]:
        gate = Admission(10)
        order: list[str] = []

        async def enter(name: str, size: int) -> None:
            async with gate.admit(size):
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(enter("first", 5), enter("large", 10), enter("small", 1))
        return order

    assert asyncio.run(work()) == ["first", "large", "small"]


def test_whoever_gives_up_waiting_takes_nothing_along() -> None:
    async def work() -> None:
        gate = Admission(10)
        async with gate.admit(10):
            waiting = asyncio.create_task(gate.admit(5).__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), gate.admit(10):
            pass

    asyncio.run(work())


def test_what_never_fits_is_refused_at_once() -> None:
    async def work() -> None:
        async with Admission(10).admit(11):
            pass

    with pytest.raises(SandboxError, match=r"lower limits\.memory_bytes"):
        asyncio.run(work())


def test_the_budget_is_a_share_of_real_memory() -> None:
    assert 0 < budget(0.4) <= budget(0.8)


def test_the_sum_of_processes_never_exceeds_what_all_may_have_together() -> None:
    async def work() -> tuple[int, int]:
        gate = Admission(1000, processes=10)
        inside = most = alone = 0

        async def enter(processes: int) -> None:
            nonlocal inside, most, alone
            async with gate.admit(1, processes):
                inside += processes
                most = max(most, inside if processes <= 10 else 0)
                alone += processes > 10 and inside == processes
                await asyncio.sleep(0)
                inside -= processes

        await asyncio.gather(*(enter(processes) for processes in [4, 7, 1, 10, 30, 3, 5] * 5))
        return most, alone

    most, alone = asyncio.run(work())
    assert (most <= 10, alone) == (True, 5)


def test_processes_do_not_bound_where_none_are_counted() -> None:
    async def work() -> int:
        gate = Admission(100)
        async with gate.admit(1, 4096), gate.admit(1, 4096):
            return gate.budget

    assert asyncio.run(work()) == 100
