"""The jails that are made ahead and thrown away behind: nobody waits for them, and none of them is lost."""

from __future__ import annotations

import asyncio
import secrets
from asyncio.base_subprocess import BaseSubprocessTransport
from typing import Any

import pytest

from tests.sandboxes.jails import gone_within, marked, program, proven_home, within
from tracewright.errors import SandboxError
from tracewright.records.job import Job, Limits, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._jail import cgroups, lanes, owner, pool, process
from tracewright.sandboxes._jail.process import Jail, Launch, Process
from tracewright.sandboxes.bubblewrap import Options, build


class Jails:
    """Counts the jails that are there, and lets none go while `gate` is shut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.there: set[int] = set()
        start, kill = Process.start.__func__, Process.kill  # type: ignore[attr-defined]  # a class method has one

        async def started(*arguments: object) -> Process:
            process: Process = await start(*arguments)
            self.there.add(id(process))
            return process

        async def killed(process: Process) -> None:
            await self.gate.wait()
            await kill(process)
            self.there.discard(id(process))

        monkeypatch.setattr(Process, "start", classmethod(started))
        monkeypatch.setattr(Process, "kill", killed)


def _groups() -> list[object]:
    tree = cgroups.find()
    return [group for place in tree.folders for group in place.glob(f"{cgroups.NAME}-{owner.mark()}-*")] if tree else []


def test_an_outcome_does_not_wait_until_its_jail_is_gone_and_closing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    jails = Jails(monkeypatch)

    async def work(sandbox: Sandbox) -> Outcome:
        await sandbox.run(program("pass"))
        jails.gate.clear()
        outcome = await sandbox.run(program("print('told')"))
        closing = asyncio.create_task(sandbox.close())
        await asyncio.sleep(0.2)
        assert not closing.done()
        jails.gate.set()
        await closing
        return outcome

    assert within("bubblewrap", work).stdout == "told\n"
    assert jails.there == set()


def test_an_outcome_of_a_jail_that_still_works_is_told_when_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    jails = Jails(monkeypatch)

    async def work(sandbox: Sandbox) -> str:
        await sandbox.run(program("pass"))
        jails.gate.clear()
        # The worker itself is stopped, so that only the host's clock ends it.
        stopped = program("import os, signal; os.kill(os.getppid(), signal.SIGSTOP)", limits=Limits(wall_seconds=0.2))
        running = asyncio.create_task(sandbox.run(stopped))
        await asyncio.sleep(1.2)
        assert not running.done()
        jails.gate.set()
        return (await running).status

    assert within("bubblewrap", work) == "timeout"


def test_sixty_four_programs_leave_no_more_jails_waiting_than_spares_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jails = Jails(monkeypatch)

    async def work(sandbox: Sandbox) -> tuple[list[str], int]:
        told = await asyncio.gather(*(sandbox.run(program(f"print({number})")) for number in range(64)))
        await asyncio.sleep(1)
        return [outcome.stdout for outcome in told], len(jails.there)

    assert within("bubblewrap", work, spares=2) == ([f"{number}\n" for number in range(64)], 2)
    assert (jails.there, _groups()) == (set(), [])


def test_no_jail_is_made_ahead_where_a_job_may_need_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    jails = Jails(monkeypatch)
    size = Limits().memory_bytes

    async def work(sandbox: Sandbox) -> int:
        await sandbox.run(program("pass"))
        await asyncio.sleep(0.5)
        return len(jails.there)

    monkeypatch.setattr("tracewright.sandboxes._jail.local.budget", lambda share: size)
    assert within("bubblewrap", work) == 0


def test_a_jail_that_died_while_it_waited_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Jail] = []
    asked: list[Jail] = []
    start, ask = Jail.start.__func__, Jail.ask  # type: ignore[attr-defined]  # a class method has one

    async def note_start(*arguments: object) -> Jail:
        started.append(await start(*arguments))
        return started[-1]

    async def note_asked(jail: Jail, jobs: Any) -> Any:
        asked.append(jail)
        return await ask(jail, jobs)

    def spare() -> Jail:
        return next(jail for jail in started if jail is not asked[0])

    async def work(sandbox: Sandbox) -> str:
        await sandbox.run(program("pass"))
        while len(started) < 2:
            await asyncio.sleep(0.02)
        await spare().end()
        return (await sandbox.run(program("print('ran')"))).stdout

    within("bubblewrap", lambda sandbox: sandbox.run(program("pass")))
    monkeypatch.setattr(Jail, "start", classmethod(note_start))
    monkeypatch.setattr(Jail, "ask", note_asked)
    assert within("bubblewrap", work) == "ran\n"
    assert (len(asked), spare() in asked) == (2, False)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.05, 0.3])
def test_a_loop_that_is_cancelled_leaves_no_jail(seconds: float) -> None:
    marker = secrets.token_hex(8)
    proven_home()

    async def work() -> None:
        sandbox = build(Options(), Parts(home=proven_home()))
        await sandbox.run(program("pass"))
        job = program(marked("import time; time.sleep(99)", marker))
        asyncio.get_running_loop().call_later(seconds, _cancel_all)
        try:
            await asyncio.gather(*(sandbox.run(job) for _ in range(3)))
        finally:
            await sandbox.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert gone_within(0.25, marker)
    assert _groups() == []


def test_a_start_that_is_cancelled_between_fork_and_pipes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancelled(transport: Any, waiter: asyncio.Future[None]) -> None:
        waiter.set_exception(asyncio.CancelledError())

    monkeypatch.setattr(BaseSubprocessTransport, "_connect_pipes", cancelled)
    monkeypatch.setattr(process, "SPAWN_SECONDS", 0.5)

    with pytest.raises((SandboxError, asyncio.CancelledError)):
        asyncio.run(asyncio.wait_for(Process.start(Launch(["sleep", "99"], {})), 20))


def _cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def test_a_jail_prepared_for_one_kind_serves_another() -> None:
    tests = Job(kind="pytest", isolation="oneshot", files={"test_a.py": "def test_a(): assert 1\n"})

    async def work(sandbox: Sandbox) -> list[str]:
        found: list[str] = []
        for job in (program("pass"), tests, program("pass")):
            found.append((await sandbox.run(job)).status)
            await asyncio.sleep(0.3)
        return found

    assert within("bubblewrap", work) == ["ok", "ok", "ok"]


def test_an_interpreter_that_waited_has_the_folder_limits_and_pipes_of_its_job() -> None:
    code = "import os, sys; print(os.getcwd(), sorted(os.listdir()), os.read(0, 9)); os.write(2, b'err')"
    job = Job(kind="python", isolation="oneshot", files={"a": ""}, request={"code": code, "stdin": "in"})

    async def work(sandbox: Sandbox) -> list[tuple[str, str]]:
        found = []
        for _ in range(2):
            outcome = await sandbox.run(job)
            found.append((outcome.stdout, outcome.stderr))
            await asyncio.sleep(0.3)
        return found

    assert within("bubblewrap", work) == [("/ws ['a'] b'in'\n", "err")] * 2


def test_a_program_may_be_longer_than_a_command_line() -> None:
    code = f"text = '{'x' * (1 << 20)}'\nprint(len(text))"

    assert within("bubblewrap", lambda sandbox: sandbox.run(program(code))).stdout == f"{1 << 20}\n"


@pytest.mark.parametrize(("answered", "lull"), [(1, 0.01), (16, 0.008), (31, 0.0005), (32, 0.0)])
def test_looks_at_a_frame_come_closer_together_towards_its_end(answered: int, lull: float) -> None:
    assert lanes._lull(answered * 0.001, answered, 32) == pytest.approx(lull)


def test_a_long_job_does_not_keep_the_next_jail_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    jails = Jails(monkeypatch)

    async def work(sandbox: Sandbox) -> int:
        running = asyncio.create_task(sandbox.run(program("import time; time.sleep(1)")))
        await asyncio.sleep(pool.REFILL_SECONDS + 0.8)
        there = len(jails.there)
        await running
        return there

    assert within("bubblewrap", work) == 2
