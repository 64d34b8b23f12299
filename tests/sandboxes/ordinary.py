"""Runs our own Python as an ordinary user, on this machine or in a room in which nothing can do harm.

A room has a root that cannot be written to, folders, processes and a network of its own, and no rights. What runs in
it unjailed reaches the room and nothing else, so a sandbox that holds nothing may be tried there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tracewright.sandboxes._jail import layout, root

USER = 65531
"""A number that owns nothing, and that no jail of ours runs as."""
OPEN = """set -eu; umask 022; hidden=$1; place=$2; shift 2
mount --bind "$place" /mnt; mount -t tmpfs -o mode=755,size=64k none "$hidden"
mkdir -p "$place"; mount --move /mnt "$place"; exec "$@"
"""
"""Shows one folder below another that only root may enter, at its own place, and hides the rest."""
OWN = ("/tmp", "/var", "/run", "/home", "/dev/shm")


def run(words: Sequence[str], room: bool, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run `python WORDS` as somebody who is not root; skips where that cannot be had."""
    command = [*_as_user(), *(_room() if room else ()), sys.executable, *words]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"}
    return subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=timeout
    )


def _as_user() -> list[str]:
    if not root.is_root():
        return []
    for name in ("unshare", "setpriv", "mount"):
        if shutil.which(name) is None:
            pytest.skip(f"an ordinary user: needs {name}; run: apt-get install util-linux mount")
    base = Path(sys.base_prefix).resolve()
    shut = [folder for folder in (*reversed(base.parents), base) if folder.stat().st_mode & 0o005 != 0o005]
    opened = ["unshare", "--mount", "/bin/sh", "-c", OPEN, "open", str(shut[0]), str(base)] if shut else []
    return [*opened, *root.drop(USER, "--bounding-set=-all", "--inh-caps=-all")]


def _room() -> list[str]:
    if shutil.which("bwrap") is None:
        pytest.skip("a room: needs bwrap; run: apt-get install bubblewrap")
    private = [word for folder in OWN for word in ("--tmpfs", folder)]
    shown = [word for path in layout.real_places() for word in ("--ro-bind", str(path), str(path))]
    fakes = str(Path(__file__).parent / "fakes")
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", *private),
        *(*shown, "--ro-bind", fakes, fakes, "--chdir", "/tmp", "--"),
    ]
