"""What jailed code must not reach, case by case. A case is a program that prints each thing that it got hold of."""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandboxes.jails import lacks, names, outcome_of, program, within
from tracewright.records.job import Limits, Outcome
from tracewright.sandboxes import Sandbox

PRELUDE = """
import ctypes, errno, os, pathlib, socket, stat, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    number = getattr(libc, name)(*arguments) if isinstance(name, str) else libc.syscall(name, *arguments)
    return errno.errorcode[ctypes.get_errno()] if number < 0 else 'GOT IT'
def attempt(work):
    try: work()
    except OSError as error: return errno.errorcode.get(error.errno, type(error).__name__)
    return 'GOT IT'
"""

CASES = {
    "no_file_of_the_host_can_be_read": """
for path in ('/etc/shadow', SECRET): print(attempt(lambda: os.open(path, os.O_RDONLY)))
# An image may have folders and accounts of its own.
for path in ('/root', '/home', os.path.dirname(SECRET)): print(attempt(lambda: os.listdir(path) or os.listdir(SECRET)))
print(attempt(lambda: open('/etc/passwd').read() == ACCOUNTS or os.listdir(SECRET)))
watch = libc.inotify_init1(0)
print(call('inotify_add_watch', watch, os.fsencode(SECRET), 1))
""",
    "no_file_outside_the_work_folders_can_be_written": """
for path in ('/', '/usr', '/opt', '/opt/venv', '/opt/tracewright', '/etc', '/dev', '/in', '/proc/sys/kernel'):
    print(attempt(lambda: open(path + '/new', 'w')))
for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/sys/fs/cgroup'):
    print(attempt(lambda: os.open(path, os.O_WRONLY)))
""",
    "what_a_file_is_cannot_be_changed_where_it_cannot_be_opened": """
for work in (lambda: os.chmod(SECRET, 0o777), lambda: os.chown(SECRET, 65534, 65534), lambda: os.utime(SECRET),
    lambda: os.truncate(SECRET, 0), lambda: os.unlink(SECRET), lambda: os.rename(SECRET, SECRET + '2'),
    lambda: os.link(SECRET, 'mine'), lambda: os.setxattr(SECRET, 'user.a', b'x')):
    print(attempt(work))
""",
    "not_even_that_a_file_exists_is_told": """
print(attempt(lambda: os.stat(SECRET)), attempt(lambda: os.stat(os.path.dirname(SECRET))), os.access(SECRET, os.F_OK))
""",
    "nothing_that_is_shared_by_name_is_found": """
print(call('shmget', KEY, 0, 0), call('semget', KEY, 0, 0), call('msgget', KEY, 0))
if os.uname().machine == 'x86_64': print(call(240, b'tracewright-escape', 2, 0, None))
""",
    "a_pair_of_datagram_sockets_sends_to_no_name": """
def send(address):
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b'x', address)
for address in (MAILBOX, '\\0' + ABSTRACT): print(attempt(lambda: send(address)))
""",
    "whoever_started_us_keeps_its_limits_and_priority": """
import resource
print(attempt(lambda: resource.prlimit(HOST, resource.RLIMIT_NOFILE)) if not pathlib.Path('/proc', str(HOST)).exists()
    else 'ESRCH')
print(attempt(lambda: os.setpriority(os.PRIO_PROCESS, HOST, 19)), attempt(lambda: os.kill(HOST, 0)))
""",
    "no_environment_holds_a_secret": """
allowed = {'HOME', 'LANG', 'LD_LIBRARY_PATH', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONHASHSEED', 'PWD', 'LC_CTYPE',
    'TMPDIR', 'TRACEWRIGHT_INPUTS'}
print(sorted(set(os.environ) - allowed))
for path in pathlib.Path('/proc').glob('[0-9]*/environ'):
    try: names = {entry.split(b'=')[0].decode() for entry in path.read_bytes().split(b'\\0') if entry}
    except OSError: continue
    print(sorted(names - allowed))
""",
    "no_port_and_no_name_can_be_reached": """
for address in (('127.0.0.1', PORT), ('10.0.0.1', 80), ('8.8.8.8', 53)):
    print(attempt(lambda: socket.create_connection(address, 1)))
print(attempt(lambda: socket.create_connection(('::1', PORT), 1)))
print(attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))))
print(attempt(lambda: socket.getaddrinfo('example.org', 80)))
""",
    "no_local_socket_of_the_host_can_be_reached": """
for address in (NAMED, '\\0' + ABSTRACT): print(attempt(lambda: socket.socket(socket.AF_UNIX).connect(address)))
""",
    "strange_families_of_sockets_do_not_exist": """
for family in (16, 17, 38, 40): print(attempt(lambda: socket.socket(family, socket.SOCK_RAW)))
""",
    "namespaces_mounts_and_devices_are_refused": """
for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000): print(call('unshare', flag))
print(call('mount', b'none', b'/ws', b'tmpfs', 0, None), call('umount2', b'/proc', 0), call('chroot', b'/ws'))
print(attempt(lambda: os.mknod('/ws/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))))
print(call('setns', 3, 0), call('pivot_root' if hasattr(libc, 'pivot_root') else 155, b'/ws', b'/ws'))
""",
    "privileged_and_dangerous_system_calls_are_refused": """
for name, arguments in (('ptrace', (0, 0, 0, 0)), ('personality', (0,)), ('sethostname', (b'x', 1)),
    ('process_vm_readv', (1, 0, 0, 0, 0, 0)), ('swapon', (b'x', 0)), ('klogctl', (0, 0, 0))):
    print(call(name, *arguments))
for number in (425, 426, 427, 435, 500): print(call(number, 0, 0, 0))
if os.uname().machine == 'x86_64':
    for number in (250, 321, 298, 323, 175): print(call(number, 0, 0, 0, 0, 0))
""",
    "no_right_is_held_and_none_can_be_won": """
rights = (ctypes.c_uint32 * 6)()
print((libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0)) != (1, 2))
print(libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), rights) != 0 or any(rights))
print(os.getuid() == 0, attempt(lambda: os.setuid(0)))
import resource
print(attempt(lambda: os.nice(-5)))
""",
    "no_descriptor_of_the_host_is_inherited": """
for number in range(3, 256): print(attempt(lambda: os.fstat(number)))
""",
    "there_is_no_terminal": """
print(attempt(lambda: os.open('/dev/tty', os.O_RDWR)), os.isatty(0))
import fcntl
print(attempt(lambda: fcntl.ioctl(0, 0x5412, b'x')))
""",
    "neither_the_supervisor_nor_the_host_can_be_looked_into": """
for process in pathlib.Path('/proc').glob('[0-9]*'):
    if int(process.name) in (1, os.getpid()): continue
    for file in ('mem', 'environ', 'fd/1', 'maps'): print(attempt(lambda: os.open(process / file, os.O_RDWR)))
print(attempt(lambda: os.kill(HOST, 0)) if HOST > 100 else 'ESRCH')
""",
}
"""Programs after PRELUDE; SECRET, PORT, NAMED, MAILBOX, ABSTRACT, KEY, HOST and ACCOUNTS are what the host laid out."""

