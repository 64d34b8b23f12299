"""Cases about how long things live: what must end, when, and what must not end with it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path

from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import Limits
from tracewright.sandboxes._contract.case import Asked, Case, Ending, holds, program, told
from tracewright.sandboxes._contract.trial import Trial, count_processes, gone_within, survivors, there_within

LONG = 99
START_SECONDS = 30.0
MOST_BOMBS = 1000
MOST_OF_TREE, MOST_OF_USER = 40, 700
"""What a bomb that may have 32 processes gets, with the jail's own; of a user's, also what is left to other jobs."""
IGNORE = """
import os, signal, subprocess, sys, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
def stay(seconds):
    subprocess.Popen([sys.executable, '-c', f'import time; time.sleep({seconds}) # {MARK}'], start_new_session=True)
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            stay(99)
        os._exit(0)
"""


def _marked(code: str) -> tuple[str, str]:
    marker = secrets.token_hex(8)
    return marker, f"MARK = {marker!r}\n{IGNORE}{code}"


async def fork_bomb(trial: Trial) -> str:
    """First as many processes as one may have, then children of children; then all is as before."""
    limits = Limits(wall_seconds=20, processes=32)
    count = f"""
import os, time
count = 0
try:
    while count < {MOST_BOMBS}:
        if os.fork() == 0: time.sleep(60)
        count += 1
except OSError as error: print(error.errno, count)
raise SystemExit(1)
"""
    marker, bomb = _marked("print('lit', flush=True)\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    async with trial.opened() as sandbox:
        await sandbox.run(program("pass"))
        most = MOST_OF_TREE if (await sandbox.preflight()).processes == "tree" else MOST_OF_USER
        before = count_processes()
        counted = await sandbox.run(program(count, limits=limits))
        words = counted.stdout.split()
        holds(counted.status == "nonzero" and words[:1] == ["11"] and int(words[1]) <= most, told(counted))
        lit = await sandbox.run(program(bomb, limits=limits.model_copy(update={"wall_seconds": 1.0})))
        holds(lit.status in {"timeout", "killed"} and await gone_within(1.0, marker), told(lit))
        began = time.monotonic()
        after = await sandbox.run(program("print('fine')"))
        holds(after.stdout == "fine\n" and time.monotonic() - began < 5, f"the next job: {told(after)}")
        holds(count_processes() < before + 32, f"{count_processes()} processes, {before} before")
    return f"EAGAIN after {words[1]} processes; the next job ran"


async def sleep_for_ever(trial: Trial) -> str:
    """Signals ignored, children in sessions of their own: the clock ends all of it."""
    marker, code = _marked("print('so far', flush=True)\nleave()\nstay(99)\ntime.sleep(99)")
    [outcome] = await trial.run(program(code, limits=Limits(wall_seconds=1)))
    gone = await gone_within(0.25, marker)
    holds((outcome.status, outcome.code, outcome.stdout) == ("timeout", "wall_seconds", "so far\n"), told(outcome))
    return holds(gone, "timeout, nothing left" if gone else f"{len(survivors(marker))} processes left after 250 ms")


async def daemon(trial: Trial) -> str:
    """What a program leaves running after its clean exit is gone with its job, which does not wait for it."""
    marker, code = _marked("leave()\nstay(99)\ntime.sleep(0.3)\nprint('done')")
    began = time.monotonic()
    [outcome] = await trial.run(program(code))
    gone = await gone_within(0.25, marker)
    holds((outcome.status, outcome.stdout) == ("ok", "done\n") and time.monotonic() - began < 10, told(outcome))
    return holds(gone, "nothing left" if gone else f"{len(survivors(marker))} processes left after 250 ms")


async def controller_killed(trial: Trial) -> str:
    """SIGKILL to the process that asked: one second later nothing of the job is there."""
    marker, code = _marked("leave()\nstay(99)\ntime.sleep(99)")
    with trial.controller(program(code, limits=Limits(wall_seconds=LONG))) as controller:
        started = await there_within(START_SECONDS, marker, lambda: controller.poll() is not None, 2)
        holds(started, "the job did not start in a process of its own")
        controller.kill()
        controller.wait()
        gone = await gone_within(1.0, marker)
    return holds(gone, "nothing left" if gone else f"{len(survivors(marker))} processes left after 1 s")


async def interrupted(trial: Trial) -> str:
    """A cancelled job leaves no process, and the sandbox goes on."""
    marker, code = _marked("stay(99)\ntime.sleep(99)")
    async with trial.opened() as sandbox:
        running = asyncio.create_task(sandbox.run(program(code)))
        started = await there_within(START_SECONDS, marker, running.done)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        holds(started, "the job did not start")
        holds(await gone_within(0.5, marker), "processes left after 500 ms")
        after = await sandbox.run(program("print('fine')"))
    return holds(after.stdout == "fine\n", told(after))


async def closed(trial: Trial) -> str:
    """Closing ends what still runs and refuses what comes later."""
    marker, code = _marked("stay(99)\ntime.sleep(99)")
    async with trial.opened() as sandbox:
        running = asyncio.create_task(sandbox.run(program(code)))
        started = await there_within(START_SECONDS, marker, running.done)
        await sandbox.close()
        ended = await asyncio.gather(running, sandbox.run(program("pass")), return_exceptions=True)
    holds(started, "the job did not start")
    holds(all(isinstance(found, BaseException) for found in ended), f"an outcome came after the end: {ended}"[:200])
    return holds(await gone_within(0.25, marker), "nothing left")


async def thread_ended(trial: Trial) -> str:
    """A thread that used the sandbox ends: the jail that it had started is of use to the next."""
    async with trial.opened() as sandbox:
        loop = asyncio.get_running_loop()

        def ask() -> None:
            asyncio.run_coroutine_threadsafe(sandbox.run(program("pass")), loop).exception()

        thread = threading.Thread(target=ask)
        thread.start()
        await asyncio.to_thread(thread.join)
        outcome = await sandbox.run(program("print('alive')"))
    return holds(outcome.stdout == "alive\n", told(outcome))


async def sixty_four(trial: Trial) -> str:
    """64 jobs at once each come back with their own answer."""
    async with trial.opened() as sandbox:
        outcomes = await asyncio.gather(*(sandbox.run(program(f"print({number})")) for number in range(64)))
    right = [outcome.stdout == f"{number}\n" for number, outcome in enumerate(outcomes)]
    return holds(all(right), f"{sum(right)} of 64 came back with their own answer")


async def jailer_missing(trial: Trial) -> str:
    """With no program on PATH, a sandbox refuses loudly or needs none; nothing runs unjailed."""
    code = f"print(open({str(trial.bait.folder / 'secret')!r}).read())"
    with tempfile.TemporaryDirectory(prefix="tracewright-empty-") as empty:
        environment = {**os.environ, "PATH": empty}
        # Where nothing was proved before, nothing can be taken on trust.
        bare = Trial(trial.backend.moved(Path(empty, "home")), trial.bait, trial.build)
        with bare.controller(program(code), environment) as controller:
            assert controller.stdout is not None  # noqa: S101  # it was asked for as a pipe
            text = await asyncio.to_thread(controller.stdout.read)
    answer = json.loads(text or "null") or {}
    if refused := answer.get("refused"):
        told_fix = refused == MissingPartError.__name__ and answer["exit_code"] == 3 and len(answer["message"]) > 40
        return holds(told_fix, f"{refused}: {answer['message'][:160]}")
    outcome = answer.get("outcome") or {"stdout": "no answer at all", "status": "", "stderr": ""}
    holds(outcome["status"] == "nonzero" and "Error" in outcome["stderr"], f"it ran: {outcome['stdout'][:80]}")
    return "needs no program of PATH, and held without"


async def leftovers(trial: Trial) -> str:
    """The next job finds nothing of the last."""
    name = f"left-{secrets.token_hex(8)}"
    write = f"""
