"""Every sandbox keeps the same promises: what the code does wrong is an outcome, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import resource
import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sandboxes.jails import claim, gone_within, lacks, marked, names, outcome_of, program, proven_home, within
from tracewright.blobs import Blobs
from tracewright.errors import UsageError
from tracewright.records.job import MIB, Isolation, Job, Limits, Outcome
from tracewright.sandboxes import Sandbox

RENAME: dict[str, object] = {"op": "apply", "pattern": "print($A)", "rewrite": "log($A)", "language": "python"}


@pytest.fixture(params=names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _rename(text: str) -> Job:
    return Job.model_validate({"kind": "ast_grep", "files": {"a.py": text}, "request": RENAME})


def test_a_preflight_says_what_the_jail_holds_back(name: str) -> None:
    isolation = within(name, lambda sandbox: sandbox.preflight())

    assert isolation.backend == name
    assert (isolation.level == "none") == (name == "none")
    assert (isolation.network == "none") == (not lacks(name, "network"))
    assert bool(isolation.preflight) == (name != "none")


def test_a_data_only_job_returns_changed_files_and_a_diff(name: str) -> None:
    outcome = outcome_of(name, _rename("print(1)\nx = 2\n"))

    assert outcome.status == "ok"
    assert outcome.files == {"a.py": "log(1)\nx = 2\n"}
    assert outcome.diff == "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-print(1)\n+log(1)\n x = 2\n"


def test_every_outcome_says_how_it_was_isolated(name: str) -> None:
    async def work(sandbox: Sandbox) -> tuple[Isolation, Outcome, Outcome]:
        return await sandbox.preflight(), await sandbox.run(_rename("print(1)")), await sandbox.run(program("pass"))

    isolation, shared, fresh = within(name, work)

    assert shared.observed.isolation == fresh.observed.isolation == isolation


def test_a_failing_program_is_an_outcome_not_an_error(name: str) -> None:
    outcome = outcome_of(name, program("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))

    assert (outcome.status, outcome.exit_code, outcome.stdout, outcome.stderr) == ("nonzero", 3, "out\n", "err\n")


def test_a_program_that_dies_by_a_signal_keeps_the_signal(name: str) -> None:
    assert outcome_of(name, program("import os; os.abort()")).exit_code == -6


def test_changed_new_and_deleted_files_come_out_in_one_dateless_diff(name: str) -> None:
    code = "from pathlib import Path\nPath('b').write_text('2\\n'); Path('a').unlink(); Path('d/c').write_text('3')"
    outcome = outcome_of(name, program(code, files={"a": "1\n", "b": "1\n", "d/c": "1\n", "same": "0\n"}))

    assert outcome.files == {"a": None, "b": "2\n", "d/c": "3"}
    assert outcome.diff == (
        "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"
        "--- a/b\n+++ b/b\n@@ -1 +1 @@\n-1\n+2\n"
        "--- a/d/c\n+++ b/d/c\n@@ -1 +1 @@\n-1\n+3\n\\ No newline at end of file\n"
    )


def test_inputs_are_mounted_read_only_by_name(name: str) -> None:
    blob = Blobs(proven_home() / "blobs").put(b"one,two\n")
    code = """
import os
path = os.environ.get('TRACEWRIGHT_INPUTS', '/in') + '/t.csv'
print(open(path).read(), end='')
try: os.open(path, os.O_WRONLY)
except OSError as error: print(error.errno)
"""
    job = program(code).model_copy(update={"inputs": {"t.csv": blob.sha256}})

    expected = {"one,two\n"} if lacks(name, "writing") else {"one,two\n30\n", "one,two\n13\n"}
    assert outcome_of(name, job).stdout in expected


def test_an_unknown_kind_is_refused_before_anything_runs(name: str) -> None:
    with pytest.raises(UsageError, match="no 'nonsense' among jobs"):
        outcome_of(name, Job(kind="nonsense"))


def test_code_never_runs_in_a_shared_worker(name: str) -> None:
    job = program("print('ran')").model_copy(update={"isolation": "worker"})
    outcome = outcome_of(name, job)

    assert (outcome.status, outcome.code, outcome.stdout) == ("action_error", "isolation_too_weak", "")


def test_the_next_job_finds_nothing_of_the_last(name: str) -> None:
    write = "import tempfile; open(tempfile.gettempdir() + '/left', 'w').write('x'); open('left', 'w').write('x')"
    look = "import os, tempfile; print(os.listdir(tempfile.gettempdir()), os.listdir())"

    async def work(sandbox: Sandbox) -> list[Outcome]:
        return [await sandbox.run(program(code)) for code in (write, look)]

    assert within(name, work)[1].stdout == "[] []\n"


def test_sixty_four_jobs_at_once_all_come_back(name: str) -> None:
    async def work(sandbox: Sandbox) -> list[Outcome]:
        shared = [sandbox.run(_rename(f"print({number})")) for number in range(48)]
        fresh = [sandbox.run(program(f"print({number})")) for number in range(16)]
        return list(await asyncio.gather(*shared, *fresh))

    outcomes = within(name, work)

    assert [outcome.files["a.py"] for outcome in outcomes[:48]] == [f"log({number})" for number in range(48)]
    assert [outcome.stdout for outcome in outcomes[48:]] == [f"{number}\n" for number in range(16)]


def test_two_runs_of_one_program_print_the_same(name: str) -> None:
    job = program("print(list({'a', 'b', 'c', 'd'}), hash('x'))")

    assert outcome_of(name, job).stdout == outcome_of(name, job).stdout


def test_a_job_that_ignores_every_signal_is_ended_by_the_clock_and_leaves_nothing(name: str) -> None:
    marker = secrets.token_hex(8)
    code = f"""
