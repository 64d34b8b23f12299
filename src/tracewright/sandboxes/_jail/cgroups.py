"""Limits for a whole tree of processes through control groups, version 1 or 2, where we may write to them.

Without them memory is only bounded per process, and the isolation says so.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tracewright.records.job import Limits
from tracewright.sandboxes._jail import owner

PERIOD = 100_000
NAME = "tracewright"
SCAFFOLD = 8
"""Processes of the jail itself (its launcher, its first process, the worker) that are not counted against a job."""

REMOVALS = 200
PAUSE_SECONDS = 0.02

_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 97; shift; done; shift; exec "$@"'
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tree:
    """Where groups can be made: one folder (version 2), or one a controller (version 1)."""

    version: int
    folders: tuple[Path, ...]

    def group(self, limits: Limits) -> Group:
        """Make a group with these limits; raises OSError where the kernel refuses."""
        name = f"{NAME}-{owner.mark()}-{next(_numbers)}"
        group = Group(self.version, tuple(folder / name for folder in self.folders))
        try:
            for folder in group.folders:
                folder.mkdir()
            for file, value in _settings(self.version, limits):
                _set(group.folders, file, value)
        except OSError:
            for folder in group.folders:
                _removed(folder)
            raise
        return group


@dataclass(frozen=True)
class Group:
    """The control group of one jail."""

    version: int
    folders: tuple[Path, ...]

    def joined(self, command: Sequence[str]) -> list[str]:
        """Return a command that enters the group before it becomes `command`, so that nothing runs outside."""
        folders = [str(folder) for folder in self.folders]
        return ["/bin/sh", "-c", _JOIN, "join", *folders, "--", *command]

    def kills(self) -> int:
        """Return how many processes the kernel killed here for want of memory."""
        file = "memory.events" if self.version == 2 else "memory.oom_control"
        for line in _read(self.folders, file).splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
        return 0

    def peak(self) -> int | None:
        """Return the most memory that the tree held at once, where the kernel counts it."""
        file = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        text = _read(self.folders, file).strip()
        return int(text) if text.isdigit() else None

    async def remove(self) -> None:
        """Kill what is left inside, then take the group away; waits until the kernel has let go of the dead."""
        if self.version == 2:
            _set(self.folders, "cgroup.kill", "1")
        else:
            # With no place for another process, none can fork its way out of the list of what is to be killed.
            with suppress(OSError):
                _set(self.folders, "pids.max", "0")
        for _ in range(REMOVALS):
            with _watching(_read(self.folders, "cgroup.procs").split()) as dying:
                if not [folder for folder in self.folders if not _removed(folder)]:
                    return
                await _ended(dying)


@contextmanager
def _watching(processes: Iterable[str]) -> Iterator[list[int]]:
    """Kill processes and yield a descriptor for each, which can be read once it has ended."""
    dying: list[int] = []
    try:
        for process in map(int, processes):
            with suppress(ProcessLookupError):
                dying.append(os.pidfd_open(process))
                signal.pidfd_send_signal(dying[-1], signal.SIGKILL)
        yield dying
    finally:
        for descriptor in dying:
            os.close(descriptor)


async def _ended(dying: Sequence[int]) -> None:
    """Wait until these have ended; where nobody is left, give the kernel a moment to let go of the last."""
    loop = asyncio.get_running_loop()
    for descriptor in dying:
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                await ended.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(descriptor)
    if not dying:
        await asyncio.sleep(PAUSE_SECONDS / 10)


def find(mounts: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup") -> Tree | None:
    """Return the first place where memory and processes of a tree can be limited, or None; a trial group proves it."""
    mounted = _mounted(Path(mounts).read_text())
    paths = dict(_own_paths(Path(own).read_text()))
    for tree in (*_second(mounted, paths), *_first(mounted, paths)):
        _sweep(tree)
        if _works(tree):
            return tree
    return None


def outer_limits(mounts: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup") -> frozenset[str]:
    """Return which of `memory` and `pids` somebody around us bounds: a container, a pod or a unit."""
    mounted, paths = _mounted(Path(mounts).read_text()), dict(_own_paths(Path(own).read_text()))
    real = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    bounds = {
        "memory": (("memory.max", ""), ("memory.limit_in_bytes", "memory")),
        "pids": (("pids.max", ""), ("pids.max", "pids")),
    }
    found = set()
    for what, files in bounds.items():
        for file, controller in files:
            for folder in _upwards(mounted, paths, controller):
                text = _read([folder], file).strip()
                if text.isdigit() and (what == "pids" or int(text) < real):
                    found.add(what)
    return frozenset(found)


def _upwards(mounted: dict[str, Path], paths: dict[str, str], controller: str) -> Iterator[Path]:
    if controller not in mounted:
        return
    folder = (mounted[controller] / paths.get(controller, "/").lstrip("/")).resolve()
    yield from (place for place in (folder, *folder.parents) if place.is_relative_to(mounted[controller]))


def _second(mounted: dict[str, Path], paths: dict[str, str]) -> Iterator[Tree]:
    if "" not in mounted:
        return
    # A group that holds processes cannot have limited children, so the search goes from our own group to the root.
    own = (mounted[""] / paths.get("", "/").lstrip("/")).resolve()
    for folder in (own, *own.parents):
        if folder.is_relative_to(mounted[""]):
            yield Tree(2, (folder,))


def _first(mounted: dict[str, Path], paths: dict[str, str]) -> Iterator[Tree]:
    wanted = [name for name in ("memory", "pids", "cpu") if name in mounted]
    if not {"memory", "pids"} <= set(wanted):
        return
    yield Tree(1, tuple(mounted[name] / paths.get(name, "/").lstrip("/") for name in wanted))
    # In a container our path may be that of the host, while the mount shows only what is below it.
    yield Tree(1, tuple(mounted[name] for name in wanted))


def _works(tree: Tree) -> bool:
    try:
        if tree.version == 2:
            _set(tree.folders, "cgroup.subtree_control", "+memory +pids")
        group = tree.group(Limits())
    except OSError:
        return False
    bounded = all(any((folder / file).exists() for folder in group.folders) for file in _required(tree.version))
    for folder in group.folders:
        _removed(folder)
    return bounded


def _required(version: int) -> Sequence[str]:
    return ("memory.max", "pids.max") if version == 2 else ("memory.limit_in_bytes", "pids.max")


def _settings(version: int, limits: Limits) -> list[tuple[str, str]]:
    memory, processes, quota = str(limits.memory_bytes), str(limits.processes + SCAFFOLD), limits.cpu_cores * PERIOD
    if version == 2:
        return [
            ("memory.max", memory),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", processes),
            ("cpu.max", f"{quota} {PERIOD}"),
        ]
    return [
        ("memory.limit_in_bytes", memory),
        ("memory.memsw.limit_in_bytes", memory),
        ("pids.max", processes),
        ("cpu.cfs_period_us", str(PERIOD)),
        ("cpu.cfs_quota_us", str(quota)),
    ]


def _sweep(tree: Tree) -> None:
    """Remove the groups of controllers that were killed before they could."""
    for folder in tree.folders:
        if not folder.is_dir():
            continue
        for group in folder.glob(f"{NAME}-*-*"):
            if owner.gone(owner.first_mark(group.name.removeprefix(f"{NAME}-"))):
                _removed(group)


def _mounted(text: str) -> dict[str, Path]:
    """Return mount point by controller; the unified hierarchy has the empty name."""
    found: dict[str, Path] = {}
    for line in text.splitlines():
        fields, _, tail = line.partition(" - ")
        kind, _, options = tail.split(" ", 2)
        point = Path(fields.split(" ")[4])
        if kind == "cgroup2":
            found[""] = point
        elif kind == "cgroup":
            found |= dict.fromkeys(options.split(","), point)
    return found


def _own_paths(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        yield from ((name, path) for name in controllers.split(","))


def _set(folders: Sequence[Path], file: str, value: str) -> None:
    """Write where the file exists: swap accounting and cpu quotas are not in every kernel."""
    for folder in folders:
        path = folder / file
        if not path.exists():
            continue
        try:
            path.write_text(value)
        except OSError:
            if file in {"memory.max", "memory.limit_in_bytes", "pids.max"}:
                raise


def _read(folders: Sequence[Path], file: str) -> str:
    for folder in folders:
        try:
            return (folder / file).read_text()
        except OSError:
            continue
    return ""


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
