"""A system call filter, built by hand as classic BPF so that no library is needed.

It narrows what a jailed program can ask of the kernel. It does not decide about paths or addresses: namespaces do.
What is refused reached the host, or could be made to, in one sandbox or another (io_uring, vsock, userfaultfd, …).
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracewright.errors import MissingPartError

# linux/bpf_common.h, linux/seccomp.h, linux/audit.h
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN, MASK = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCH_AT, FIRST_AT, SECOND_AT = 0, 4, 16, 24
X32_BIT = 0x40000000
NEWEST = 462
"""mseal: system calls newer than this were never looked at, and are answered as if the kernel had none."""

NAMESPACE_FLAGS = 0x7E020000
FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6: the network namespace is empty, so these reach nothing outside."""
TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX would type into the terminal that started us."""

# Everything from 424 on has one number on all architectures.
_SINCE_424 = {
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "lsm_set_self_attr": 460,
}  # fmt: skip
ABSENT = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435}

_X86_64 = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "mount": 165, "umount2": 166,
    "pivot_root": 155, "chroot": 161, "setns": 308, "unshare": 272, "keyctl": 250, "add_key": 248, "request_key": 249,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "init_module": 175, "finit_module": 313,
    "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320, "reboot": 169, "swapon": 167, "swapoff": 168,
    "acct": 163, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "clock_adjtime": 305, "iopl": 172,
    "ioperm": 173, "syslog": 103, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212, "vhangup": 153,
    "sethostname": 170, "setdomainname": 171, "uselib": 134, "_sysctl": 156, "open_by_handle_at": 304,
    "name_to_handle_at": 303, "personality": 135, "fanotify_init": 300, "mknod": 133, "mknodat": 259,
    "move_pages": 279, "mbind": 237, "set_mempolicy": 238, "migrate_pages": 256, "sched_setaffinity": 203,
}  # fmt: skip
_AARCH64 = {
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "mount": 40, "umount2": 39,
    "pivot_root": 41, "chroot": 51, "setns": 268, "unshare": 97, "keyctl": 219, "add_key": 217, "request_key": 218,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "init_module": 105, "finit_module": 273,
    "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294, "reboot": 142, "swapon": 224, "swapoff": 225,
    "acct": 89, "settimeofday": 170, "clock_settime": 112, "adjtimex": 171, "clock_adjtime": 266, "syslog": 116,
    "quotactl": 60, "nfsservctl": 42, "lookup_dcookie": 18, "vhangup": 58, "sethostname": 161, "setdomainname": 162,
    "open_by_handle_at": 265, "name_to_handle_at": 264, "personality": 92, "fanotify_init": 262, "mknodat": 33,
    "move_pages": 239, "mbind": 235, "set_mempolicy": 237, "migrate_pages": 238, "sched_setaffinity": 122,
}  # fmt: skip

# Without namespaces these reach what is shared with everybody: memory and queues by name, other processes of our user,
# the modes, owners, times and watches of files that Landlock lets nobody open.
_SHARED_X86_64 = {
    "shmget": 29, "shmat": 30, "shmctl": 31, "shmdt": 67, "semget": 64, "semop": 65, "semctl": 66, "semtimedop": 220,
    "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "mq_open": 240, "mq_unlink": 241, "setpriority": 141,
    "ioprio_set": 251, "sched_setparam": 142, "sched_setscheduler": 144, "sched_setattr": 314,
    "inotify_add_watch": 254, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
    "fchmodat": 268, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
    "fremovexattr": 199, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
}  # fmt: skip
_SHARED_AARCH64 = {
    "shmget": 194, "shmctl": 195, "shmat": 196, "shmdt": 197, "semget": 190, "semctl": 191, "semtimedop": 192,
    "semop": 193, "msgget": 186, "msgctl": 187, "msgrcv": 188, "msgsnd": 189, "mq_open": 180, "mq_unlink": 181,
    "setpriority": 140, "ioprio_set": 30, "sched_setparam": 118, "sched_setscheduler": 119, "sched_setattr": 274,
    "inotify_add_watch": 27, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "setxattr": 5,
    "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16, "utimensat": 88,
}  # fmt: skip
_SHARED_SINCE_424 = {"process_madvise": 440, "process_mrelease": 448, "fchmodat2": 452}

CONNECTED_KINDS = (1, 5)
"""SOCK_STREAM and SOCK_SEQPACKET: a pair of these stays a pair, while one of datagrams can send to any name."""
KIND_OF_SOCKET = 0xF


@dataclass(frozen=True)
class Machine:
    """An architecture: its audit number, the calls refused, and those whose arguments are looked at."""

    audit: int
    refused: Mapping[str, int]
    shared: Mapping[str, int]
    """Refused too where there are no namespaces."""
    clone: int
    socket: int
    socketpair: int
    ioctl: int
    prlimit: int
    x32: bool = False


MACHINES = {
    "x86_64": Machine(
        0xC000003E, _X86_64 | _SINCE_424, _SHARED_X86_64 | _SHARED_SINCE_424,
        clone=56, socket=41, socketpair=53, ioctl=16, prlimit=302, x32=True,
    ),
    "aarch64": Machine(
        0xC00000B7, _AARCH64 | _SINCE_424, _SHARED_AARCH64 | _SHARED_SINCE_424,
        clone=220, socket=198, socketpair=199, ioctl=29, prlimit=261,
    ),
}  # fmt: skip


def program(machine: str = "", namespaces: bool = True, families: Sequence[int] = FAMILIES) -> bytes:
    """Return the filter for an architecture (default: this one) as an array of `struct sock_filter`.

    `families` of sockets may be made; with none, no socket at all, which shuts a network that nothing else takes away.
    Without `namespaces` it is the stricter one: no socket of any family, and nothing that is shared by name.
    """
    known = _machine(machine or platform.machine())
    return b"".join(_instructions(known, families) if namespaces else _strict(known))


def policy(machine: str = "") -> str:
    """Return the same filter in the language of kafel, which nsjail reads; by number, for it lacks many names.

    It has no word for numbers beyond those it knows: calls newer than the list are not refused there.
    """
    known = _machine(machine or platform.machine())
    refused = [f"    SYSCALL[{number}]" for number in sorted(known.refused.values())]
    absent = [f"    SYSCALL[{number}]" for number in sorted(ABSENT.values())]
    families = " && ".join(f"domain != {family}" for family in FAMILIES)
    typed = " || ".join(f"request == {number}" for number in TERMINAL_INPUT)
    refused += [f"    clone(flags) {{ (flags & {NAMESPACE_FLAGS}) != 0 }}", f"    ioctl(fd, request) {{ {typed} }}"]
    return "\n".join(
        [
            "POLICY tracewright {",
            f"  ERRNO({errno.EPERM}) {{\n" + ",\n".join(refused) + "\n  }",
            f"  ERRNO({errno.ENOSYS}) {{\n" + ",\n".join(absent) + "\n  }",
            f"  ERRNO({errno.EAFNOSUPPORT}) {{\n    socket(domain) {{ {families} }}\n  }}",
            "}",
            "USE tracewright DEFAULT ALLOW\n",
        ]
    )


def _machine(name: str) -> Machine:
    if name not in MACHINES:
        known = " and ".join(MACHINES)
        raise MissingPartError(f"there is no system call filter for {name}, only for {known}; choose another sandbox")
    return MACHINES[name]


def _instructions(machine: Machine, families: Sequence[int]) -> list[bytes]:
    sockets = _argument(machine.socket, FIRST_AT, _each(families, ALLOW), FAIL | errno.EAFNOSUPPORT)
    return [*_checked(machine), *_refused(machine.refused), *_looked_at(machine), *sockets, _step(RETURN, ALLOW)]


def _strict(machine: Machine) -> list[bytes]:
    kinds = [_step(MASK, KIND_OF_SOCKET), *_each(CONNECTED_KINDS, ALLOW)]
    return [
        *_checked(machine),
        *_refused({**machine.refused, **machine.shared}),
        *_looked_at(machine),
        *_when(JUMP_EQUAL, machine.socket, FAIL | errno.EAFNOSUPPORT),
        *_argument(machine.socketpair, SECOND_AT, kinds, FAIL | errno.EAFNOSUPPORT),
        # Whose limits: 0 is our own; everybody else's would take no more than the same user.
        *_argument(machine.prlimit, FIRST_AT, _when(JUMP_EQUAL, 0, ALLOW), FAIL | errno.EPERM),
        _step(RETURN, ALLOW),
    ]


def _checked(machine: Machine) -> list[bytes]:
    code = [
        _step(LOAD, ARCH_AT),
        _step(JUMP_EQUAL, machine.audit, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
    ]
    if machine.x32:
        code += _when(JUMP_AT_LEAST, X32_BIT, FAIL | errno.ENOSYS)
    return code + _when(JUMP_AT_LEAST, NEWEST + 1, FAIL | errno.ENOSYS)


def _refused(numbers: Mapping[str, int]) -> list[bytes]:
    return [*_each(sorted(numbers.values()), FAIL | errno.EPERM), *_each(sorted(ABSENT.values()), FAIL | errno.ENOSYS)]


def _looked_at(machine: Machine) -> list[bytes]:
    return [
        *_argument(machine.clone, FIRST_AT, _when(JUMP_ANY_BIT, NAMESPACE_FLAGS, FAIL | errno.EPERM), ALLOW),
        *_argument(machine.ioctl, SECOND_AT, _each(TERMINAL_INPUT, FAIL | errno.EPERM), ALLOW),
    ]


def _argument(number: int, offset: int, tests: Sequence[bytes], otherwise: int) -> list[bytes]:
    """For one system call, look at the low half of an argument; all these arguments are 32 bits wide in the kernel."""
    body = [_step(LOAD, offset), *tests, _step(RETURN, otherwise)]
    return [_step(JUMP_EQUAL, number, 0, len(body)), *body]


def _each(values: Sequence[int], answer: int) -> list[bytes]:
    return [step for value in values for step in _when(JUMP_EQUAL, value, answer)]


def _when(test: int, value: int, answer: int) -> list[bytes]:
    return [_step(test, value, 0, 1), _step(RETURN, answer)]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
