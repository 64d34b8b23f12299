"""Cases about memory, space, output and cores: what a job must not be able to take in more than its share."""

from __future__ import annotations

from tracewright.records.job import MIB, Limits
from tracewright.sandboxes._contract.case import Asked, Attempts, Case, Drill, Ending, holds, program, told
from tracewright.sandboxes._contract.trial import Trial, memory_watched

BALLOON = Limits(wall_seconds=20, memory_bytes=512 * MIB)
HOST_GROWTH = 8 * MIB
FLOOD = 1 << 30
CPU_SECONDS = 1.0


def flood(code: str) -> Drill:
    """Return the drill in which a program prints a gigabyte and the host keeps its memory."""

    async def drill(trial: Trial) -> str:
        async with trial.opened() as sandbox:
            await sandbox.run(program("pass"))
            with memory_watched() as memory:
                outcome = await sandbox.run(program(f"import os, sys\nSIZE = {FLOOD}\n{code}"))
        holds(outcome.status == "output_limit" and "bytes left out" in outcome.stdout + outcome.stderr, told(outcome))
        return holds(memory.grown <= HOST_GROWTH, f"output_limit, the host grew by {memory.grown / MIB:.1f} MiB")

    return drill


async def cores(trial: Trial) -> str:
    """Two busy processes under a limit of one core get the time of one, whatever affinity they ask for."""
    code = f"""
import os, time
try: os.sched_setaffinity(0, range(os.cpu_count()))
except OSError: pass
child = os.fork()
end = time.monotonic() + {CPU_SECONDS}
while time.monotonic() < end: pass
if child == 0: os._exit(0)
os.waitpid(child, 0)
used = os.times()
print(used.user + used.system + used.children_user + used.children_system)
"""
    [outcome] = await trial.run(program(code, limits=Limits(wall_seconds=20, cpu_cores=1)))
    holds(outcome.status == "ok", told(outcome))
    used = float(outcome.stdout)
    return holds(used < 1.5 * CPU_SECONDS, f"{used:.2f} s of processor in {CPU_SECONDS:g} s with one core")


def filled(folder: str) -> str:
    """Return the program that fills a folder with files of a megabyte each, and tells where it was stopped."""
    return f"""
folder = {folder}
try: os.stat(folder)
except OSError as error: tell('no such folder', errno.errorcode[error.errno])
else:
    count, made = 0, []
    try:
        while count < 200:
            made.append(f'{{folder}}/tracewright-fill-{{os.getpid()}}-{{count}}')
            with open(made[-1], 'xb') as file: file.write(bytes(1 << 20))
            count += 1
    except OSError as error: tell(f'after {{count}} MiB', errno.errorcode[error.errno])
    else: tell('200 MiB', 'GOT IT')
    for path in made: os.path.exists(path) and os.unlink(path)
"""


FULL = frozenset(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "ENOENT"])
MILLION = """
import os, tempfile
folder, count = tempfile.mkdtemp(), 0
try:
    while count < 1_000_000:
        os.close(os.open(f'{folder}/{count}', os.O_CREAT | os.O_WRONLY))
        count += 1
except OSError as error:
    print(f'stopped with {error.errno} at {count}')
    raise SystemExit(28)
print('a million files')
for number in range(count): os.unlink(f'{folder}/{number}')
os.rmdir(folder)
"""

CASES = (
    Case(
        9,
        "one balloon of 8 GB",
        "",
        Asked(
            program("kept = []\nfor _ in range(32): kept.append(b'x' * (256 << 20))\nprint('8 GB')", limits=BALLOON),
            (Ending("oom"), Ending("nonzero", stderr="MemoryError", stdout=r"\A\Z")),
        ),
    ),
    Case(
        10,
        "16 processes of 512 MB",
        "memory_of_tree",
        Asked(
            program(
                """
import os, time
children = []
for _ in range(16):
    child = os.fork()
    if child == 0:
        try: kept = b'x' * (512 << 20)
        except MemoryError: os._exit(1)
        time.sleep(3); os._exit(0)
    children.append(child)
ended = [os.waitpid(child, 0)[1] for child in children]
print(f'{ended.count(0)} of 16')
raise SystemExit(any(ended))
""",
                limits=Limits(wall_seconds=20, memory_bytes=1024 * MIB),
            ),
            (Ending("oom", "memory_bytes"),),
        ),
    ),
    Case(0, "two busy processes under a limit of one core", "memory_of_tree", cores),
    Case(15, "1 GB on stdout", "", flood("for _ in range(SIZE >> 20): os.write(1, b'x\\n' * (1 << 19))")),
    Case(15, "1 GB on stderr", "", flood("for _ in range(SIZE >> 20): os.write(2, b'x\\n' * (1 << 19))")),
    Case(15, "1 GB without a line's end", "", flood("for _ in range(SIZE >> 20): os.write(1, b'x' * (1 << 20))")),
    Case(16, "fill the scratch folder", "space", Attempts(filled("tempfile.gettempdir()"), FULL)),
    Case(16, "fill the workspace", "space", Attempts(filled("os.getcwd()"), FULL)),
    Case(16, "fill /dev/shm", "space", Attempts(filled("'/dev/shm'"), FULL)),
    Case(
        16,
        "a million empty files",
        "inodes",
        Asked(
            program(MILLION, limits=Limits(wall_seconds=60, memory_bytes=128 * MIB)),
            (Ending("oom", "memory_bytes"), Ending("nonzero", exit_code=28, stdout="stopped with (28|122) ")),
        ),
    ),
    Case(
        16,
        "a sparse file of 1 TB",
        "",
        Attempts(
            """
path = tempfile.mkstemp()[1]
attempt('made long', lambda: os.truncate(path, 1 << 40))
def far():
    with open(path, 'wb', buffering=0) as file: file.seek(1 << 40); file.write(b'x')
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
attempt('written far out', far)
os.unlink(path)
""",
            frozenset(["EFBIG"]),
        ),
    ),
    Case(
        0,
        "open a thousand files",
        "",
        Attempts(
            "kept = []\nattempt('open', lambda: [kept.append(open('/dev/null')) for _ in range(1000)])",
            frozenset(["EMFILE"]),
        ),
    ),
    Case(
        0,
        "dump core into the workspace",
        "",
        Asked(
            program("import os, resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))\nos.kill(os.getpid(), 11)"),
            (Ending("nonzero", exit_code=-11, stdout=r"\A\Z|\A\(0, 0\)\n\Z", files={}),),
        ),
    ),
    Case(
        0,
        "print more than is kept",
        "",
        Asked(
            program("print('a' * 5000 + 'z' * 5000)", limits=Limits(wall_seconds=20, output_bytes=1000)),
            (Ending("ok", stdout=r"\Aa{500}\n\[9001 bytes left out\]\nz{499}\n\Z"),),
        ),
    ),
)