import os, tempfile
for folder in (os.getcwd(), tempfile.gettempdir(), '/dev/shm'):
    try: open(f'{{folder}}/{name}', 'x').write('x')
    except OSError: pass
print('written')
"""
    look = f"""
import os, tempfile
for folder in (os.getcwd(), tempfile.gettempdir(), '/dev/shm'):
    path = f'{{folder}}/{name}'
    print(os.path.exists(path))
    if os.path.exists(path): os.unlink(path)
"""
    written, looked = await trial.run(program(write), program(look))
    holds(written.stdout == "written\n", told(written))
    return holds(looked.stdout == "False\n" * 3, told(looked))


async def broken_is_no_outcome(trial: Trial) -> str:
    """What cannot be asked is refused before anything runs, and is no outcome."""
    async with trial.opened() as sandbox:
        job = program("pass").model_copy(update={"inputs": {"table": "0" * 64}})
        try:
            outcome = await sandbox.run(job)
        except SandboxError as error:
            return holds("table" in str(error), str(error)[:120])
    return holds(False, told(outcome))


CASES = (
    Case(8, "fork bomb", "bounded_processes", fork_bomb),
    Case(11, "sleep forever, signals ignored, setsid twice", "daemons", sleep_for_ever),
    Case(12, "daemon left after a clean exit", "daemons", daemon),
    Case(13, "controller killed in the middle of an action", "controller", controller_killed),
    Case(14, "spawning thread ends", "", thread_ended),
    Case(35, "jail binary missing", "secret_file", jailer_missing),
    Case(0, "64 jobs side by side", "", sixty_four),
    Case(0, "cancelled job", "daemons", interrupted),
    Case(0, "sandbox closed while a job runs", "daemons", closed),
    Case(0, "leave something for the next job", "", leftovers),
    Case(0, "input that does not exist", "", broken_is_no_outcome),
    Case(
        0,
        "close stdout and stderr and go on for ever",
        "",
        Asked(
            program("import os, time\nos.close(1); os.close(2)\ntime.sleep(60)", limits=Limits(wall_seconds=0.5)),
            (Ending("timeout", "wall_seconds"),),
        ),
    ),
    Case(
        0, "end by a signal", "", Asked(program("import os; os.abort()"), (Ending("nonzero", exit_code=-6, files={}),))
    ),
    Case(
        0,
        "read where there is no memory",
        "",
        Asked(
            program("import ctypes; ctypes.string_at(8)"),
            (Ending("nonzero", exit_code=-11, files={}),),
        ),
    ),
)