PROMISES = {
    "no_file_of_the_host_can_be_read": "secret_file",
    "no_file_outside_the_work_folders_can_be_written": "writing",
    "what_a_file_is_cannot_be_changed_where_it_cannot_be_opened": "writing",
    "not_even_that_a_file_exists_is_told": "metadata",
    "nothing_that_is_shared_by_name_is_found": "shared_names",
    "a_pair_of_datagram_sockets_sends_to_no_name": "local_sockets",
    "whoever_started_us_keeps_its_limits_and_priority": "signals",
    "no_environment_holds_a_secret": "environment",
    "no_port_and_no_name_can_be_reached": "network",
    "no_local_socket_of_the_host_can_be_reached": "local_sockets",
    "strange_families_of_sockets_do_not_exist": "local_sockets",
    "namespaces_mounts_and_devices_are_refused": "namespaces",
    "privileged_and_dangerous_system_calls_are_refused": "privileges",
    "no_right_is_held_and_none_can_be_won": "privileges",
    "no_descriptor_of_the_host_is_inherited": "processes",
    "there_is_no_terminal": "terminal",
    "neither_the_supervisor_nor_the_host_can_be_looked_into": "processes",
}
"""The name under which a sandbox says that it lacks what the case is about."""

SAFE = {"False", "[]", "EROFS", "ENOENT", "EACCES", "EPERM", "ENOSYS", "ESRCH", "ECONNREFUSED", "ENETUNREACH"}
SAFE |= {
    "EAFNOSUPPORT",
    "EBADF",
    "EXDEV",
    "ENOTSUP",
    "gaierror",
    "ENXIO",
    "ENOTTY",
    "EADDRNOTAVAIL",
    "EISDIR",
    "ENOTDIR",
    "EINVAL",
}


