"""Starting a jail when we are root: show it what lies under private folders, then drop to a user of no rights.

After the drop, the interpreter and the package may lie behind folders that the new user cannot enter. So they are
bound to readable places first, in a mount namespace of the jail's own: no other process sees them there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracewright.errors import MissingPartError
from tracewright.sandboxes._jail.layout import Mount

# In a mount namespace of its own the launcher has no use for /sys; everywhere else may hold what is to be bound.
STAGE = "/sys"
_SCRIPT = """set -eu; umask 022; stage=$1; shift; mount -t tmpfs -o mode=755,size=64k none $stage; n=0
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir $stage/$n; else : > $stage/$n; fi
  mount --bind "$1" $stage/$n; n=$((n+1)); shift
done
shift; exec "$@"
"""


@dataclass(frozen=True)
class Stage:
    """Mounts as the dropped user sees them, and what goes in front of the command that uses them."""

    mounts: tuple[Mount, ...]
    prefix: tuple[str, ...]


def stage(mounts: Sequence[Mount], user: int, *losses: str) -> Stage:
    """Return the readable stand-ins of `mounts` and the commands that bind them and become `user`.

    `losses` are further options of setpriv: what to give up on the way.
    """
    shown = bind(mounts)
    return Stage(shown.mounts, (*shown.prefix, *drop(user, *losses)))


def bind(mounts: Sequence[Mount], place: str = STAGE) -> Stage:
    """Return the stand-ins of `mounts` below the folder `place`, whose own content is hidden, and what binds them."""
    for name in ("unshare", "setpriv", "mount"):
        if shutil.which(name) is None:
            raise MissingPartError(f"a jail started by root needs {name}; run: apt-get install util-linux mount")
    sources = [str(mount.source) for mount in mounts]
    shown = tuple(Mount(Path(place, str(index)), mount.target) for index, mount in enumerate(mounts))
    return Stage(shown, ("unshare", "--mount", "/bin/sh", "-c", _SCRIPT, "stage", place, *sources, "--"))


def drop(user: int, *losses: str) -> tuple[str, ...]:
    """Return what goes in front of a command to become `user`; `losses` are further options of setpriv."""
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *losses)


def require_readable(mounts: Sequence[Mount]) -> None:
    """Raise MissingPartError where the dropped user could not read a mount even when it is bound."""
    for mount in mounts:
        mode = mount.source.stat().st_mode
        if mode & 0o005 != 0o005 and mount.source.is_dir():
            raise MissingPartError(f"others may not read {mount.source}; run: chmod -R o+rX {mount.source}")


def is_root() -> bool:
    """Say whether we run as the superuser."""
    return os.geteuid() == 0
