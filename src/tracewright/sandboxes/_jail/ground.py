"""Where a jail without a file system of its own stands: everything lies at its real place, its folders on our disk.

What a job writes is bounded file by file and not in all: whatever is around us (a container) must bound the rest.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tracewright.sandboxes._jail import layout, owner, root
from tracewright.sandboxes._jail.cgroups import Group
from tracewright.sandboxes._jail.layout import Layout, Mount

PREFIX = "tracewright-jail-"


@dataclass(frozen=True)
class Folder:
    """The folders of one jail below one that only its user may enter."""

    path: Path

    @classmethod
    def make(cls, user: int | None, inputs: Sequence[Mount]) -> Folder:
        """Make an empty workspace, scratch folder and links to the inputs; `user` owns them, None is ourselves."""
        folder = cls(Path(tempfile.mkdtemp(prefix=f"{PREFIX}{owner.mark()}-")))
        for path in (folder.workspace, folder.scratch, folder.inputs):
            path.mkdir()
        for mount in inputs:
            (folder.inputs / Path(mount.target).name).symlink_to(mount.source)
        if user is not None:
            for path in (folder.path, folder.workspace, folder.scratch):
                os.chown(path, user, user)
        return folder

    @property
    def workspace(self) -> Path:
        """Where a job's files are."""
        return self.path / "ws"

    @property
    def scratch(self) -> Path:
        """Where a job may write what nobody wants to see."""
        return self.path / "tmp"

    @property
    def inputs(self) -> Path:
        """Where a job finds what it was given to read."""
        return self.path / "in"

    def remove(self) -> None:
        """Take it away with all that is in it; raises OSError where somebody still adds to it."""
        with _opened(str(self.path)) as top:
            mark, numbers = secrets.token_hex(8), itertools.count()
            while folders := _emptied(top):
                # A job can make folders in folders until their path is longer than any may be: each is brought up.
                for name in folders:
                    with _opened(name, top) as folder:
                        for inner in _emptied(folder):
                            os.rename(inner, f"{mark}-{next(numbers)}", src_dir_fd=folder, dst_dir_fd=top)
                    os.rmdir(name, dir_fd=top)
        self.path.rmdir()


@contextmanager
def _opened(name: str, parent: int | None = None) -> Iterator[int]:
    """Open a folder, also one that a job shut. By its descriptor and no path: no link in its place is followed."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held = os.open(name, flags | os.O_PATH, dir_fd=parent)
    try:
        own = f"/proc/self/fd/{held}"
        os.chmod(own, 0o700)  # noqa: PTH101  # it is a descriptor, not a path
        folder = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(held)
    try:
        yield folder
    finally:
        os.close(folder)


def _emptied(folder: int) -> list[str]:
    """Remove all but folders, and return their names; each can be moved then."""
    folders = []
    for entry in list(os.scandir(folder)):
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.name, dir_fd=folder)
            continue
        with _opened(entry.name, folder):
            folders.append(entry.name)
    return folders


@dataclass(frozen=True)
class Place:
    """What one jail needs to start here: what goes before its command, where things are, and its own folders."""

    prefix: tuple[str, ...]
    layout: Layout
    folder: Folder
    readable: tuple[Path, ...]
    inputs: tuple[Mount, ...]

    def opening(self) -> dict[str, object]:
        """Return what the worker must know of it."""
        folder = self.folder
        names = [Path(mount.target).name for mount in self.inputs]
        inputs = {name: str(folder.inputs / name) for name in names}
        return {"folders": [str(folder.workspace), str(folder.scratch)], "inputs": inputs}

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the whole environment of the worker."""
        scratch = str(self.folder.scratch)
        own = {"HOME": scratch, "TMPDIR": scratch, "TRACEWRIGHT_INPUTS": str(self.folder.inputs)}
        return dict(self.layout.environment) | own


def place(inputs: Sequence[Mount], user: int | None) -> Place:
    """Make the folders of one jail; where `user` is to be become, what lies under private folders is bound first."""
    mounts = [Mount(path, "") for path in layout.real_places()]
    prefix: tuple[str, ...] = ()
    shown = [*mounts, *inputs]
    if user is not None:
        staged = root.stage(shown, user, "--bounding-set=-all", "--inh-caps=-all")
        shown, prefix = list(staged.mounts), staged.prefix
    readable = tuple(mount.source for mount in shown[: len(mounts)])
    given = shown[len(mounts) :]
    found = layout.in_place(*readable)
    return Place(prefix, found, Folder.make(user, given), readable, tuple(given))


@dataclass(frozen=True)
class Remains:
    """What is left to take away after the last process of a jail: its control group, if any, and its folders."""

    folder: Folder
    group: Group | None

    def joined(self, command: Sequence[str]) -> list[str]:
        """Return a command that enters the group, where there is one, before it becomes `command`."""
        return self.group.joined(command) if self.group else list(command)

    def kills(self) -> int:
        """Return how many processes the kernel killed here for want of memory."""
        return self.group.kills() if self.group else 0

    def peak(self) -> int | None:
        """Return the most memory that the tree held at once, where the kernel counts it."""
        return self.group.peak() if self.group else None

    async def remove(self) -> None:
        """Kill what is left in the group, then take both away."""
        if self.group:
            await self.group.remove()
        # A job may have left more than is quickly removed.
        await asyncio.to_thread(self.folder.remove)


def sweep(user: int | None) -> None:
    """Remove the folders of controllers that were killed before they could."""
    owners = {os.geteuid(), os.geteuid() if user is None else user}
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        mark = owner.first_mark(path.name.removeprefix(PREFIX))
        # What cannot go now is tried again at the next start; it must not keep this one from its work.
        with suppress(OSError):
            if owner.gone(mark) and path.lstat().st_uid in owners:
                Folder(path).remove()


def names() -> list[str]:
    """Return the names of all environment variables that a job may see."""
    return [
        *(name for name, _ in layout.in_place(*layout.real_places()).environment),
        "HOME",
        "TMPDIR",
        "TRACEWRIGHT_INPUTS",
    ]