@pytest.fixture(params=names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Lay out what must not be reached, and return it as Python assignments."""
    monkeypatch.setenv("TRACEWRIGHT_SECRET", "secret")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    abstract = f"tracewright-{secrets.token_hex(8)}"
    descriptor = os.open(secret, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as hidden,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mailbox,
        _shared_memory() as key,
    ):
        named.bind(str(tmp_path / "named"))
        hidden.bind(f"\0{abstract}")
        mailbox.bind(str(tmp_path / "mailbox"))
        named.listen()
        hidden.listen()
        accounts = Path("/etc/passwd").read_text()
        named_at, mailbox_at = str(tmp_path / "named"), str(tmp_path / "mailbox")
        laid_out = (str(secret), port.getsockname()[1], named_at, mailbox_at, abstract, key, os.getpid(), accounts)
        yield f"SECRET, PORT, NAMED, MAILBOX, ABSTRACT, KEY, HOST, ACCOUNTS = {laid_out!r}\n"
    os.close(descriptor)


@contextmanager
def _shared_memory() -> Iterator[int]:
    """Make a piece of memory that everybody on this machine may open by its key."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    memory = libc.shmget(key, 4096, 0o1666)
    try:
        yield key
    finally:
        libc.shmctl(memory, 0, None)


@pytest.mark.parametrize("case", CASES)
def test_jailed_code_gets_hold_of_nothing(case: str, name: str, bait: str) -> None:
    if lacks(name, PROMISES[case]):
        return
    outcome = outcome_of(name, program(PRELUDE + bait + CASES[case]))

    assert (outcome.status, outcome.stderr) == ("ok", "")
    assert set(outcome.stdout.split()) <= SAFE, outcome.stdout


@pytest.mark.parametrize("folder", ["/ws", "/tmp", "/dev/shm"])
def test_a_work_folder_fills_up_before_the_machine_does(folder: str, name: str) -> None:
    if lacks(name, "space"):
        return
    code = f"""
try:
    for number in range(200):
        with open(f'{folder}/{{number}}', 'wb') as file: file.write(bytes(1 << 20))
except OSError as error: print(error.errno, number)
import os
for entry in os.scandir('{folder}'): os.unlink(entry)
"""
    number, count = map(int, outcome_of(name, program(code)).stdout.split())

    assert number == 28
    assert count <= 64


def test_a_huge_sparse_file_is_refused(name: str) -> None:
    code = """
import tempfile
try: open(tempfile.gettempdir() + '/x', 'wb').truncate(1 << 40)
except OSError as error: print(error.errno)
"""

    assert outcome_of(name, program(code)).stdout == "27\n"


@pytest.mark.parametrize(
    ("code", "refusal", "told"),
    [
        ("os.symlink('/etc/shadow', 'link')", "irregular_file", "link is a symbolic link"),
        ("socket.socket(socket.AF_UNIX).bind('sock')", "irregular_file", "sock is a socket"),
        ("open('raw', 'wb').write(b'\\xff')", "non_utf8_file", "raw is not UTF-8 text (byte 0)"),
        ("open('a\\nb', 'w')", "unsafe_path", "control character"),
        ("open(b'\\xff', 'w')", "unsafe_path", "not UTF-8"),
        ("open('a\\\\b', 'w')", "unsafe_path", "backslash"),
        ("[open(str(n), 'w').close() for n in range(5000)]", "too_many_files", "files changed"),
        ("os.mkdir('shut', 0)", "unreadable_file", "shut"),
    ],
)
def test_an_output_that_is_no_plain_text_file_is_refused_by_name(code: str, refusal: str, told: str, name: str) -> None:
    if "mkdir" in code and lacks(name, "privileges"):
        return  # nothing is shut for root
    outcome = outcome_of(name, program(f"import os, socket\n{code}"))
    if "socket(" in code and "Address family not supported" in outcome.stderr:
        pytest.skip(f"{name}: no socket can be made in there, so none can be left behind")

    if "AF_UNIX" in code and outcome.status == "nonzero":
        assert "not supported" in outcome.stderr  # there is no such socket in the first place
        return
    assert (outcome.status, outcome.code, outcome.files) == ("action_error", refusal, {})
    assert told in outcome.message


def test_names_that_other_systems_forbid_survive_the_way_out(name: str) -> None:
    names = ["CON", "a:b", "Ä", "ä", "a b", "x" * 200]
    outcome = outcome_of(name, program(f"for name in {names!r}: open(name, 'w').write('x')"))

    assert outcome.files == dict.fromkeys(names, "x")


def test_whoever_kills_two_jails_from_within_is_told_killed(name: str) -> None:
    if lacks(name, "signals"):
        return  # it says so, and would take the machine along
    outcome = outcome_of(name, program("import os; os.kill(-1, 9)"))

    assert (outcome.status, outcome.code) == ("killed", "jail_killed")


def test_two_jails_do_not_see_each_other(name: str) -> None:
    code = """
import os, pathlib, tempfile, time
for folder in (os.getcwd(), tempfile.gettempdir(), '/dev/shm'):
    try: pathlib.Path(folder, 'mine').mkdir(exist_ok=False)
    except PermissionError: pass
time.sleep(1)
print(sum(1 for _ in pathlib.Path('/proc').glob('[0-9]*')))
"""

    async def work(sandbox: Sandbox) -> list[Outcome]:
        limits = Limits(wall_seconds=20)
        return list(await asyncio.gather(*(sandbox.run(program(code, limits=limits)) for _ in range(2))))

    if lacks(name, "processes"):
        return
    for outcome in within(name, work):
        assert outcome.status == "ok"
        assert int(outcome.stdout) <= 6
