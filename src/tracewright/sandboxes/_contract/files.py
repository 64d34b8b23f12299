"""Cases about files: what a job must not read, write, change or even know of."""

from __future__ import annotations

from tracewright.sandboxes._contract.case import Attempts, Case

CASES = (
    Case(
        1,
        "read /etc/shadow, private folders and secrets of the host",
        "secret_file",
        Attempts("""
for path in ('/etc/shadow', '/etc/gshadow', SECRET): attempt(f'read {path}', lambda: read(path))
# An image may have folders and accounts of its own, with nothing of ours in them.
for folder in ('/root', '/home'): found(f'what is in {folder}', listed(folder))
attempt(f'list {os.path.dirname(SECRET)}', lambda: os.listdir(os.path.dirname(SECRET)))
try: accounts = open('/etc/passwd').read()
except OSError: accounts = ''
found('accounts of the host', accounts == ACCOUNTS)
"""),
    ),
    Case(
        0,
        "reach a secret through /proc, a link or a path that climbs",
        "secret_file",
        Attempts("""
for process in ('1', 'self', str(os.getppid()), str(CANARY)):
    for door in ('root', 'cwd'):
        attempt(f'read it through {door} of {process}', lambda: read(f'/proc/{process}/{door}{SECRET}'))
attempt('climb to it', lambda: read('../' * 40 + SECRET))
os.symlink(SECRET, 'link')
attempt('follow a link to it', lambda: read('link'))
os.unlink('link')
"""),
    ),
    Case(
        0,
        "watch a folder of the host",
        "secret_file",
        Attempts("""
watch = libc.inotify_init1(0)
call('inotify', 'inotify_add_watch', watch, os.fsencode(os.path.dirname(SECRET)), 1)
call('fanotify', 300 if X86 else 262, 0, 0)
"""),
    ),
    Case(
        0,
        "learn whether a file of the host exists",
        "metadata",
        Attempts("""
attempt('its size and times', lambda: os.stat(SECRET))
attempt('its folder', lambda: os.stat(os.path.dirname(SECRET)))
found('that it is there', os.access(SECRET, os.F_OK))
"""),
    ),
    Case(
        17,
        "write to /, /usr, the libraries, our package, the interpreter",
        "writing",
        Attempts(
            """
for folder in ('/', '/usr', '/opt', '/etc', '/dev', '/proc/sys/kernel', os.path.dirname(SECRET), *sys.path[1:],
    os.path.dirname(sys.executable), os.environ.get('TRACEWRIGHT_INPUTS', '/in')):
    name = folder + '/tracewright-escape'
    attempt(f'make a file in {folder}', lambda: open(name, 'w'))
    # Where nothing holds, at least nothing stays.
    os.path.exists(name) and os.unlink(name)
attempt('write over the interpreter', lambda: os.open(os.path.realpath(sys.executable), os.O_RDWR))
""",
            refusals=frozenset(["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ETXTBSY"]),
        ),
    ),
    Case(
        0,
        "write over the program that runs the jail",
        "writing",
        Attempts(
            """
for process in ('1', 'self', str(os.getppid())):
    attempt(f'the program of {process}', lambda: os.open(f'/proc/{process}/exe', os.O_RDWR))
    attempt(f'the program of {process}, at its end', lambda: os.open(f'/proc/{process}/exe', os.O_WRONLY | os.O_APPEND))
""",
            refusals=frozenset(["EACCES", "EPERM", "EROFS", "ENOENT", "ETXTBSY"]),
        ),
    ),
    Case(
        22,
        "write core_pattern, sysrq-trigger, control groups",
        "writing",
        Attempts("""
paths = ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/vm/overcommit_memory',
    '/proc/sysrq-trigger', '/sys/fs/cgroup', '/sys/kernel/uevent_helper', '/sys/power/state')
for path in paths: attempt(f'open {path} to write', lambda: os.close(os.open(path, os.O_WRONLY)))
for root, folders, files in os.walk('/sys/fs/cgroup'):
    if 'cgroup.procs' in files:
        attempt(f'join {root}', lambda: os.close(os.open(f'{root}/cgroup.procs', os.O_WRONLY)))
        attempt(f'make a group in {root}', lambda: os.mkdir(f'{root}/tracewright-escape'))
        os.path.exists(f'{root}/tracewright-escape') and os.rmdir(f'{root}/tracewright-escape')
        break
"""),
    ),
    Case(
        0,
        "change modes, owners, times and names where nothing can be opened",
        "writing",
        Attempts(
            """
for what, work in {'mode': lambda: os.chmod(SECRET, 0o777), 'owner': lambda: os.chown(SECRET, 65534, 65534),
    'times': lambda: os.utime(SECRET), 'length': lambda: os.truncate(SECRET, 0), 'existence': lambda: os.unlink(SECRET),
    'name': lambda: os.rename(SECRET, SECRET + '2'), 'number of links': lambda: os.link(SECRET, 'mine'),
    'attributes': lambda: os.setxattr(SECRET, 'user.a', b'x')}.items(): attempt(f'change its {what}', work)
""",
            refusals=frozenset(["EACCES", "EPERM", "EROFS", "ENOENT", "EXDEV", "ENOTSUP"]),
        ),
    ),
    Case(
        0,
        "open disks, memory and other devices",
        "devices",
        Attempts("""
paths = ['/dev/mem', '/dev/kmem', '/dev/port', '/dev/kmsg', '/dev/kvm', '/dev/fuse', '/dev/loop-control',
    '/dev/net/tun', '/dev/sda', '/dev/vda', '/dev/nvme0n1', '/proc/kcore', '/proc/kmsg', '/dev/uinput', '/dev/vsock',
    '/dev/vhost-vsock']
for path in paths: attempt(f'open {path}', lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)))
found('disks in /dev', [name for name in listed('/dev') if stat.S_ISBLK(os.lstat(f'/dev/{name}').st_mode)])
"""),
    ),
)
