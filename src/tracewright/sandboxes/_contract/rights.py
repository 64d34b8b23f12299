"""Cases about rights and system calls: what a job must not be allowed to ask of the kernel."""

from __future__ import annotations

from tracewright.sandboxes._contract.case import Attempts, Case

CASES = (
    Case(
        7,
        "set up io_uring",
        "io_uring",
        Attempts(
            """
for number in (425, 426, 427): call(f'system call {number}', number, 1, ctypes.create_string_buffer(256), 0, 0, None, 0)
""",
            refusals=frozenset(["ENOSYS", "EPERM"]),
        ),
    ),
    Case(
        23,
        "make namespaces, mount, change the root",
        "namespaces",
        Attempts(
            """
flags = {'user': 0x10000000, 'mount': 0x20000, 'network': 0x40000000, 'process': 0x20000000, 'ipc': 0x8000000}
for name, flag in flags.items(): call(f'unshare {name}', 'unshare', flag)
def cloned(flag):
    child = libc.syscall(56 if X86 else 220, flag | 17, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    if child < 0: raise OSError(ctypes.get_errno(), '')
    os.waitpid(child, 0)
for name, flag in flags.items(): attempt(f'clone {name}', lambda: cloned(flag))
call('clone3', 435, ctypes.create_string_buffer(struct.pack('Q', 0x10000000) + bytes(80)), 88)
# Whoever may mount is told that there is no such file system, or nothing to unmount: what would harm is not asked.
call('mount', 'mount', b'none', os.fsencode(os.getcwd()), b'no-such-file-system', 0, None)
call('umount', 'umount2', os.fsencode(os.getcwd()), 0)
call('chroot', 'chroot', os.fsencode(os.getcwd()))
call('pivot_root', 155 if X86 else 41, os.fsencode(os.getcwd()), os.fsencode(os.getcwd()))
call('fsopen', 430, b'tmpfs', 0)
call('open_tree', 428, -100, b'/', 1)
# Entering the namespace that one is in already takes the right to it all the same.
try: own = os.open('/proc/self/ns/net', os.O_RDONLY)
except OSError: own = 0
call('setns', 'setns', own, 0)
""",
            refusals=frozenset(["EPERM", "ENOSYS", "EACCES"]),
        ),
    ),
    Case(
        0,
        "make devices",
        "namespaces",
        Attempts("""
attempt('character', lambda: os.mknod('null', 0o666 | stat.S_IFCHR, os.makedev(1, 3)))
attempt('block', lambda: os.mknod('disk', 0o666 | stat.S_IFBLK, os.makedev(7, 0)))
"""),
    ),
    Case(
        24,
        "type into the controlling terminal",
        "terminal",
        Attempts(
            """
import fcntl
attempt('the terminal that started us', lambda: os.open('/dev/tty', os.O_RDWR))
for number in (0, 1, 2): attempt(f'TIOCSTI on {number}', lambda: fcntl.ioctl(number, 0x5412, b'x'))
def own():
    # One of our own shows whether the call as such is let through; only then could another be reached.
    mine, theirs = os.openpty()
    os.setsid()
    fcntl.ioctl(theirs, 0x540E, 0)
    fcntl.ioctl(theirs, 0x5412, b'x')
attempt('TIOCSTI on a terminal of our own', own)
""",
            refusals=frozenset(["EPERM", "ENXIO", "ENOTTY", "ENOENT", "EACCES", "EIO"]),
        ),
    ),
    Case(
        26,
        "hold a right, or win one from a setuid program or file capabilities",
        "privileges",
        Attempts(
            """
rights = (ctypes.c_uint32 * 6)()
found('no bar against new privileges', libc.prctl(39, 0, 0, 0, 0) != 1)
found('no system call filter', libc.prctl(21, 0, 0, 0, 0) != 2)
found('capabilities', libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), rights) != 0 or any(rights))
found('that we are root', 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid()))
# What is asked wrongly is refused to everybody, but whoever holds the right is told so in other words.
attempt('become root', lambda: os.setuid(0))
attempt('join the group of root', lambda: os.setgroups([0]))
attempt('capabilities of a file', lambda: (open('mine', 'w'), os.setxattr('mine', 'security.capability',
    struct.pack('<5I', 0x02000001, 0xFFFFFFFF, 0, 0xFFFFFFFF, 0))))
os.path.exists('mine') and os.unlink('mine')
""",
            refusals=frozenset(["EPERM", "EACCES", "ENOTSUP", "EINVAL"]),
        ),
    ),
    Case(
        0,
        "keep a capability in the bounding set",
        "bounding_set",
        Attempts("""
found('capabilities', [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1])
"""),
    ),
    Case(
        27,
        "use keyctl, bpf, perf, userfaultfd, personality",
        "privileges",
        Attempts(
            """
attributes = ctypes.create_string_buffer(struct.pack('IIQ', 1, 112, 0) + bytes(112))
call('perf', 298 if X86 else 241, attributes, 0, -1, -1, 0)
call('bpf', 321 if X86 else 280, 0, struct.pack('IIII', 2, 4, 4, 1) + bytes(100), 72)
call('keyctl', 250 if X86 else 219, 0, -3, 1, 0, 0)
call('add_key', 248 if X86 else 217, b'user', b'a', b'b', 1, -3)
call('userfaultfd', 323 if X86 else 282, 1)
call('personality', 'personality', 0x0040000)
""",
            refusals=frozenset(["EPERM", "ENOSYS", "EACCES"]),
        ),
    ),
    Case(
        0,
        "load modules, set names, read the kernel's log",
        "privileges",
        Attempts(
            """
call('init_module', 175 if X86 else 105, None, 0, b'')
call('kexec', 246 if X86 else 104, 0, 1000, None, 0)
call('log', 'klogctl', 10, None, 0)
call('host name', 'sethostname', b'x', 10_000)
call('swap', 'swapoff', b'/nowhere')
call('accounting', 'acct', b'/nowhere')
call('reboot', 169 if X86 else 142, 0, 0, 0, 0)
call('quotas', 'quotactl', 0, None, 0, None)
call('file by handle', 304 if X86 else 265, -100, ctypes.create_string_buffer(struct.pack('II', 8, 1) + bytes(8)), 0)
if X86: call('input and output ports', 'ioperm', 0, 1, 1)
""",
            refusals=frozenset(["EPERM", "ENOSYS", "EACCES"]),
        ),
    ),
    Case(
        0,
        "use system calls newer than anybody looked at",
        "newer_system_calls",
        Attempts(
            """
for number in (467, 500, 1000): call(str(number), number, 0, 0, 0)
# A call that the kernel itself has, and that no list here names, is what tells the filter from the kernel.
call('setxattrat', 463, -100, b'', 0, 0, None, 0)
""",
            refusals=frozenset(["ENOSYS", "EPERM"]),
        ),
    ),
    Case(
        0,
        "use the second table of system calls of x86",
        "privileges",
        Attempts("""
def second():
    child = os.fork()
    if child == 0:
        ctypes.set_errno(0)
        found = libc.syscall(0x40000000 + 39)
        os._exit(0 if found > 0 else 77)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0: raise OSError(errno.ENOSYS, '')
if X86: attempt('getpid by its second number', second)
else: tell('this machine has none', 'nothing')
"""),
    ),
    Case(
        34,
        "set the clock, raise limits, take priority, widen affinity",
        "privileges",
        Attempts(
            """
import resource
# A time that cannot be read is refused in other words by whoever would set it.
call('clock', 227 if X86 else 112, 0, 8)
call('speed of the clock', 'adjtimex', struct.pack('I', 0x4000) + bytes(204))
kept = [name for name in ('RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE')]
for name in kept:
    kind = getattr(resource, name)
    def raised():
        soft, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY: return
        try: resource.setrlimit(kind, (hard + 1, hard + 1))
        except ValueError: raise OSError(errno.EPERM, '')
    attempt(f'raise {name}', raised)
attempt('priority', lambda: os.nice(-5))
attempt('time of its own', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt('affinity', lambda: os.sched_setaffinity(0, range(os.cpu_count())))
""",
            refusals=frozenset(["EPERM", "EACCES", "ENOSYS"]),
        ),
    ),
    Case(
        0,
        "take limits and priority from the processes of the host",
        "signals",
        Attempts("""
import resource
attempt('limits', lambda: resource.prlimit(CANARY, resource.RLIMIT_NOFILE, (64, 64)))
attempt('priority', lambda: os.setpriority(os.PRIO_PROCESS, CANARY, 19))
attempt('affinity', lambda: os.sched_setaffinity(CANARY, {0}))
"""),
    ),
)
