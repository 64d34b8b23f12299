"""Cases about the network and local sockets: who a job must not speak to."""

from __future__ import annotations

from tracewright.sandboxes._contract.case import Attempts, Case

CASES = (
    Case(
        3,
        "connect to this machine, others, [::1], by UDP, by name",
        "network",
        Attempts("""
for address in (('127.0.0.1', PORT), *((found, PORT) for found in ADDRESSES), ('192.0.2.1', 80), ('8.8.8.8', 53)):
    attempt(f'connect to {address[0]}', lambda: socket.create_connection(address, 1))
attempt('connect to ::1', lambda: socket.create_connection(('::1', PORT), 1))
attempt('send by UDP', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53)))
attempt('send to everybody', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('224.0.0.1', 9)))
attempt('resolve a name', lambda: socket.getaddrinfo('example.org', 80))
"""),
    ),
    Case(
        0,
        "see an interface other than loopback, and be able to use it",
        "network",
        Attempts("""
try: lines = open('/proc/net/dev').read().splitlines()[2:]
except OSError: lines = []
names = {line.split(':')[0].strip() for line in lines} - {'lo'}
def usable():
    socket.socket().close()
    if not names: raise OSError(errno.ENOENT, 'none')
attempt('an interface and a socket', usable)
"""),
    ),
    Case(
        4,
        "connect to an abstract socket of the host",
        "local_sockets",
        Attempts(
            """
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    attempt(f'kind {kind}', lambda: socket.socket(socket.AF_UNIX, kind).connect(ABSTRACT))
""",
            refusals=frozenset(["ECONNREFUSED", "EPERM", "EACCES", "EAFNOSUPPORT"]),
        ),
    ),
    Case(
        5,
        "connect to a socket of the host by its path",
        "local_sockets",
        Attempts(
            """
attempt('one that listens', lambda: socket.socket(socket.AF_UNIX).connect(NAMED))
attempt('a mailbox', lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', MAILBOX))
for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock', '/run/containerd/containerd.sock',
    '/run/dbus/system_bus_socket', '/run/systemd/private'):
    attempt(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
""",
            refusals=frozenset(["ENOENT", "EACCES", "EPERM", "EAFNOSUPPORT"]),
        ),
    ),
    Case(
        0,
        "send from one end of a pair of sockets to a socket of the host",
        "local_sockets",
        Attempts("""
def send(address):
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b'x', address)
for address in (MAILBOX, ABSTRACT): attempt(repr(address), lambda: send(address))
"""),
    ),
    Case(
        6,
        "make sockets of the families vsock, netlink, alg, packet",
        "local_sockets",
        Attempts("""
families = {'netlink': 16, 'packet': 17, 'alg': 38, 'vsock': 40, 'xdp': 44, 'bluetooth': 31, 'can': 29, 'tipc': 30}
for name, family in families.items():
    for kind in (socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        attempt(f'{name}, kind {kind}', lambda: socket.socket(family, kind))
attempt('raw internet packets', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
"""),
    ),
    Case(
        0,
        "find memory, semaphores and queues that are shared by name",
        "shared_names",
        Attempts("""
call('memory', 'shmget', KEY, 0, 0)
call('semaphores', 'semget', KEY, 0, 0)
call('queue', 'msgget', KEY, 0)
try: tables = [line for line in open('/proc/sysvipc/shm').read().splitlines()[1:]]
except OSError: tables = []
found('in the table of memory', tables)
"""),
    ),
)
