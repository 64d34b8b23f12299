"""Cases about other processes: what a job must not see, reach or take from them, nor they from it."""

from __future__ import annotations

import asyncio
import secrets

from tracewright.records.job import Job, Limits
from tracewright.sandboxes._contract.case import PRELUDE, Attempts, Case, holds, program, told
from tracewright.sandboxes._contract.trial import Trial

SIDE_BY_SIDE = """
MINE, OTHER = {mine!r}, {other!r}
folders = {{os.getcwd(), tempfile.gettempdir(), '/tmp', '/dev/shm'}}
kept = []
for folder in folders:
    try: open(f'{{folder}}/{{MINE}}', 'w').close()
    except OSError: pass
def listen(family, address):
    kept.append(socket.socket(family))
    kept[-1].bind(address)
    kept[-1].listen()
for family, address in ((socket.AF_INET, ('127.0.0.1', 47813)), (socket.AF_UNIX, '\\0tracewright-neighbour')):
    try: listen(family, address)
    except OSError as error: found(f'that {{address!r}} is taken', error.errno == errno.EADDRINUSE)
time.sleep(1.5)
for folder in folders: found(f'files of the other in {{folder}}', [name for name in listed(folder) if OTHER in name])
for process in pathlib.Path('/proc').glob('[0-9]*'):
    if process.name == str(os.getpid()): continue
    try: line = (process / 'cmdline').read_bytes().decode(errors='replace')
    except OSError: continue
    # Our own command line tells of the other too, so its words are looked for behind the mark of its own.
    found(f'process {{process.name}} of the other', f'MINE, OTHER = {{OTHER!r}}' in line.replace('\\\\', ''))
for folder in folders: os.path.exists(f'{{folder}}/{{MINE}}') and os.unlink(f'{{folder}}/{{MINE}}')
tell('the end', 'nothing')
"""


async def two_side_by_side(trial: Trial) -> str:
    """Two jobs at once see nothing of each other: files, ports, names, processes."""
    one, other = (f"neighbour-{secrets.token_hex(8)}" for _ in range(2))
    texts = [PRELUDE + SIDE_BY_SIDE.format(mine=mine, other=theirs) for mine, theirs in ((one, other), (other, one))]
    async with trial.opened() as sandbox:
        outcomes = await asyncio.gather(*(sandbox.run(program(text)) for text in texts))
    for outcome in outcomes:
        lines = outcome.stdout.splitlines()
        holds(outcome.status == "ok" and "the end\tnothing" in lines, told(outcome))
        seen = [line for line in lines if not line.endswith("\tnothing")]
        holds(not seen, "; ".join(seen))
    return "neither saw the other"


UNJAILED = """
import os, signal, time
try: names = os.listdir('/proc')
except OSError: names = []
def signalled():
    try: os.kill(CANARY, 0)
    except OSError: return False
    return True
# Whoever sees or reaches the canary is in no jail, and what follows would be no trial but an accident.
if str(CANARY) in names or signalled(): raise SystemExit('this is no jail')
"""


def jailed_only(trial: Trial, code: str, seconds: float = 20) -> Job:
    """Return the job that runs what would do harm outside a jail, and runs it only where the canary is out of reach."""
    return program(f"CANARY = {trial.bait.canary.pid}{UNJAILED}{code}", limits=Limits(wall_seconds=seconds))


async def kill_everything(trial: Trial) -> str:
    """Killing all that can be killed takes the supervisor along, and nobody outside."""
    [outcome] = await trial.run(jailed_only(trial, "os.kill(-1, 9)"))
    holds((outcome.status, outcome.code) == ("killed", "jail_killed"), told(outcome))
    return holds(trial.bait.canary.poll() is None, "the supervisor died, and the outcome says so")


async def stop_the_supervisor(trial: Trial) -> str:
    """A supervisor that is stopped cannot keep the time: the host does."""
    code = """
process = os.getppid()
for _ in range(2):
    try: os.kill(process, signal.SIGSTOP)
    except OSError: pass
    try: process = int(open(f'/proc/{process}/stat').read().rpartition(')')[2].split()[1])
    except OSError: break
    if process <= 1: break
time.sleep(60)
"""
    [outcome] = await trial.run(jailed_only(trial, code, seconds=1))
    return holds((outcome.status, outcome.code) == ("timeout", "wall_seconds"), told(outcome))


