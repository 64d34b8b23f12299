"""What a jail shows of this machine: interpreter, installed libraries and our package; never a home or checkout."""

from __future__ import annotations

import compileall
import os
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracewright.errors import MissingPartError

WORKSPACE = "/ws"
SCRATCH = "/tmp"  # noqa: S108  # inside the jail, where it is a file system of its own
SHARED_MEMORY = "/dev/shm"  # noqa: S108  # likewise
INPUTS = "/in"
PYTHON = "/opt/python"
VENV = "/opt/venv"
PACKAGE = "/opt/tracewright"
EVERYWHERE = {
    # Arrow's own allocator reserves a gigabyte of address space for its first byte. Where that is bounded a little
    # above a gigabyte, the reservation succeeds, and leaves nothing for the work.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}
"""What every worker finds in its environment, in whichever jail."""


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine that is seen, read-only, at another place in the jail."""

    source: Path
    target: str


@dataclass(frozen=True)
class Layout:
    """The mounts that a worker needs, the command that starts it, and its environment."""

    mounts: tuple[Mount, ...]
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


def here() -> Layout:
    """Return the layout for the interpreter that runs us."""
    base = Path(sys.base_prefix).resolve()
    mounts = [Mount(Path(sys.prefix), VENV), Mount(package(), f"{PACKAGE}/tracewright")]
    environment = {**EVERYWHERE, "PATH": f"{VENV}/bin:/usr/bin:/bin", "HOME": SCRATCH}
    # What lies below /usr is in the jail anyway, at the same place.
    shown = base
    if not base.is_relative_to("/usr"):
        shown = Path(PYTHON)
        mounts.append(Mount(base, PYTHON))
        environment["LD_LIBRARY_PATH"] = f"{PYTHON}/lib"
    command = (str(shown / _executable().relative_to(base)), "-s", "-S", "-P", "-B", "-c", boot(libraries()))
    return Layout(tuple(mounts), command, tuple(sorted(environment.items())))


def real_places() -> tuple[Path, ...]:
    """Return what a worker reads at its real place: libraries, our package, and the interpreter outside /usr."""
    base = Path(sys.base_prefix).resolve()
    return (Path(sys.prefix), package().parent, *(() if base.is_relative_to("/usr") else (base,)))


def in_place(venv: Path, packages: Path, base: Path | None = None) -> Layout:
    """Return the layout of a jail without mounts: the places of `real_places`, or where they are bound, in order."""
    environment = {**EVERYWHERE, "PATH": f"{venv}/bin:/usr/bin:/bin"}
    real = Path(sys.base_prefix).resolve()
    if base:
        environment["LD_LIBRARY_PATH"] = f"{base}/lib"
    executable = (base or real) / _executable().relative_to(real)
    # ast-grep is looked for beside the libraries, which sys.prefix names.
    program = f"import sys; sys.prefix = {str(venv)!r}; {boot(libraries(str(venv)), str(packages))}"
    command = (str(executable), "-s", "-S", "-P", "-B", "-c", program)
    return Layout((), command, tuple(sorted(environment.items())))


def _compile(folder: Path) -> None:
    """A jail cannot write bytecode; without any it would compile our modules again at every start."""
    if not sys.dont_write_bytecode:
        compileall.compile_dir(folder, quiet=2)


def _executable() -> Path:
    """Return the real interpreter behind the virtual environment's link."""
    path = Path(os.path.realpath(sys.executable))
    if not path.is_relative_to(Path(sys.base_prefix).resolve()):
        raise MissingPartError(f"the interpreter {path} lies outside its own installation {sys.base_prefix}")
    return path


def boot(libraries: Sequence[str], packages: str = PACKAGE) -> str:
    """Return the program that a worker starts with; `libraries` are folders to import from after our package.

    Import paths are set by hand: site would run whatever `.pth` files the libraries brought.
    """
    places = [packages, *libraries]
    return f"import sys; sys.path += {places!r}; from tracewright.jobs._worker.main import main; main()"


def package() -> Path:
    """Return the folder of our own package, with bytecode for what runs in jails."""
    folder = Path(__file__).parents[2]
    _compile(folder / "jobs")
    return folder


def libraries(venv: str = VENV) -> list[str]:
    """Return the folders of the libraries as they are seen in a jail that shows the environment at `venv`."""
    places: list[str] = []
    for name in ("purelib", "platlib"):
        place = Path(sysconfig.get_path(name))
        if place.is_relative_to(sys.prefix) and (shown := f"{venv}/{place.relative_to(sys.prefix)}") not in places:
            places.append(shown)
    return places
