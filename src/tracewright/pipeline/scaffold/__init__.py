"""Starts an environment of one's own: `units.py` beside this file, under a name of its own."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from tracewright import registry
from tracewright.errors import UsageError

STARTER = "units"
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


def write_environment(path: Path) -> None:
    """Write a one-file environment that is named after its file; raises UsageError rather than overwrite anything."""
    name = path.stem
    if path.suffix != ".py" or not NAME.fullmatch(name):
        raise UsageError(
            f"wanted a Python file named in small letters, digits and _, such as units.py, found {path.name!r}"
        )
    if name in registry.names("environments"):
        raise UsageError(f"an environment named {name!r} exists already; traces of the two could not be told apart")
    text = (files(__name__) / f"{STARTER}.py").read_text(encoding="utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace(f'"{STARTER}', f'"{name}'))
    except FileExistsError as error:
        raise UsageError(f"{path} exists already and is left as it is; choose another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; choose another folder") from error