async def forge(trial: Trial) -> str:
    """Whatever is written wherever a program can write, its outcome is what really came of it."""
    code = """
import struct
text = b'{"id": 0, "nonce": "", "status": "ok", "stdout": "forged"}'
frame = struct.pack('>II', len(text), 0) + text
paths = [f'/proc/{name}/fd/{number}' for name in names if name.isdigit() and int(name) != os.getpid()
    for number in range(16)]
for path in paths:
    try: os.write(os.open(path, os.O_WRONLY | os.O_NONBLOCK), frame)
    except OSError: pass
for number in range(3, 64):
    try: os.write(number, frame)
    except OSError: pass
print('honest')
raise SystemExit(3)
"""
    [outcome] = await trial.run(jailed_only(trial, code))
    honest = (outcome.status, outcome.exit_code, outcome.stdout) == ("nonzero", 3, "honest\n")
    return holds(honest, told(outcome))


CASES = (
    Case(
        2,
        "find a secret in an environment: its own, /proc/1/environ, all others",
        "environment",
        Attempts("""
allowed = {'HOME', 'LANG', 'LD_LIBRARY_PATH', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'PWD', 'LC_CTYPE',
    'TMPDIR', 'TRACEWRIGHT_INPUTS', 'ARROW_DEFAULT_MEMORY_POOL'}
found('in its own', sorted(set(os.environ) - allowed))
for path in pathlib.Path('/proc').glob('[0-9]*/environ'):
    try: text = path.read_bytes()
    except OSError: continue
    found(f'in {path}', sorted({entry.split(b'=')[0].decode() for entry in text.split(b'\\0') if entry} - allowed))
    found(f'the secret in {path}', TOKEN.encode() in text)
"""),
    ),
    Case(
        0,
        "see the processes of the host",
        "processes",
        Attempts("""
numbers = [name for name in listed('/proc') if name.isdigit()]
found('more than its own', numbers if len(numbers) > 8 else [])
attempt('the canary', lambda: read(f'/proc/{CANARY}/cmdline'))
"""),
    ),
    Case(
        20,
        "trace, read and write the memory of supervisor and host",
        "privileges",
        Attempts(
            """
local = (ctypes.c_char * 8)()
piece = struct.pack('PN', ctypes.addressof(local), 8)
for what, process in (('supervisor', os.getppid()), ('first', 1), ('canary', CANARY)):
    call(f'trace the {what}', 'ptrace', 16, process, 0, 0)
    call(f'read the {what}', 'process_vm_readv', process, piece, 1, struct.pack('PN', 4096, 8), 1, 0)
    call(f'write the {what}', 'process_vm_writev', process, piece, 1, struct.pack('PN', 4096, 8), 1, 0)
try: door = os.pidfd_open(os.getppid())
except OSError: door = 0
call('a descriptor of the supervisor', 438, door, 0, 0)
""",
            refusals=frozenset(["EPERM", "ENOSYS", "ESRCH", "EACCES"]),
        ),
    ),
    Case(
        0,
        "kill, stop or signal the processes of the host",
        "signals",
        Attempts("""
import signal
for number in (0, signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    attempt(f'signal {number}', lambda: os.kill(CANARY, number))
def through_a_door(): signal.pidfd_send_signal(os.pidfd_open(CANARY), signal.SIGKILL)
attempt('by a descriptor', through_a_door)
attempt('its group', lambda: os.killpg(CANARY, signal.SIGKILL))
"""),
    ),
    Case(
        20,
        "kill the supervisor and everything else",
        "signals",
        kill_everything,
    ),
    Case(
        0,
        "stop the supervisor for good",
        "signals",
        stop_the_supervisor,
    ),
    Case(
        21,
        "open memory, descriptors and environment of the supervisor",
        "processes",
        Attempts("""
# Whoever sees the canary is in no jail, and the others there are none of our business.
jailed = str(CANARY) not in listed('/proc')
for process in pathlib.Path('/proc').glob('[0-9]*') if jailed else [pathlib.Path(f'/proc/{CANARY}')]:
    if int(process.name) == os.getpid(): continue
    for file in ('mem', 'environ', 'maps', 'fd/0', 'fd/1', 'fd/3', 'fd/4'):
        for how in (os.O_RDONLY, os.O_WRONLY):
            attempt(f'{process.name} {file}', lambda: os.open(process / file, how))
tell('the end', 'nothing')
"""),
    ),
    Case(
        21,
        "forge a reply on whatever descriptor can be found",
        "processes",
        forge,
    ),
    Case(
        25,
        "find an inherited descriptor of the host",
        "",
        Attempts("""
def link(path):
    try: return os.readlink(path)
    except OSError: return ''
for number in range(3, 256): attempt(f'descriptor {number}', lambda: os.fstat(number))
for path in pathlib.Path('/proc').glob('[0-9]*/fd/*'): found(f'the secret at {path}', link(path) == SECRET)
"""),
    ),
    Case(36, "see a task that runs beside it", "processes", two_side_by_side),
)