import os, signal, subprocess, sys, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
print('so far', flush=True)
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99) # {marker}'], start_new_session=True)
time.sleep(99)
"""
    outcome = outcome_of(name, program(code, limits=Limits(wall_seconds=1)))

    assert (outcome.status, outcome.code, outcome.stdout) == ("timeout", "wall_seconds", "so far\n")
    assert gone_within(0.25, marker)


def test_a_daemon_does_not_outlive_its_job(name: str) -> None:
    marker = secrets.token_hex(8)
    code = f"""
import os, subprocess, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(99) # {marker}'])
    os._exit(0)
print('done')
"""
    assert outcome_of(name, program(code)).stdout == "done\n"
    assert gone_within(0.25, marker)


def test_printed_text_beyond_the_limit_is_cut_in_the_middle_and_marked(name: str) -> None:
    limits = Limits(wall_seconds=20, output_bytes=1000)
    outcome = outcome_of(name, program("print('a' * 5000 + 'z' * 5000)", limits=limits))

    assert outcome.status == "ok"
    assert outcome.stdout == f"{'a' * 500}\n[9001 bytes left out]\n{'z' * 499}\n"


def test_a_flood_of_output_is_stopped_and_costs_the_host_no_memory(name: str) -> None:
    code = "import os\nblock = b'x' * (1 << 20)\nfor _ in range(1024): os.write(1, block)"

    async def work(sandbox: Sandbox) -> tuple[Outcome, int]:
        await sandbox.run(program("pass"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcome = await sandbox.run(program(code))
        return outcome, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    outcome, grown = within(name, work)

    assert outcome.status == "output_limit"
    assert "bytes left out" in outcome.stdout
    assert grown <= 8 * 1024


def test_the_memory_of_a_whole_tree_is_bounded_or_the_outcome_says_that_it_is_not(name: str) -> None:
    code = """
import os, time
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        block = bytearray(100 << 20); time.sleep(1); os._exit(0)
    children.append(child)
raise SystemExit(any(os.waitpid(child, 0)[1] for child in children))
"""
    outcome = outcome_of(name, program(code, limits=Limits(wall_seconds=20, memory_bytes=256 * MIB)))

    assert outcome.observed.isolation is not None
    assert outcome.status == "oom" or outcome.observed.isolation.memory == "per_process"


def test_one_process_cannot_take_more_memory_than_its_job_may(name: str) -> None:
    outcome = outcome_of(name, program("bytearray(8 << 30)", limits=Limits(wall_seconds=20, memory_bytes=256 * MIB)))

    assert outcome.status == "oom" or "MemoryError" in outcome.stderr


def test_a_fork_bomb_ends_at_its_limit_and_the_next_job_is_fine(name: str) -> None:
    code = """
import os, time
count = 0
try:
    while True:
        if os.fork() == 0: time.sleep(99)
        count += 1
except OSError as error:
    print(error.errno, count)
"""

    if claim(name).processes == "none":
        return  # it says so, and would take the machine along

    async def work(sandbox: Sandbox) -> list[Outcome]:
        bomb = program(code, limits=Limits(wall_seconds=20, processes=32))
        return [await sandbox.run(job) for job in (bomb, program("print('fine')"))]

    bomb, after = within(name, work)
    number, count = map(int, bomb.stdout.split())

    assert (number, after.stdout) == (11, "fine\n")
    assert count <= 40


def test_closing_ends_what_still_runs_and_refuses_what_comes_later(name: str) -> None:
    marker = secrets.token_hex(8)

    async def work(sandbox: Sandbox) -> Sequence[BaseException | Outcome]:
        running = asyncio.create_task(sandbox.run(program(marked("import time; time.sleep(99)", marker))))
        await asyncio.sleep(0.5)
        await sandbox.close()
        return await asyncio.gather(running, sandbox.run(program("pass")), return_exceptions=True)

    assert all(isinstance(found, BaseException) for found in within(name, work))
    assert gone_within(0.25, marker)


def test_a_cancelled_job_leaves_no_process(name: str) -> None:
    marker = secrets.token_hex(8)

    async def work(sandbox: Sandbox) -> None:
        running = asyncio.create_task(sandbox.run(program(marked("import time; time.sleep(99)", marker))))
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert gone_within(0.25, marker)

    within(name, work)


def test_nothing_of_the_host_is_written(name: str, tmp_path: Path) -> None:
    if lacks(name, "writing"):
        return
    target = tmp_path / "written"
    outcome_of(name, program(f"import os; os.makedirs({str(tmp_path)!r}); open({str(target)!r}, 'w').write('x')"))

    assert not target.exists()
